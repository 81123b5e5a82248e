"""Figure 6: three-layer nets with a random first layer, by its width."""

import contextlib
import signal
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import NamedTuple

import joblib
import numpy as np

from nclib._checks import check_choice, check_integer, check_real
from nclib.data import images, which_images
from nclib.figures import chosen_scale, style
from nclib.figures.record import Record, provenance, recompute
from nclib.figures.style import NAMES
from nclib.kernels import random_first_layer
from nclib.networks import NoCollapsedNetwork, ShallowNet, collapsed_network
from nclib.sweep import cache_folder, sweep, workers
from nclib.training import minimise, train
from nclib.training.gram import torch_threads
from nclib.upfm import PENALTIES, upfm_minimizer

# Not stated in the paper. Of its widths only the largest stands in the text.
WIDTH, BATCH = 32, 128
PAPER_WIDTHS = (500, 2_000, 5_000, 10_000, 20_000)
# Samples a class, epochs or iterations at most, widths d1.
_SIZES = {
    ("quick", "sgd"): (10, 300, (50, 200)),
    ("book", "sgd"): (50, 10_000, (200, 500, 2_000)),
    ("paper", "sgd"): (500, 100_000, PAPER_WIDTHS),
    ("quick", "lbfgs"): (10, 300, (50, 200)),
    ("book", "lbfgs"): (25, 2_000, (50, 100, 500, 2_000)),
    ("paper", "lbfgs"): (500, 5_000, PAPER_WIDTHS),
}
_COLORS = dict(
    zip((200, 500, 2_000, 5_000, 10_000, 20_000), style.ORDERED, strict=True)
)


def first_layer(d, d1, seed):
    """The frozen layer of a net; the layers of one seed are nested."""
    return random_first_layer(d, d1, np.random.default_rng([seed, 6]))


class _Budget:
    """Interrupts the block, as Ctrl-C does, when its minutes are over."""

    def __init__(self, minutes):
        self.seconds = 0.0 if minutes is None else 60.0 * minutes
        self.spent = False

    def _interrupt(self, *_):
        self.spent = True
        raise KeyboardInterrupt

    @contextlib.contextmanager
    def __call__(self):
        if not self.seconds:
            yield
            return
        before = signal.signal(signal.SIGALRM, self._interrupt)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, before)


def _history(X, y, d1, epochs, method, seed, checkpoint=None, minutes=None):
    """History and status of one net, and the seconds it took."""
    layer = first_layer(X.shape[1], d1, seed)
    settings = dict(width=WIDTH, first_layer=layer, seed=seed)
    budget = _Budget(minutes)
    try:
        with torch_threads(1), budget():
            if method == "sgd":
                run = train(
                    X,
                    y,
                    epochs=epochs,
                    batch_size=BATCH,
                    checkpoint=checkpoint,
                    **settings,
                )
            else:
                run = minimise(X, y, max_iterations=epochs, **settings)
    except KeyboardInterrupt:
        if not budget.spent:
            raise
        raise ValueError(
            f"minutes must suffice to prepare the net of width {d1}, got "
            f"{minutes:g}"
        ) from None
    if run.status != "interrupted":
        return run.history, run.status, run.seconds
    if not budget.spent:
        raise KeyboardInterrupt
    # The last row was taken in the middle of an epoch; resuming goes on from
    # the checkpoint, without it.
    rows = slice(-1 if method == "sgd" else None)
    return run.history[rows], run.status, run.seconds


def _task(data, n, d1, epochs, method, seed, _):
    # The name of the data is there so that the cache tells them apart.
    (X, y), name = images(n)
    if name != data:
        raise RuntimeError(f"workers found {name} in place of {data}")
    history, status, _ = _history(X, y, d1, epochs, method, seed)
    if status != "completed":
        raise RuntimeError(f"training at width {d1}: {status}")
    return history


@dataclass(frozen=True)
class ThreeLayers(Record):
    """Histories of the nets of Figure 6, one for each width.

    Attributes
    ----------
    history : list of structured arrays
        Net by net, as `TrainingRun.history`.
    d1 : (nets,) integer array
        Widths of the first layer.
    n, epochs : int
        Images a class; epochs of the whole run, or iterations at most.
    status : list of str
        Of `TrainingRun`. After "interrupted" the ``history`` is the
        beginning of the whole run.
    provenance : dict
        Data, method ("sgd" or "lbfgs"), seed, versions, machine, seconds
        (of the last sitting; ``training_seconds`` of all, net by net), hash
        of the code, command, epochs reached.
    """

    history: list
    d1: np.ndarray
    n: int
    epochs: int
    status: list
    provenance: dict

    def last(self, column):
        """The final value of a column, net by net."""
        return np.array([h[column][-1] for h in self.history])

    @property
    def reached(self):
        """The last epoch (or iteration) on record, net by net."""
        return self.last("epoch")

    def recompute(self, epochs, nets=None):
        """Train again, see `nclib.figures.record.recompute`.

        Only the risks are compared. Raises ValueError also if the record's
        data are not at hand.
        """
        (X, y), name = images(self.n)
        if name != self.provenance["data"]:
            raise ValueError(
                f"NCLIB_DATA must give the record's data, "
                f"{self.provenance['data']}, got {name}"
            )
        seed = self.provenance["seed"]
        return recompute(
            self,
            epochs,
            nets,
            lambda i, to: _history(X, y, int(self.d1[i]), to, "sgd", seed)[0],
            ["risk"],
        )


def run(
    scale=None, seed=0, n_jobs=None, method="sgd", minutes=None, widths=None
):
    """Train the nets of Figure 6.

    Parameters
    ----------
    scale : {"quick", "book", "paper"}, optional
        Paper: 500 images a class and 1e5 epochs, about an hour a width.
        Book: 50 images a class and 1e4 epochs, or 25 for L-BFGS.
    seed : int
        Of the first layer, the start and the batches.
    n_jobs : int, optional
        Worker processes; all cores by default.
    method : {"sgd", "lbfgs"}
        The paper's training, or a descent to a stationary point.
    minutes : float, optional
        Wall time allowed to each width (not on Windows). A net that has not
        ended is kept as it is, with the status "interrupted".
    widths : sequence of int, optional
        Some of the scale's widths d1, as when each has its own machine.

    Returns
    -------
    ThreeLayers

    Raises
    ------
    TypeError, ValueError
        Naming the argument that is not one of the above.

    Notes
    -----
    Section 3.3. SGD at the paper's scale, or with ``minutes``, leaves
    checkpoints in `nclib.sweep.cache_folder`: the same call goes on from
    there, to the same bits as a run in one go. The first layer has variance
    1/d1. The second layer's width and the batch size are not stated in the
    paper; 32 and 128 are ours, and so are all widths but the largest.
    """
    scale = chosen_scale(scale)
    seed = check_integer("seed", seed, 0)
    check_choice("method", method, ("sgd", "lbfgs"))
    if minutes is not None:
        minutes = check_real("minutes", minutes, 0.0, exclusive=True)
    n, epochs, all_widths = _SIZES[scale, method]
    if widths is None:
        widths = all_widths
    elif not widths or not set(widths) <= set(all_widths):
        raise ValueError(
            f"widths must be among {list(all_widths)}, got {list(widths)}"
        )
    widths = sorted(set(widths))
    data, name = images(n)
    started = perf_counter()
    own = {}
    if method == "lbfgs" or scale == "paper" or minutes is not None:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"figure-6-{name}-{n}-{epochs}-{seed}"
        found = joblib.Parallel(n_jobs=workers(n_jobs))(
            joblib.delayed(_history)(
                *data,
                d1,
                epochs,
                method,
                seed,
                folder / f"{stem}-{d1}.npz",
                minutes,
            )
            for d1 in widths[::-1]
        )[::-1]
        history, status, seconds = map(list, zip(*found, strict=True))
        own["training_seconds"] = {
            str(d1): round(s, 1) for d1, s in zip(widths, seconds, strict=True)
        }
    else:
        history = sweep(
            _task,
            [(name, n, d1, epochs, method, seed) for d1 in widths],
            seed,
            n_jobs,
            f"Figure 6, {method}",
        )
        status = ["completed"] * len(history)
    return ThreeLayers(
        history=history,
        d1=np.array(widths),
        n=n,
        epochs=epochs,
        status=status,
        provenance=provenance(
            started,
            data=name,
            method=method,
            seed=seed,
            width=WIDTH,
            batch_size=BATCH if method == "sgd" else None,
            command=f"python -m nclib figure 6 --scale {scale} "
            f"--method {method} --seed {seed}"
            + "".join(f" --width {d1}" for d1 in widths)
            + (f" --minutes {minutes:g}" if minutes else ""),
            **own,
            reached={
                str(d1): int(h["epoch"][-1])
                for d1, h in zip(widths, history, strict=True)
            },
        ),
    )


def trained(scale, method="sgd", seed=0):
    """The nets that are trained while you wait, as `ThreeLayers`.

    Parameters
    ----------
    scale : {"quick", "book", "paper"}
        Not more than the book's size is trained.
    method : {"sgd", "lbfgs"}
    seed : int

    Returns
    -------
    ThreeLayers
        Remembered as long as the program runs.
    """
    size = "quick" if scale == "quick" else "book"
    return _trained(size, method, seed, which_images())


@cache
def _trained(size, method, seed, _):
    return run(size, seed, n_jobs=1, method=method)


def limits(scale, seeds=2):
    """L-BFGS from a few starts and layers, one `ThreeLayers` each."""
    return [trained(scale, "lbfgs", seed) for seed in range(seeds)]


def floor(n):
    """The minimum of Theorem 2 for ten classes of ``n``."""
    return upfm_minimizer(10, n, *PENALTIES).risk


class Attained(NamedTuple):
    """Whether the floor is attained on a random layer.

    Attributes
    ----------
    exists, verified : bool
        (2.12) on the hidden features: the answer, and whether it is proved.
    gap : float
        Risk of the collapsed three-layer net minus the floor, or NaN.
    """

    exists: bool
    verified: bool
    gap: float


@cache
def attained(n, d1, seed):
    """Decide (2.12) on the hidden features; build the net where it holds."""
    (X, y), _ = images(n)
    layer = first_layer(X.shape[1], d1, seed)
    hidden = np.maximum(X @ layer, 0)
    try:
        top = collapsed_network(hidden, y, *PENALTIES)
    except NoCollapsedNetwork as error:
        answers = error.decision.classes.values()
        refused = [a for a in answers if a.feasible is False]
        return Attained(False, any(a.verified for a in refused), np.nan)
    net = ShallowNet(top.W1, top.W, first_layer=layer)
    return Attained(True, True, net.risk(X, y, *PENALTIES) - floor(n))


@cache
def dead_share(d1, power, n, epochs=200):
    """Share of dead neurons if the layer has deviation d1^-power.

    Returns the share and the status of the run.
    """
    (X, y), _ = images(n)
    layer = first_layer(X.shape[1], d1, 0) * d1 ** (0.5 - power)
    run = train(X, y, width=WIDTH, epochs=epochs, first_layer=layer)
    if run.status.startswith("dead"):
        return 1.0, run.status
    return run.dead_neurons / WIDTH, run.status


def draw(result):
    """NC1 along training, a color for each width."""
    style.use()
    figure, ax = style.grid(height=3.6)
    colors = [_COLORS.get(d1, style.INK) for d1 in result.d1.tolist()]
    for rows, color in zip(result.history, colors, strict=True):
        ax.loglog(rows["epoch"][1:], rows["nc1"][1:], color=color)
    sgd = result.provenance["method"] == "sgd"
    ax.set(
        title=f"{result.provenance['data']}, {result.n} images a class",
        xlabel="epoch" if sgd else "iteration of L-BFGS",
        ylabel=NAMES["nc1"],
        xlim=(1, result.reached.max()),
    )
    ax.margins(y=0.1)
    names = [f"$d_1$ = {d1:,}" for d1 in result.d1]
    style.name_ends(ax, result.last("nc1"), names, colors)
    return figure
