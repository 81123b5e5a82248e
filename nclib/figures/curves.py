"""What Figures 3, 4 and 5 share: two-layer nets over a grid of (sigma, d)."""

from dataclasses import dataclass
from functools import cache
from time import perf_counter

import numpy as np

from nclib._checks import check_choice, check_integer
from nclib.data import GaussianMixture, two_cluster_means
from nclib.figures import chosen_scale, style
from nclib.figures.record import Record, provenance, recompute
from nclib.figures.style import NAMES
from nclib.networks import collapsed_network
from nclib.relaxation import gap_terms
from nclib.sweep import sweep
from nclib.training import flow, minimise, train
from nclib.training.gram import torch_threads
from nclib.upfm import PENALTIES, upfm_minimizer

RATIOS = (1.1, 1.3, 1.5, 2.0, 3.0, 4.0)
SIGMAS = (0.18, 0.36, 0.53, 0.8, 1.07, 1.42)
LOW, HIGH = SIGMAS[0], SIGMAS[-1]
# Not stated in the paper; the training chapter shows what they change.
WIDTH, BATCH = 50, 128
# Epochs and net by net (sigma, ratio), by the number of samples of a class.
_GRIDS = {
    40: (2_000, [(s, r) for s in (0.18, 1.42) for r in (1.5, 4.0)]),
    300: (100_000, [(s, r) for s in SIGMAS for r in RATIOS]),
}


def data(ratio, sigma, n, seed):
    """The samples and the trainer's seed of one net of the grid."""
    draws, start = seed.spawn(2)
    means = two_cluster_means(round(ratio * n), np.pi)
    X, y = GaussianMixture(means, sigma).sample(n, draws)
    return X, y, int(start.generate_state(1)[0])


def flow_time(epochs, n):
    """Sum of the step sizes of ``epochs`` epochs of `nclib.train`."""
    return 0.037 * epochs * int(np.ceil(2 * n / BATCH))


def _train(ratio, sigma, n, epochs, method, width, seed):
    X, y, start = data(ratio, sigma, n, seed)
    return _history(X, y, start, epochs, method, width)


def _history(X, y, start, epochs, method, width):
    with torch_threads(1):
        if method == "sgd":
            run = train(
                X, y, width=width, epochs=epochs, batch_size=BATCH, seed=start
            )
        else:
            T = flow_time(epochs, len(y) // 2)
            run = flow(X, y, T=T, width=width, seed=start)
    if run.status != "completed":
        raise RuntimeError(f"training of {X.shape} samples: {run.status}")
    return run.history


@dataclass(frozen=True)
class TrainingGrid(Record):
    """Histories of the nets of Figures 3 to 5.

    Attributes
    ----------
    history : list of structured arrays
        Net by net, as `TrainingRun.history`.
    sigma, ratio : (nets,) arrays
        Noise level and d/n of each net; a record may lack some nets.
    n, epochs, width : int
    provenance : dict
        Method ("flow" or "sgd"), seed, versions, machine, seconds, hash of
        the code.
    """

    history: list
    sigma: np.ndarray
    ratio: np.ndarray
    n: int
    epochs: int
    width: int
    provenance: dict

    def last(self, column):
        """The final value of a column, net by net."""
        return np.array([h[column][-1] for h in self.history])

    def level(self, sigma):
        """Numbers of the nets at one noise level, by rising dimension."""
        nets = np.flatnonzero(np.isclose(self.sigma, sigma))
        return nets[np.argsort(self.ratio[nets])]

    def matched(self, other):
        """Pairs (i, j) of nets of this grid and of another on equal data.

        Noise level, d/n, n and the seed must agree.
        """
        if (self.n, self._seed) != (other.n, other._seed):
            return []
        place = {cell: j for j, cell in enumerate(other._cells)}
        return [
            (i, place[cell])
            for i, cell in enumerate(self._cells)
            if cell in place
        ]

    def sample(self, i):
        """Samples X, labels y and the trainer's seed of net ``i``."""
        _, cells = _GRIDS[self.n]
        key = cells.index(self._cells[i])
        child = np.random.SeedSequence(self._seed, spawn_key=(key,))
        return data(self.ratio[i], self.sigma[i], self.n, child)

    @property
    def _cells(self):
        return list(zip(self.sigma.tolist(), self.ratio.tolist(), strict=True))

    @property
    def _seed(self):
        return self.provenance["seed"]

    def recompute(self, epochs, nets=None):
        """Train again, see `nclib.figures.record.recompute`."""
        return recompute(
            self,
            epochs,
            nets,
            lambda i, to: _history(*self.sample(i), to, "sgd", self.width),
            ["risk", "nc1"],
        )


def run(scale=None, method=None, seed=0, n_jobs=None, width=WIDTH):
    """Train the grid of nets of Figures 3 to 5.

    Parameters
    ----------
    scale : {"quick", "book", "paper"}, optional
        Book and paper are the paper's 36 nets at n = 300, up to the time of
        1e5 epochs. Quick has 4 nets at n = 40 and 2,000 epochs.
    method : {"flow", "sgd"}, optional
        Gradient flow, seconds a net; or SGD itself, about a minute a net.
        By default flow, and sgd at the paper's scale.
    seed : int
    n_jobs : int, optional
        Worker processes; all cores by default.
    width : int
        Neurons.

    Returns
    -------
    TrainingGrid

    Raises
    ------
    TypeError, ValueError
        Naming the argument that is not one of the above.

    Notes
    -----
    Section 3.2. Width and batch size are not stated there; 50 and 128 are
    ours.
    """
    scale = chosen_scale(scale)
    if method is None:
        method = "sgd" if scale == "paper" else "flow"
    check_choice("method", method, ("flow", "sgd"))
    seed = check_integer("seed", seed, 0)
    width = check_integer("width", width, 1)
    n = 40 if scale == "quick" else 300
    epochs, cells = _GRIDS[n]
    started = perf_counter()
    tasks = [(r, s, n, epochs, method, width) for s, r in cells]
    history = sweep(_train, tasks, seed, n_jobs, f"Figures 3-5, {method}")
    return TrainingGrid(
        history=history,
        sigma=np.array([t[1] for t in tasks]),
        ratio=np.array([t[0] for t in tasks]),
        n=n,
        epochs=epochs,
        width=width,
        provenance=provenance(
            started,
            method=method,
            seed=seed,
            batch_size=BATCH if method == "sgd" else None,
            command="python -m nclib figure 3"
            + (f" --scale {scale}" if scale != "book" else ""),
        ),
    )


def at(rows, time, column="nc1"):
    """A column of a history at a time, linear between rows on log scales."""
    rows = rows[1:]
    place = np.log(time), np.log(rows["time"])
    return float(np.exp(np.interp(*place, np.log(rows[column]))))


def _long(ratio, sigma, n, T, seed):
    X, y, start = data(ratio, sigma, n, seed)
    return flow(X, y, T=T, width=WIDTH, seed=start).history


def longer(result):
    """Histories of flow at the lowest noise for ten times as many epochs.

    Of the nets ``result.level(SIGMAS[0])``, on the same data and starts.
    """
    T = flow_time(10 * result.epochs, result.n)
    nets = result.level(SIGMAS[0])
    # These nets come first in the grid, so that they keep their seeds.
    tasks = [(result.ratio[i], SIGMAS[0], result.n, T) for i in nets]
    return sweep(_long, tasks, result.provenance["seed"], title="Longer")


def terms_along(result, i, times):
    """What is missing along the flow of net ``i``: `nclib.gap_terms`.

    At each of rising times. The flow goes on where it ended before.
    """
    X, y, start = result.sample(i)
    init, before, found = None, 0.0, []
    for time in times:
        net = flow(
            X, y, T=time - before, width=result.width, init=init, seed=start
        ).net
        found.append(gap_terms(net.features(X), net.W, result.n, *PENALTIES))
        init, before = (net.W1, net.W), time
    return found


def gap(net, X, y):
    """Risk of a network on two equal classes, minus the minimum.

    Parameters
    ----------
    net : ShallowNet
    X : (N, d) array
    y : (N,) integer array

    Returns
    -------
    float
        At the penalties of Section 3.2.
    """
    minimum = upfm_minimizer(2, len(y) // 2, *PENALTIES).risk
    return net.risk(X, y, *PENALTIES) - minimum


@cache
def stationary(sigma, ratio, n):
    """L-BFGS on the data and the start of a net of the grid.

    Parameters
    ----------
    sigma, ratio : float
        Noise level and d/n, one of the grid at this ``n``.
    n : int
        Samples a class, 40 or 300.

    Returns
    -------
    X, y
        The data.
    run : TrainingRun
        Of `nclib.minimise`.
    terms : nclib.relaxation.GapTerms
        Of its gap.
    net : ShallowNet
        A collapsed network on the same data.
    """
    grid = TrainingGrid(
        history=[],
        sigma=np.array([sigma]),
        ratio=np.array([ratio]),
        n=n,
        epochs=0,
        width=WIDTH,
        provenance={"seed": 0},
    )
    X, y, start = grid.sample(0)
    run = minimise(X, y, width=WIDTH, seed=start)
    terms = gap_terms(run.net.features(X), run.net.W, n, *PENALTIES)
    net = collapsed_network(X, y, *PENALTIES, width=WIDTH)
    return X, y, run, terms, net


def draw_nc1(result, sigma, record=None):
    """NC1 along training at one noise level, a color for each d/n."""
    style.use()
    figure, ax = style.grid()
    nets = result.level(sigma).tolist()
    colors = dict(zip(nets, style.ORDERED, strict=False))
    for i, color in colors.items():
        rows = result.history[i][1:]
        ax.loglog(rows["time"], rows["nc1"], color=color)
    for i, j in [] if record is None else result.matched(record):
        if i in colors:
            rows = record.history[j][1::12]
            look = dict(color=colors[i], ms=5, mec=style.PATCH, mew=0.8)
            ax.loglog(rows["time"], rows["nc1"], "o", **look)
    ax.set(
        xlabel="time $T$, the sum of the steps",
        ylabel=NAMES["nc1"],
        xlim=(None, result.last("time")[nets].max()),
    )
    names = [f"$d/n$ = {ratio:g}" for ratio in result.ratio[nets]]
    style.name_ends(ax, result.last("nc1")[nets], names, list(colors.values()))
    return figure
