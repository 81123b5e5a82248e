"""L-BFGS: where training would end, a stationary point of the risk."""

import numpy as np
from scipy.optimize import minimize

from nclib._checks import check_integer, check_real
from nclib._extras import load
from nclib.training.gram import Problem, log_spaced, one_thread, progress_bar
from nclib.upfm import PENALTIES

# Pairs of vectors kept, and starts before it counts as stuck.
_MEMORY, _RESTARTS = 20, 10


def minimise(
    X,
    y,
    *,
    width=50,
    loss="ce",
    lambda_W=PENALTIES[0],
    lambda_H=PENALTIES[1],
    first_layer=None,
    init=None,
    seed=0,
    tol=1e-9,
    max_iterations=20000,
    device="cpu",
    progress=False,
):
    r"""Descend to a stationary point of the risk (2.4) or (2.5) by L-BFGS.

    The variables are W and C in :math:`Z = Z_0 + C\,\Lambda^{1/4}U^\top`,
    where :math:`G=U\Lambda U^\top`: between W1 itself
    (:math:`\Lambda^{1/2}`) and the pre-activations (no power), where the
    condition of the data matters less.

    Parameters
    ----------
    X : (N, d) array
        Samples.
    y : (N,) array of integers or strings
        Labels of K classes.
    width, loss, lambda_W, lambda_H, first_layer, init, device, progress
        As for `train`.
    seed : int
        Gives the same start as in `train`.
    tol : float
        Largest entry of the gradient in (C, W) to stop at.
    max_iterations : int

    Returns
    -------
    TrainingRun
        ``history["epoch"]`` counts iterations, ``time`` is NaN. ``status``
        is "completed" (``tol`` was reached), "interrupted", or starts with
        "stopped".

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Notes
    -----
    The risk is piecewise smooth, and L-BFGS can end at a kink; it is then
    started again from there, a few times. A stationary point with a gap
    that is not zero is no global minimum where a collapsed network exists.
    The eigendecomposition costs O(N^3) once, an evaluation
    4 D N min(N, d), both on one thread. At a stationary point
    :math:`\lambda_W\|W\|_F^2=\lambda_H\|H\|_F^2`. Beyond the paper.

    Examples
    --------
    >>> import nclib
    >>> X, y = nclib.GaussianMixture(nclib.simplex_means(2, 60), 0.3).sample(
    ...     20, seed=0
    ... )
    >>> run = nclib.minimise(X, y, width=8)
    >>> run.gradient_norm < 1e-6
    True
    """
    torch = load("torch", "nclib.minimise")
    tol = check_real("tol", tol, 0.0, exclusive=True)
    max_iterations = check_integer("max_iterations", max_iterations, 1)
    with torch.inference_mode(), one_thread():
        problem = Problem(
            X,
            y,
            width=width,
            loss=loss,
            lambda_W=lambda_W,
            lambda_H=lambda_H,
            first_layer=first_layer,
            init=init,
            seed=seed,
            dtype="float64",
            device=device,
        )
        rows = [problem.first_row(np.nan)]
        geometry = _Geometry(problem)
        records = set(log_spaced(max_iterations))
        best = np.zeros(geometry.size)
        best[-problem.V.numel() :] = problem.V.cpu().numpy().ravel()
        iterations = 0
        bar = progress_bar(progress, max_iterations, 0)

        def record(point):
            nonlocal iterations, best
            iterations += 1
            best = point.copy()
            bar.update()
            if iterations in records:
                rows.append(
                    problem.row(iterations, np.nan, *geometry.state(point))
                )

        status = None
        try:
            risk = np.inf
            for _ in range(_RESTARTS):
                result = minimize(
                    geometry.value,
                    best,
                    jac=True,
                    method="L-BFGS-B",
                    callback=record,
                    options=dict(
                        maxcor=_MEMORY,
                        ftol=0.0,
                        gtol=tol,
                        maxls=40,
                        maxiter=max_iterations - iterations,
                        maxfun=10 * max_iterations,
                    ),
                )
                best = result.x
                largest = np.abs(result.jac).max()
                if largest <= tol:
                    status = "completed"
                    break
                if iterations >= max_iterations or not result.fun < risk:
                    break
                risk = result.fun
            if status is None:
                status = (
                    f"stopped after {iterations} iterations: the largest "
                    f"entry of the gradient is {largest:.1e}, above tol = "
                    f"{tol:g}"
                )
        except KeyboardInterrupt:
            status = "interrupted"
        finally:
            bar.close()
        state = geometry.state(best)
        if rows[-1][0] == iterations and iterations:
            rows.pop()
        rows.append(problem.row(iterations, np.nan, *state))
        return problem.finish(rows, *state, status)


class _Geometry:
    """The variables (C, W) of `minimise` as one vector."""

    def __init__(self, problem):
        import torch

        self.problem = problem
        if problem.gram:
            values, vectors = torch.linalg.eigh(problem.G)
            kept = values > problem.N * 2.3e-16 * values[-1]
            values, vectors = values[kept], vectors[:, kept]
            self.to_Z = (vectors * values**0.25).t()
            self.to_S = (vectors * values**-0.75).t()
        else:
            left, values, right = torch.linalg.svd(
                problem.features, full_matrices=False
            )
            kept = values > problem.N * 2.3e-16 * values[0]
            values = values[kept]
            self.to_Z = (left[:, kept] * values.sqrt()).t()
            self.to_S = right[kept] / values.sqrt()[:, None]
        self.Z0 = problem.preactivations(problem.S)
        self.shape = problem.D, len(values)
        self.size = problem.D * len(values) + problem.V.numel()

    def _split(self, point):
        import torch

        point = torch.tensor(point, device=self.problem.V.device)
        cut = self.shape[0] * self.shape[1]
        V = point[cut:].reshape(self.problem.V.shape)
        return point[:cut].reshape(self.shape), V

    def value(self, point):
        """Risk and gradient, for SciPy."""
        C, V = self._split(point)
        Z = self.Z0 + C @ self.to_Z
        risk, GZ, GV = self.problem.gradient(Z, V)
        gradient = [(GZ @ self.to_Z.t()).ravel(), GV.ravel()]
        return risk, np.concatenate([g.cpu().numpy() for g in gradient])

    def state(self, point):
        """The problem's state S and V."""
        C, V = self._split(point)
        return self.problem.S + C @ self.to_S, V
