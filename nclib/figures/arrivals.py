"""Many starts, each followed to where it ends, and what is proved there."""

from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from nclib.arrival import arrival_share
from nclib.data import GaussianMixture, simplex_means
from nclib.figures import curves
from nclib.figures.record import Record, provenance
from nclib.metrics import nc_metrics
from nclib.minima import certify_minimum
from nclib.networks import collapsed_network
from nclib.sweep import sweep
from nclib.training import flow, minimise, train
from nclib.upfm import PENALTIES

KINDS = ("global", "spurious", "descent", "undecided")
# Time of the flow, epochs of SGD and its batch, before L-BFGS takes over.
FLOW_TIME, EPOCHS, BATCH = 20_000, 100_000, 128
# Iterations of a first phase, and rounds of drawing dead neurons again.
FIRST, ROUNDS = 200, 5
# Neurons with a smaller share of the largest product |h_j| |w_j| are dead.
_ALIVE = 1e-6


class Setting(NamedTuple):
    """What one start is drawn from, and how it is followed.

    Means are the corners of a simplex, two opposed ones for K = 2. ``scale``
    multiplies both layers of the start of `nclib.train`; ``way`` is one of
    `WAYS`.
    """

    n: int
    d: int
    sigma: float
    K: int = 2
    width: int = 50
    lambda_W: float = PENALTIES[0]
    lambda_H: float = PENALTIES[1]
    scale: float = 1.0
    way: str = "lbfgs"

    @property
    def penalties(self):
        """As keyword arguments."""
        return dict(lambda_W=self.lambda_W, lambda_H=self.lambda_H)

    def sample(self, rng):
        """Samples and labels."""
        means = simplex_means(self.K, self.d)
        return GaussianMixture(means, self.sigma).sample(self.n, rng)

    def start(self, rng):
        """Both layers, drawn like those of `nclib.train`."""
        a, b = self.d**-0.5, self.width**-0.5
        return (
            self.scale * rng.uniform(-a, a, (self.d, self.width)),
            self.scale * rng.uniform(-b, b, (self.width, self.K)),
        )


def alive(H, W):
    """Which neurons have a part in the network."""
    part = np.linalg.norm(H, axis=0) * np.linalg.norm(W, axis=1)
    return part > _ALIVE * part.max(initial=0.0)


def missing(H, W, y):
    """Pairs (neuron, sample of its class) without activity.

    A neuron's class is that of most of its activity; dead neurons have none.
    """
    H = H[:, alive(H, W)]
    sums = np.stack([H[y == k].sum(axis=0) for k in range(W.shape[1])])
    return int(((H == 0) & (y[:, None] == sums.argmax(axis=0))).sum())


def _lbfgs(X, y, init, penalties, rng):
    return minimise(X, y, init=init, **penalties)


def _flow(X, y, init, penalties, rng):
    net = flow(X, y, T=FLOW_TIME, init=init, **penalties).net
    return minimise(X, y, init=(net.W1, net.W), **penalties)


def _sgd(X, y, init, penalties, rng):
    seed = int(rng.integers(2**31))
    net = train(
        X,
        y,
        init=init,
        epochs=EPOCHS,
        batch_size=BATCH,
        seed=seed,
        **penalties,
    ).net
    return minimise(X, y, init=(net.W1, net.W), **penalties)


def _redrawn(X, y, init, penalties, rng):
    """Dead neurons are drawn again, five times over."""
    for _ in range(ROUNDS + 1):
        run = minimise(X, y, init=init, **penalties)
        W1, W = run.net.W1.copy(), run.net.W.copy()
        dead = ~alive(run.net.features(X), W)
        a, b = len(W1) ** -0.5, len(W) ** -0.5
        W1[:, dead] = rng.uniform(-a, a, (len(W1), dead.sum()))
        W[dead] = rng.uniform(-b, b, (dead.sum(), W.shape[1]))
        init = W1, W
    return run


def _whitened(X, y, init, penalties, rng):
    """First on samples made orthogonal, of their mean length."""
    left, sizes, right = np.linalg.svd(X, full_matrices=False)
    size = np.sqrt((sizes**2).mean())
    flat = size * left @ right
    net = minimise(flat, y, init=init, max_iterations=FIRST, **penalties).net
    # The same pre-activations on the samples themselves.
    W1 = right.T @ (size / sizes[:, None] * (right @ net.W1))
    return minimise(X, y, init=(W1, net.W), **penalties)


def _averaged(X, y, init, penalties, rng):
    """First on samples replaced by the mean of their class."""
    means = np.stack([X[y == k].mean(axis=0) for k in np.unique(y)])
    net = minimise(
        means[y], y, init=init, max_iterations=FIRST, **penalties
    ).net
    return minimise(X, y, init=(net.W1, net.W), **penalties)


def with_constant(X, factor):
    """The samples with one more coordinate, the same for all.

    Its square is ``factor`` times the mean squared length of a sample.
    """
    size = np.sqrt(factor * (X**2).sum(axis=1).mean())
    return np.column_stack([X, np.full(len(X), size)])


def _near_collapse(share):
    """From a collapsed network, off by this share of its length."""

    def follow(X, y, init, penalties, rng):
        net = collapsed_network(X, y, width=len(init[1]), **penalties)

        def off(M):
            Z = rng.standard_normal(M.shape)
            return M + share * np.linalg.norm(M) / np.linalg.norm(Z) * Z

        return minimise(X, y, init=(off(net.W1), off(net.W)), **penalties)

    return follow


#: How a start is followed: ``follow(X, y, init, penalties, rng)``. Those named
#: after a constant add one to the samples first.
WAYS = {
    "lbfgs": _lbfgs,
    "flow": _flow,
    "sgd": _sgd,
    "redrawn": _redrawn,
    "whitened": _whitened,
    "averaged": _averaged,
    "near 0.3": _near_collapse(0.3),
    "near 1": _near_collapse(1.0),
    "near 3": _near_collapse(3.0),
    "constant 0.5": _lbfgs,
    "constant 5": _lbfgs,
}


def follow(setting, seed):
    """One draw of data and start, where it ends, and what that is.

    Parameters
    ----------
    setting : Setting
    seed : int or SeedSequence

    Returns
    -------
    X, y
        The data.
    run : TrainingRun
    found : nclib.Minimum
    """
    rng = np.random.default_rng(seed)
    X, y = setting.sample(rng)
    if setting.way.startswith("constant"):
        X = with_constant(X, float(setting.way.split()[1]))
        setting = setting._replace(d=X.shape[1])
    init = setting.start(rng)
    run = WAYS[setting.way](X, y, init, setting.penalties, rng)
    found = certify_minimum(run.net, X, y, **setting.penalties)
    return X, y, run, found


def side_by_side(X, y, W1, W, lambda_W, lambda_H, step, steps):
    """Gradient descent on (2.4) from many starts at once.

    Parameters
    ----------
    X : (N, d) array
    y : (N,) array of int
        The classes, counted from 0.
    W1 : (starts, d, D) array
    W : (starts, D, K) array
    lambda_W, lambda_H : float
        Penalties of the cross-entropy.
    step : float
    steps : int

    Returns
    -------
    W1, W : arrays
        The ends.
    risk : (starts,) array

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.figures.arrivals import side_by_side
    >>> starts = np.ones((3, 2, 1)), np.ones((3, 1, 2))
    >>> X, y = np.eye(2), np.arange(2)
    >>> _, _, risk = side_by_side(X, y, *starts, 1, 1, step=0.1, steps=99)
    >>> np.allclose(risk, np.log(2), atol=1e-3)
    True
    """
    Y = np.eye(W.shape[2])[y]
    for t in range(steps + 1):
        H = np.maximum(X @ W1, 0)
        logits = H @ W
        logits -= logits.max(axis=2, keepdims=True)
        powers = np.exp(logits)
        total = powers.sum(axis=2, keepdims=True)
        if t < steps:
            G = (powers / total - Y) / len(y)
            GH = (G @ W.swapaxes(1, 2) + lambda_H * H) * (H > 0)
            GW = H.swapaxes(1, 2) @ G + lambda_W * W
            W1, W = W1 - step * (X.T @ GH), W - step * GW
    fit = (np.log(total) - (logits * Y).sum(axis=2, keepdims=True)).mean(
        (1, 2)
    )
    return (
        W1,
        W,
        fit
        + (lambda_W * (W**2).sum((1, 2)) + lambda_H * (H**2).sum((1, 2))) / 2,
    )


def _arrive(*arguments):
    *setting, seed = arguments
    started = perf_counter()
    X, y, run, found = follow(Setting(*setting), seed)
    H, W = found.net.features(X), found.net.W
    return [
        KINDS.index(found.kind),
        run.gap,
        found.gap,
        found.radius,
        nc_metrics(H, W, y).nc1,
        alive(H, W).sum(),
        missing(H, W, y),
        perf_counter() - started,
    ]


COLUMNS = np.dtype(
    [
        ("n", np.int32),
        ("d", np.int32),
        ("sigma", np.float64),
        ("K", np.int32),
        ("width", np.int32),
        ("lambda_W", np.float64),
        ("lambda_H", np.float64),
        ("scale", np.float64),
        ("way", "U12"),
        # What `_arrive` measures.
        ("kind", np.int8),
        ("gap", np.float64),
        ("bound", np.float64),
        ("radius", np.float64),
        ("nc1", np.float64),
        ("neurons", np.int32),
        ("missing", np.int32),
        ("seconds", np.float64),
    ]
)


@dataclass(frozen=True)
class Arrivals(Record):
    """Where many starts ended.

    Attributes
    ----------
    runs : structured array
        One row a start: the `Setting`; kind (index in `KINDS`), gap (as
        trained), bound (the proved one of `nclib.Minimum`), radius, nc1,
        neurons (alive), missing (see `missing`), seconds.
    provenance : dict
    """

    runs: np.ndarray
    provenance: dict

    def at(self, **wanted):
        """The rows whose setting is as wanted, by default as in `Setting`."""
        standard = Setting(0, 0, 0.0)._asdict()
        for name in ("n", "d", "sigma"):
            del standard[name]
        rows = self.runs
        for name, value in {**standard, **wanted}.items():
            rows = rows[rows[name] == value]
        return rows

    def share(self, least=1, **wanted):
        """Noise levels, shares of global ends, and their standard errors.

        Of the decided ones, where there are at least so many; errors are those
        of a binomial share with one success and one failure more.
        """
        rows = self.at(**wanted)
        rows = rows[rows["kind"] < KINDS.index("undecided")]
        sigma = [
            s
            for s in np.unique(rows["sigma"])
            if (rows["sigma"] == s).sum() >= least
        ]
        count = np.array([(rows["sigma"] == s).sum() for s in sigma])
        yes = np.array(
            [((rows["sigma"] == s) & (rows["kind"] == 0)).sum() for s in sigma]
        )
        smooth = (yes + 1) / (count + 2)
        error = np.sqrt(smooth * (1 - smooth) / (count + 3))
        return np.array(sigma), yes / count, error

    def again(self, i):
        """Follow start ``i`` once more: what `follow` returns."""
        setting = Setting(*self.runs[i].tolist()[: len(Setting._fields)])
        seed = self.provenance["seed"]
        child = np.random.SeedSequence(seed, spawn_key=(i,))
        return follow(setting, child)


def predicted(rows, **changes):
    """The share that `nclib.arrival_share` predicts, row by row."""
    names = [name for name in Setting._fields if name != "way"]
    cells, place = np.unique(rows[names], return_inverse=True)
    settings = (dict(zip(names, c.item(), strict=True)) for c in cells)
    return np.array([arrival_share(**(s | changes)) for s in settings])[place]


def fitted_pull(rows):
    """The constant of `nclib.arrival_share` of largest likelihood.

    Of the rows that are global or not, each a coin with that chance.
    """
    rows = rows[rows["kind"] < KINDS.index("undecided")]

    def surprise(log_pull):
        p = predicted(rows, pull=float(np.exp(log_pull)))
        p = np.clip(np.where(rows["kind"] == 0, p, 1 - p), 1e-3, 1)
        return -np.log(p).sum()

    found = minimize_scalar(surprise, bounds=np.log((1, 30)), method="bounded")
    return float(np.exp(found.x))


def half(rows):
    """The noise level at which half the starts arrive, and its error.

    A logistic curve in log sigma, of largest likelihood; the error is that of
    the information matrix.
    """
    rows = rows[rows["kind"] < KINDS.index("undecided")]
    x, yes = np.log(rows["sigma"]), rows["kind"] == 0
    middle = x.mean()

    def surprise(v):
        a, b = v
        z = np.where(yes, 1, -1) * (a - np.exp(b) * (x - middle))
        # A weak prior keeps the slope finite where one level parts them.
        return np.logaddexp(0, -z).sum() + 0.01 * (b - 2) ** 2

    found = minimize(surprise, [0.0, 2.0], method="BFGS")
    a, b = found.x
    place = middle + a * np.exp(-b)
    slope = np.array([np.exp(-b), -a * np.exp(-b)])
    error = np.sqrt(slope @ found.hess_inv @ slope)
    return float(np.exp(place)), float(np.exp(place) * error)


def run(settings, seed=0, n_jobs=None, title="Starts", **own):
    """Follow one start for each setting.

    Parameters
    ----------
    settings : sequence of Setting
    seed : int
    n_jobs : int, optional
    title : str
    **own
        Into the provenance.

    Returns
    -------
    Arrivals
    """
    started = perf_counter()
    settings = [Setting(*setting) for setting in settings]
    found = sweep(_arrive, [tuple(s) for s in settings], seed, n_jobs, title)
    rows = [
        (*setting, *row) for setting, row in zip(settings, found, strict=True)
    ]
    return Arrivals(
        runs=np.array(rows, dtype=COLUMNS),
        provenance=provenance(started, seed=seed, **own),
    )


# Steps of about a fifth; five of the paper's six levels are among them.
SIGMAS = (0.18, 0.21, 0.25, 0.3, 0.36, 0.43, 0.53, 0.64, 0.8, 1.07)
RATIOS = (1.5, 2.0, 3.0, 4.0, 6.0)
# Starts of each cell, by n, between two noise levels, then outside of them.
_STARTS = {
    20: (12, 0.3, 1.07, 2),
    40: (8, 0.25, 0.8, 1),
    60: (6, 0.21, 0.64, 1),
    80: (6, 0.21, 0.64, 1),
    150: (5, 0.21, 0.53, 1),
    300: (5, 0.21, 0.43, 1),
}
# What the law is fitted to; the other sizes test it.
FITTED = (20, 40, 80)


def sizes(n):
    """The settings of one size: noise levels and dimensions.

    Dependent samples, d < 2n, seldom give a proof; large ones have few
    starts.
    """
    starts, low, high, outside = _STARTS[n]
    few = n >= 80
    return [
        Setting(n, round(ratio * n), sigma)
        for ratio in RATIOS
        for sigma in SIGMAS
        for _ in range(
            outside
            if not low <= sigma <= high
            else 2
            if few and ratio < 2
            else starts
        )
    ]


def around(starts, **changes):
    """One thing changed, at n = 40 and d = 3 n, over the noise."""
    base = Setting(40, 120, 0.0)
    return [
        base._replace(sigma=sigma, **changes)
        for sigma in SIGMAS[2:]
        for _ in range(starts)
    ]


def factors():
    """What is changed one by one, for the law."""
    changed = [
        {},
        *(dict(width=D) for D in (10, 20, 200)),
        *(dict(lambda_W=x) for x in (1e-4, 1e-2)),
        *(dict(lambda_H=x) for x in (1e-7, 1e-5)),
        *(dict(scale=x) for x in (0.1, 3.0, 10.0)),
        *(dict(K=K) for K in (3, 4)),
    ]
    return [s for change in changed for s in around(8, **change)]


def ways():
    """How it is followed: methods, and remedies."""
    methods = [
        Setting(20, ratio * 20, sigma, way=way)
        for way in ("lbfgs", "flow", "sgd")
        for ratio in (2, 3, 4)
        for sigma in (0.36, 0.43, 0.53, 0.64, 0.8)
        for _ in range(8)
    ]
    remedies = [
        s
        for way in (
            "redrawn",
            "whitened",
            "averaged",
            "near 0.3",
            "near 1",
            "near 3",
        )
        for s in around(8, way=way)
    ]
    return methods + remedies


def constants():
    """The same remedies' table: samples with one more coordinate."""
    return [
        s for way in ("constant 0.5", "constant 5") for s in around(8, way=way)
    ]


def everything():
    """All settings of the record, in its order."""
    return [
        *sizes(20),
        *ways(),
        *factors(),
        *(s for n in (40, 80, 60, 150, 300) for s in sizes(n)),
        *constants(),
    ]


@dataclass(frozen=True)
class Feet(Record):
    """Where nets of Figures 3 to 5 come to rest, followed by L-BFGS.

    Those of the two lower noise levels.

    Attributes
    ----------
    sigma, ratio : (nets,) arrays
    before, gap : (nets,) arrays
        Above the floor, after the time of 1e5 epochs of the flow, and at
        rest.
    gradient : (nets,) array
    provenance : dict
    """

    sigma: np.ndarray
    ratio: np.ndarray
    before: np.ndarray
    gap: np.ndarray
    gradient: np.ndarray
    provenance: dict


def _foot(ratio, sigma, n, T, width, seed):
    X, y, start = curves.data(ratio, sigma, n, seed)
    plateau = flow(X, y, T=T, width=width, seed=start)
    rest = minimise(X, y, init=(plateau.net.W1, plateau.net.W))
    return [plateau.gap, rest.gap, rest.gradient_norm]


def feet(n_jobs=None):
    """Follow the nets of Figures 3 to 5 to rest, at two noise levels.

    Returns
    -------
    Feet
    """
    started = perf_counter()
    n, T = 300, curves.flow_time(100_000, 300)
    # First in the grid, so that they keep their seeds.
    cells = [(s, r) for s in curves.SIGMAS[:2] for r in curves.RATIOS]
    tasks = [(r, s, n, T, curves.WIDTH) for s, r in cells]
    found = np.array(sweep(_foot, tasks, 0, n_jobs, "Figures 3-5, at rest"))
    return Feet(
        np.array([s for s, _ in cells]),
        np.array([r for _, r in cells]),
        *found.T,
        provenance(started, seed=0, command="nclib.figures.arrivals.feet()"),
    )
