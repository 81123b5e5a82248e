"""Gradient flow: what SGD follows as its steps tend to 0."""

import numpy as np

from nclib._checks import check_real
from nclib._extras import load
from nclib.training.gram import Problem, one_thread, progress_bar
from nclib.upfm import PENALTIES

# Step factors of the controller, and the step below which it gives up.
_SHRINK, _GROW, _SAFETY = 0.2, 3.0, 0.9
_SMALLEST = 1e-13


def flow(
    X,
    y,
    *,
    T,
    width=50,
    loss="ce",
    lambda_W=PENALTIES[0],
    lambda_H=PENALTIES[1],
    first_layer=None,
    init=None,
    seed=0,
    rtol=3e-3,
    device="cpu",
    progress=False,
):
    r"""Follow the gradient flow of the risk (2.4) or (2.5) up to time T.

    .. math:: \frac{d(W_1, W)}{dt} = -\nabla R_N(W, W_1),

    by Heun's method with adaptive steps. `train` with small steps follows
    it in the time :math:`T=\sum_t\eta_t`, which for E epochs with the
    schedule of `train` is 0.37 lr E ceil(N / B); the column ``time`` of
    both histories is this T.

    Parameters
    ----------
    X : (N, d) array
        Samples.
    y : (N,) array of integers or strings
        Labels of K classes.
    T : float
        End, greater than zero.
    width, loss, lambda_W, lambda_H, first_layer, init, device, progress
        As for `train`.
    seed : int
        Gives the same start as in `train`.
    rtol : float
        Error allowed in a step, relative to the norms of the
        pre-activations and of W.

    Returns
    -------
    TrainingRun
        ``history["epoch"]`` counts accepted steps. ``status`` is
        "completed", "interrupted", or starts with "diverged" or "stalled".

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Notes
    -----
    One evaluation costs 2 D N min(N, 2 d) operations, on one thread. Beyond
    the paper; that SGD at lr = 0.1 with two layers follows it is numerical
    only (NC1 within about 5 %). With three layers SGD at lr = 0.1 is close to
    the edge of stability, and the flow gains little.

    Examples
    --------
    >>> import nclib
    >>> X, y = nclib.GaussianMixture(nclib.simplex_means(2, 40), 0.3).sample(
    ...     20, seed=0
    ... )
    >>> run = nclib.flow(X, y, T=50, width=8)
    >>> run.status, bool(run.history["risk"][-1] < run.history["risk"][0])
    ('completed', True)
    """
    torch = load("torch", "nclib.flow")
    T = check_real("T", T, 0.0, exclusive=True)
    rtol = check_real("rtol", rtol, 0.0, exclusive=True)
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
        state = _State(problem)
        rows = [problem.first_row()]
        kept = state.S, state.V
        steps, time, h = 0, 0.0, min(0.1, T)
        targets = _log_times(T)
        status = "completed"
        bar = progress_bar(progress, round(T, 3), 0)
        try:
            while time < T:
                h = min(h, T - time)
                error = state.attempt(h, rtol)
                if error <= 1:
                    state.accept(h)
                    steps += 1
                    # Set exactly: rounding must not leave a last step of
                    # almost nothing.
                    time = T if h == T - time else time + h
                    bar.update(h)
                    if time >= targets[0] or time == T:
                        row = problem.row(steps, time, state.S, state.V)
                        if row is None:
                            status = f"diverged at time {time:g}"
                            break
                        rows.append(row)
                        kept = state.S, state.V
                        targets = [t for t in targets if t > time] or [T]
                factor = _SAFETY * error**-0.5 if error > 0 else _GROW
                if not np.isfinite(error):
                    factor = _SHRINK
                h *= min(_GROW, max(_SHRINK, factor))
                if h < _SMALLEST * T:
                    status = (
                        f"stalled at time {time:g}: the step fell below "
                        f"{_SMALLEST * T:g}; a larger rtol may pass"
                    )
                    break
        except KeyboardInterrupt:
            status = "interrupted"
            row = problem.row(steps, time, state.S, state.V)
            if row is not None:
                rows.append(row)
                kept = state.S, state.V
        finally:
            bar.close()
        return problem.finish(rows, *kept, status)


class _State:
    """A point of the flow with its velocity, and Heun's step from it."""

    def __init__(self, problem):
        self.problem = problem
        self.S, self.V = problem.S, problem.V
        self.Z = problem.preactivations(self.S)
        self._velocity = self._evaluate(self.Z, self.V)

    def _evaluate(self, Z, V):
        _, GZ, GV = self.problem.gradient(Z, V)
        pulled = self.problem.pull(GZ)
        return pulled, self.problem.push(pulled), GV

    def attempt(self, h, rtol):
        """Prepare a step; return its error relative to ``rtol``."""
        _, dZ, dV = self._velocity
        ahead = self._evaluate(self.Z - h * dZ, self.V - h * dV)
        self._ahead = ahead
        return max(
            float((new - old).norm() / state.norm()) * h / (2 * rtol)
            if float(state.norm()) > 0
            else 0.0
            for new, old, state in (
                (ahead[1], dZ, self.Z),
                (ahead[2], dV, self.V),
            )
        )

    def accept(self, h):
        """Take the step that was prepared."""
        mean = [
            (old + new) / 2
            for old, new in zip(self._velocity, self._ahead, strict=True)
        ]
        self.S = self.S - h * mean[0]
        self.Z = self.Z - h * mean[1]
        self.V = self.V - h * mean[2]
        self._velocity = self._evaluate(self.Z, self.V)


def _log_times(T):
    # Six decades: the first steps are about 0.1, T is at most about 1e5.
    return np.geomspace(min(0.1, T), T, 121).tolist()
