r"""Starts on the features of a random layer, and what is proved at their ends.

A frozen first layer turns the samples into features; training what comes
after it is training two layers on these. So `nclib.certify_minimum` applies.
"""

from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import NamedTuple

import numpy as np
import scipy.linalg

from nclib.data import GaussianMixture, images, simplex_means, which_images
from nclib.feasibility import decide
from nclib.figures import style
from nclib.figures.arrivals import KINDS, missing
from nclib.figures.record import Record, provenance
from nclib.kernels import h_infinity, random_first_layer
from nclib.minima import certify_minimum
from nclib.sweep import sweep
from nclib.training import minimise
from nclib.upfm import PENALTIES

WIDTH = 50
# Two kinds that are hard to tell apart among the clothes: T-shirt and shirt.
CLASSES = (0, 6)
# Images a class to draw from: so many have the digits, too.
_STOCK = 174
# Clusters lie in dimension _RATIO n, where the samples are independent.
_RATIO = 2


class Setting(NamedTuple):
    """What one start is drawn from.

    ``sigma`` is the noise of K clusters, or 0 for images of two kinds.
    ``layer`` is one of `LAYERS`, ``d1`` its width.
    """

    K: int
    n: int
    d1: int
    sigma: float = 0.0
    layer: str = "relu"

    def sample(self, rng):
        """Samples and labels."""
        if self.sigma:
            means = simplex_means(self.K, _RATIO * self.n)
            return GaussianMixture(means, self.sigma).sample(self.n, rng)
        (X, y), _ = _stock()
        rows = [
            rng.choice(np.flatnonzero(y == k), self.n, replace=False)
            for k in CLASSES
        ]
        return X[np.concatenate(rows)], np.repeat(np.arange(self.K), self.n)


@cache
def _stock():
    return images(_STOCK)


def _relu(X, d1, rng):
    return np.maximum(X @ random_first_layer(X.shape[1], d1, rng), 0)


def _centered(X, d1, rng):
    """Without the mean of each feature over the layers."""
    mean = np.linalg.norm(X, axis=1, keepdims=True) / np.sqrt(2 * np.pi * d1)
    return _relu(X, d1, rng) - mean


def _linear(X, d1, rng):
    """No ReLU; features of the same mean length."""
    return X @ random_first_layer(X.shape[1], d1, rng) / np.sqrt(2)


def _limit(X, d1, rng):
    """Features whose Gram matrix is that of an infinitely wide layer."""
    lengths = np.linalg.norm(X, axis=1)
    kernel = h_infinity(X / lengths[:, None], "theorem_6")
    values, vectors = scipy.linalg.eigh(kernel)
    return lengths[:, None] * vectors * np.sqrt(values.clip(0))


def _none(X, d1, rng):
    return X


def _constant(X, d1, rng):
    r"""One coordinate more, with the share :math:`1/\pi` of squared length.

    That is the share of the mean in ReLU features.
    """
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return np.hstack([X, lengths / np.sqrt(np.pi - 1)])


#: Features of the samples: ``layer(X, d1, rng)``.
LAYERS = {
    "relu": _relu,
    "limit": _limit,
    "linear": _linear,
    "centered": _centered,
    "none": _none,
    "constant": _constant,
}


def follow(setting, seed):
    """One draw of data, layer and start, where it ends, and what that is.

    Parameters
    ----------
    setting : Setting
    seed : int or SeedSequence

    Returns
    -------
    features, y
        The data of the upper two layers.
    exists : bool or None
        Whether (2.12) holds on the features; None is no proof.
    run : TrainingRun or None
        None where no collapsed network exists, as there is nothing to find.
    found : nclib.Minimum or None
    """
    rng = np.random.default_rng(seed)
    X, y = setting.sample(rng)
    F = LAYERS[setting.layer](X, setting.d1, rng)
    exists = decide(F, y).occurs
    if exists is False:
        return F, y, exists, None, None
    a, b = setting.d1**-0.5, WIDTH**-0.5
    init = (
        rng.uniform(-a, a, (F.shape[1], WIDTH)),
        rng.uniform(-b, b, (WIDTH, setting.K)),
    )
    run = minimise(F, y, init=init)
    return F, y, exists, run, certify_minimum(run.net, F, y, *PENALTIES)


def _arrive(*arguments):
    *setting, data, seed = arguments
    setting = Setting(*setting)
    # The name of the data is there so that the cache tells them apart.
    if not setting.sigma and _stock()[1] != data:
        raise RuntimeError(f"workers found {_stock()[1]} in place of {data}")
    started = perf_counter()
    F, y, exists, run, found = follow(setting, seed)
    if run is None:
        return [0, -1, np.nan, np.nan, np.nan, 0, perf_counter() - started]
    return [
        -1 if exists is None else 1,
        KINDS.index(found.kind),
        run.gap,
        found.gap,
        found.radius,
        missing(found.net.features(F), found.net.W, y),
        perf_counter() - started,
    ]


COLUMNS = np.dtype(
    [
        ("K", np.int32),
        ("n", np.int32),
        ("d1", np.int32),
        ("sigma", np.float64),
        ("layer", "U8"),
        ("exists", np.int8),
        ("kind", np.int8),
        ("gap", np.float64),
        ("bound", np.float64),
        ("radius", np.float64),
        ("missing", np.int32),
        ("seconds", np.float32),
    ]
)


@dataclass(frozen=True)
class Layers(Record):
    """Where starts on the features of random layers ended.

    Attributes
    ----------
    runs : structured array
        One row a start: the `Setting`; exists (1, 0 or, without a proof, -1),
        kind (index in `KINDS`, or -1 where no collapsed network exists), gap
        (as trained), bound (the proved one of `nclib.Minimum`), radius,
        missing (see `nclib.figures.arrivals.missing`), seconds.
    provenance : dict
        The images (``data``), seed, versions, seconds.
    """

    runs: np.ndarray
    provenance: dict

    def at(self, **wanted):
        """The rows whose setting is as wanted."""
        rows = self.runs
        for name, value in wanted.items():
            rows = rows[rows[name] == value]
        return rows

    def again(self, i):
        """Follow start ``i`` once more: what `follow` returns.

        Raises ValueError where its images are not at hand.
        """
        setting = Setting(*self.runs[i].tolist()[: len(Setting._fields)])
        data = self.provenance["data"]
        if not setting.sigma and which_images() != data:
            raise ValueError(
                f"NCLIB_DATA must give the record's data, {data}, got "
                f"{which_images()}"
            )
        seed = self.provenance["seed"]
        child = np.random.SeedSequence(seed, spawn_key=(i,))
        return follow(setting, child)


def shares(rows, by):
    """Share of starts where collapse exists, and where training finds it.

    Parameters
    ----------
    rows : structured array
        Of `Layers`.
    by : str
        A column: one pair of shares for each of its values.

    Returns
    -------
    values, exist, found : arrays
        ``exist`` counts what is proved to exist, ``found`` the ends that are
        proved global.
    """
    values = np.unique(rows[by])
    exist = [np.mean(rows["exists"][rows[by] == v] == 1) for v in values]
    found = [np.mean(rows["kind"][rows[by] == v] == 0) for v in values]
    return values, np.array(exist), np.array(found)


def run(settings, seed=0, n_jobs=None, **own):
    """Follow one start for each setting.

    Parameters
    ----------
    settings : sequence of Setting
    seed : int
    n_jobs : int, optional
    **own
        Into the provenance.

    Returns
    -------
    Layers
    """
    started = perf_counter()
    data = _stock()[1]
    found = sweep(
        _arrive, [(*s, data) for s in settings], seed, n_jobs, "Layers"
    )
    rows = [
        (*setting, *row) for setting, row in zip(settings, found, strict=True)
    ]
    return Layers(
        runs=np.array(rows, dtype=COLUMNS),
        provenance=provenance(
            started, data=data, seed=seed, width=WIDTH, **own
        ),
    )


# Images: widths d1 over N, by (K, n), with STARTS each.
STARTS = 8
SIZES = {
    (2, 20): (0.5, 0.7, 1.0, 1.4, 2.0, 4.0, 16.0),
    (2, 50): (0.5, 1.0, 1.4, 2.0, 16.0),
}
# Clusters of n samples: the layer, d1 over N, starts, what it is called.
CLUSTERS, SIGMA = 50, 0.8
TRIED = (
    ("relu", 2.0, 8, "ReLU layer, $d_1 = 2N$"),
    ("constant", 1.0, 8, "one constant coordinate"),
    ("limit", 16.0, 8, "infinitely wide layer"),
    ("none", 1.0, 8, "no layer"),
    ("centered", 4.0, 4, "ReLU layer, mean taken off"),
    ("linear", 4.0, 4, "layer without ReLU"),
)


def everything():
    """All settings of the record, in its order."""
    on_images = [
        Setting(K, n, round(ratio * K * n))
        for (K, n), ratios in SIZES.items()
        for ratio in ratios
        for _ in range(STARTS)
    ]
    on_clusters = [
        Setting(2, CLUSTERS, round(ratio * 2 * CLUSTERS), SIGMA, layer)
        for layer, ratio, starts, _ in TRIED
        for _ in range(starts)
    ]
    return on_images + on_clusters


def draw(record):
    """Images: shares by the width. Clusters: ends by what the layer is.

    Parameters
    ----------
    record : Layers
    """
    style.use()
    figure, (top, bottom) = style.grid(2, height=2.7)
    _draw_images(top, record)
    _draw_clusters(bottom, record)
    return figure


def _draw_images(ax, record):
    for (K, n), color, marker in zip(
        SIZES, (style.BLUE, style.VERMILION), "os", strict=True
    ):
        d1, exist, found = shares(record.at(K=K, n=n, sigma=0.0), "d1")
        ratio = d1 / (K * n)
        ax.plot(ratio, exist, ":", color=color)
        ax.plot(ratio, found, marker, ls="-", color=color, ms=5)
        y = 0.35 if n == 20 else 0.15
        style.label(ax, 2, y, f"$n$ = {n}", color)
    ax.set_xscale("log")
    ax.set(
        title=f"{record.provenance['data']}, classes 0 and 6",
        xlabel="width of the random layer, $d_1/N$",
        ylabel="share of starts",
        ylim=(-0.05, 1.05),
    )
    ticks = (0.5, 1, 2, 4, 8, 16)
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()


def _draw_clusters(ax, record):
    colors = (style.BLUE, style.ORANGE, style.INK)
    for place, (layer, ratio, *_) in enumerate(TRIED):
        rows = record.at(
            layer=layer,
            sigma=SIGMA,
            n=CLUSTERS,
            d1=round(ratio * 2 * CLUSTERS),
        )
        kinds = [
            np.mean(rows["kind"] == 0),
            np.mean(rows["kind"] == 1),
            np.mean(rows["kind"] > 1),
        ]
        lefts = np.cumsum([0.0, *kinds[:-1]])
        ax.barh(place, kinds, left=lefts, color=colors, height=0.7)
    ax.set_yticks(range(len(TRIED)), [name for *_, name in TRIED])
    ax.invert_yaxis()
    ax.set(
        title=rf"two clusters, $\sigma$ = {SIGMA:g}",
        xlabel="share of starts",
        xlim=(0, 1),
    )
