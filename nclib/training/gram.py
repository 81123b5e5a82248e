r"""Shallow networks in Gram space: what the trainers share.

The first trained layer is not penalized, only the features are. So a
gradient step moves it inside the span of the samples, and the
pre-activations Z = W1^T Phi^T (D, N), where Phi are the inputs (two layers)
or the frozen ReLU features (three layers), obey

.. math:: Z \leftarrow Z - \eta\,\frac{\partial R}{\partial Z}\,G,
    \qquad G = \Phi\Phi^\top,

exactly, for full batches and for minibatches. Beyond the paper; proved (the
chain rule). With D neurons and N samples an epoch costs 2 D N^2 operations
whatever the number of features, against 4 D N dim for two products with Phi,
so G is used where Phi has more than N / 2 columns.

Inside `nclib.training` matrices are stored one sample a
column, as in the paper: small products are faster that way.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

import numpy as np
from threadpoolctl import threadpool_limits

from nclib._checks import (
    check_choice,
    check_device,
    check_first_layer,
    check_integer,
    check_matrix,
    check_problem,
    check_Xy,
)
from nclib.metrics import trusted_metrics
from nclib.networks import ShallowNet
from nclib.upfm import upfm_minimizer

# Columns of ReLU features formed at a time: the memory beside the Gram
# matrix stays at N times this, however wide the first layer.
_BLOCK = 1024
# Records per decade of epochs or iterations.
_PER_DECADE = 20

COLUMNS = np.dtype(
    [("epoch", np.int64)]
    + [
        (name, np.float64)
        for name in (
            "time",
            "risk",
            "gap",
            "nc1",
            "nc2_features",
            "nc2_weights",
            "nc3",
        )
    ]
)


@dataclass(frozen=True)
class TrainingRun:
    r"""A trained network and how it came about.

    Attributes
    ----------
    history : structured array
        One row a record, columns by name (``run.history["nc1"]``): epoch
        (accepted steps for `flow`, iterations for `minimise`), time (the sum
        of the step sizes so far; NaN for `minimise`), risk (2.4) or (2.5),
        gap (risk minus the minimum of Theorem 2, which bounds the risk of
        every network from below; NaN where classes differ in size), and the
        metrics (3.2), (3.3): nc1, nc2_features, nc2_weights, nc3.
    net : ShallowNet
        The network of the last row of ``history``.
    status : str
        "completed", or why it ended before.
    gap : float
        Of the last row. A small gradient beside a gap that is not small is
        no global minimum where a collapsed network exists.
    gradient_norm : float
        Euclidean norm of the gradient in (W1, W) of the full risk at
        ``net``.
    dead_neurons, dead_samples : int
        Neurons that are zero on every sample; samples on which every neuron
        is zero.
    seconds : float
        Wall time, of all sittings of a run that was resumed.
    """

    history: np.ndarray
    net: ShallowNet
    status: str
    gap: float
    gradient_norm: float
    dead_neurons: int
    dead_samples: int
    seconds: float


class Problem:
    """The risk (2.4) or (2.5), its gradient and a start, as tensors.

    The state of the first trained layer is ``S``: in Gram space the (D, N)
    coefficients in W1 = W1(0) + Phi^T S^T, otherwise W1^T itself.
    """

    def __init__(
        self,
        X,
        y,
        *,
        width,
        loss,
        lambda_W,
        lambda_H,
        first_layer,
        init,
        seed,
        dtype,
        device,
    ):
        import torch

        self.started = monotonic()
        self.X, codes, self.classes = check_Xy(X, y)
        self.y = codes
        self.N, self.K = len(codes), len(self.classes)
        self.lambda_W, self.lambda_H = check_problem(
            lambda_W, lambda_H, loss, exclusive=False
        )
        self.loss = loss
        self.seed = check_integer("seed", seed, 0)
        check_choice("dtype", dtype, ("float32", "float64"))
        self.dtype = getattr(torch, dtype)
        self.device = check_device(device)
        self.first_layer = check_first_layer(first_layer, self.X.shape[1])
        source = self.X if first_layer is None else self.first_layer
        self.dim = source.shape[1]
        self.W1, self.W = self._start(width, init)
        self.D = self.W.shape[0]
        self.V = self.tensor(self.W.T)
        self.Y = self.tensor(np.eye(self.K)[:, codes])
        self.bound = self._bound()
        self.gram = 2 * self.dim > self.N
        if self.gram:
            self.G = torch.zeros(
                self.N, self.N, dtype=self.dtype, device=self.device
            )
            self.Z0 = torch.zeros(
                self.D, self.N, dtype=self.dtype, device=self.device
            )
            for columns, block in self._feature_blocks(self.dtype):
                self.G.addmm_(block, block.t())
                self.Z0.addmm_(self.tensor(self.W1[columns].T), block.t())
            self.S = torch.zeros_like(self.Z0)
        else:
            self.features = torch.cat(
                [block for _, block in self._feature_blocks(self.dtype)], 1
            )
            self.S = self.tensor(self.W1.T)

    def tensor(self, array):
        """Copy an array to the training dtype and device."""
        import torch

        # A copy by torch, so that alignment, on which the last bit of a
        # product can depend, is the same in every run.
        return torch.tensor(
            np.ascontiguousarray(array), dtype=self.dtype, device=self.device
        )

    def _start(self, width, init):
        if init is None:
            D = check_integer("width", width, 1)
            rng = np.random.default_rng(
                np.random.SeedSequence(self.seed, spawn_key=(0,))
            )
            a, b = self.dim**-0.5, D**-0.5
            return (
                rng.uniform(-a, a, (self.dim, D)),
                rng.uniform(-b, b, (D, self.K)),
            )
        try:
            W1, W = init
        except (TypeError, ValueError):
            raise TypeError(
                f"init must be a pair (W1, W), got {type(init).__name__}"
            ) from None
        W1, W = check_matrix("init[0]", W1), check_matrix("init[1]", W)
        if W1.shape[0] != self.dim or W.shape != (W1.shape[1], self.K):
            raise ValueError(
                f"init must be (W1, W) of shapes ({self.dim}, D) and "
                f"(D, {self.K}), got {W1.shape} and {W.shape}"
            )
        return W1, W

    def _bound(self):
        counts = np.bincount(self.y)
        if self.lambda_W == 0 or self.lambda_H == 0:
            return 0.0
        if (counts != counts[0]).any():
            return np.nan
        return upfm_minimizer(
            self.K, int(counts[0]), self.lambda_W, self.lambda_H, self.loss
        ).risk

    def _feature_blocks(self, dtype):
        import torch

        X = torch.tensor(self.X, dtype=dtype, device=self.device)
        for start in range(0, self.dim, _BLOCK):
            columns = slice(start, min(start + _BLOCK, self.dim))
            if self.first_layer is None:
                yield columns, X[:, columns]
            else:
                layer = torch.tensor(
                    self.first_layer[:, columns],
                    dtype=dtype,
                    device=self.device,
                )
                yield columns, torch.relu_(X @ layer)

    def pull(self, GZ):
        """Bring a gradient in Z to one in the state S."""
        return GZ if self.gram else GZ @ self.features

    def push(self, S):
        """The change of Z under a change of the state."""
        return S @ (self.G if self.gram else self.features.t())

    def preactivations(self, S):
        """Z (D, N) at the state ``S``."""
        return self.Z0 + self.push(S) if self.gram else self.push(S)

    def first_weights(self, S):
        """W1 (dim, D) in float64 at the state ``S``."""
        import torch

        if not self.gram:
            return S.t().double().cpu().numpy()
        W1 = self.W1.copy()
        for columns, block in self._feature_blocks(torch.float64):
            W1[columns] += (block.t() @ S.t().double()).cpu().numpy()
        return W1

    def gradient(self, Z, V):
        """Risk (a float), its gradients in Z (D, N) and V = W^T (K, D)."""
        import torch

        H = Z.clamp_min(0)
        logits = V @ H
        Y = self.Y.to(Z.dtype)
        if self.loss == "ce":
            log_p = torch.log_softmax(logits, 0)
            fit = -(Y * log_p).sum() / self.N
            residual = (log_p.exp() - Y) / self.N
        else:
            residual = (logits - Y) / self.N
            fit = residual.square().sum() * (self.N / 2)
        risk = (
            fit
            + self.lambda_W / 2 * V.square().sum()
            + self.lambda_H / 2 * H.square().sum()
        )
        GZ = torch.addmm(H, V.t(), residual, beta=self.lambda_H)
        GZ *= Z > 0
        GV = torch.addmm(V, residual, H.t(), beta=self.lambda_W)
        return float(risk), GZ, GV

    def row(self, epoch, time, S, V):
        """A row of the history, or None where the state is not finite."""
        Z = self.preactivations(S)
        risk = self.gradient(Z.double(), V.double())[0]
        if not np.isfinite(risk):
            return None
        H = Z.clamp_min(0).t().cpu().numpy()
        W = V.t().double().cpu().numpy()
        metrics, _, _ = trusted_metrics(H, W, self.y)
        return (epoch, time, risk, risk - self.bound, *metrics)

    def first_row(self, time=0.0):
        """The row of the start; ValueError where it is not finite."""
        data = self.G if self.gram else self.features
        row = self.row(0, time, self.S, self.V)
        if row is None or not bool(data.isfinite().all()):
            raise ValueError(
                "init must have a finite risk, and X finite inner products, "
                f"got what overflows {self.dtype}; divide X by a number"
            )
        return row

    def finish(self, rows, S, V, status):
        """The `TrainingRun` of a state whose row is the last of ``rows``."""
        history = np.array(rows, dtype=COLUMNS)
        Z = self.preactivations(S)
        _, GZ, GV = self.gradient(Z, V)
        pulled = self.pull(GZ)
        square = (GZ * self.push(pulled)).sum() + GV.square().sum()
        active = Z > 0
        return TrainingRun(
            history=history,
            net=ShallowNet(
                self.first_weights(S),
                V.t().double().cpu().numpy(),
                first_layer=self.first_layer,
            ),
            status=status,
            gap=float(history["gap"][-1]),
            gradient_norm=float(square.clamp_min(0).sqrt()),
            dead_neurons=int((~active.any(1)).sum()),
            dead_samples=int((~active.any(0)).sum()),
            seconds=monotonic() - self.started,
        )


@contextmanager
def torch_threads(count=None):
    """Put the number of PyTorch's threads back; ``count`` of them inside.

    The bits of a run depend on it, and small nets are fastest with one.
    """
    import torch

    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def one_thread():
    """One thread for PyTorch, BLAS and OpenMP inside.

    Small products wait for a second thread longer than they take, and the
    result is the same on every number of cores.
    """
    with torch_threads(1), threadpool_limits(1):
        yield


def log_spaced(last):
    """Log-spaced whole numbers from 1 to ``last``.

    All but the last lie on one grid, so that runs of different lengths can
    be compared row by row.
    """
    exponents = np.arange(np.log10(last) * _PER_DECADE) / _PER_DECADE
    return np.unique(np.rint([*10**exponents, last]).astype(int)).tolist()


def progress_bar(progress, total, done):
    """A tqdm bar; silent unless ``progress``."""
    from tqdm import tqdm

    return tqdm(
        total=total, initial=done, disable=not progress, mininterval=0.5
    )
