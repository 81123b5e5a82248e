"""The pictures of the chapter on where training ends."""

import numpy as np

from nclib.arrival import arrival_noise
from nclib.asymptotics import phase_boundary
from nclib.bounds import theorem_4_sigma
from nclib.data import two_cluster_means
from nclib.figures import style
from nclib.figures.arrivals import KINDS
from nclib.figures.curves import SIGMAS

COLORS = dict(
    zip(KINDS, (style.BLUE, style.ORANGE, style.GREEN, style.INK), strict=True)
)


def _wedge(start, stop):
    """A piece of a pie as a marker, from shares of the whole turn."""
    angles = np.pi / 2 - 2 * np.pi * np.linspace(start, stop, 40)
    rim = np.column_stack([np.cos(angles), np.sin(angles)])
    if stop - start < 1:
        rim = np.vstack([[0, 0], rim])
    return style.mpl.path.Path(np.vstack([rim, rim[:1]]))


def _pie(ax, x, y, counts, size):
    ends = np.cumsum([0, *counts]) / sum(counts)
    for (start, stop), color in zip(
        zip(ends[:-1], ends[1:], strict=True), COLORS.values(), strict=True
    ):
        if stop > start:
            ax.scatter(
                x,
                y,
                s=size,
                marker=_wedge(start, stop),
                color=color,
                linewidth=0,
                zorder=3,
            )


def counts(rows):
    """How many starts are of each kind."""
    return np.bincount(rows["kind"], minlength=len(KINDS))


def draw_arrivals(rows, n):
    """Pies of the four kinds over noise and dimension, and who bounds what.

    Parameters
    ----------
    rows : structured array
        Of `nclib.figures.arrivals.Arrivals`, two classes of one size.
    n : int
    """
    style.use()
    figure, ax = style.grid(height=3.9)
    for d in np.unique(rows["d"]):
        for sigma in np.unique(rows["sigma"]):
            here = rows[(rows["d"] == d) & (rows["sigma"] == sigma)]
            if len(here):
                _pie(ax, sigma, d / n, counts(here), 130)
    means = two_cluster_means(2, np.pi)
    sigma = np.geomspace(0.14, 1.6, 60)
    exact = [phase_boundary(means, s).delta for s in sigma]
    ax.plot(sigma, exact, **style.EXACT | dict(color=style.BLACK))
    ratio = np.geomspace(1.02, 8, 200)
    ax.plot(theorem_4_sigma(ratio * n, n, means), ratio, **style.UNION_BOUND)
    half = [arrival_noise(n, r) for r in ratio[ratio > 1.4]]
    ax.plot(half, ratio[ratio > 1.4], color=style.PURPLE, linestyle="--")
    for level in SIGMAS:
        ax.axvline(level, ymin=0.96, color=style.INK, linewidth=1.5)
    ax.set(
        xscale="log",
        yscale="log",
        xlim=(0.155, 1.6),
        ylim=(0.95, 8.4),
        xlabel=r"noise $\sigma$",
        ylabel="$d/n$",
    )
    ax.set_xticks(
        [0.2, 0.3, 0.5, 0.8, 1.4], ["0.2", "0.3", "0.5", "0.8", "1.4"]
    )
    ax.set_yticks([1, 1.5, 2, 3, 4, 6], ["1", "1.5", "2", "3", "4", "6"])
    ax.minorticks_off()
    style.label(ax, 0.6, 1.05, "collapse exists above", style.BLACK, ha="left")
    style.label(ax, 1.04 * half[-1], 7.2, "law", style.PURPLE)
    return figure


def draw_sizes(curves, fits):
    """Share of starts that arrive, over the noise, a color for each n.

    Parameters
    ----------
    curves : dict
        n to (sigma, share, standard error).
    fits : dict
        n to the noise level that the law predicts for one half.
    """
    style.use()
    figure, ax = style.grid()
    for color, (n, (sigma, share, error)) in zip(
        style.ORDERED, curves.items(), strict=False
    ):
        ax.errorbar(sigma, share, error, color=color, marker="o", ms=4, lw=1.6)
        ax.plot(fits[n], 0.5, "D", color=color, ms=8, mec=style.PATCH)
    ax.set(
        xscale="log",
        xlabel=r"noise $\sigma$",
        ylabel="share of starts that arrive",
        ylim=(-0.05, 1.05),
    )
    ax.set_xticks([0.2, 0.3, 0.5, 0.8], ["0.2", "0.3", "0.5", "0.8"])
    ax.minorticks_off()
    for color, n in zip(style.ORDERED, curves, strict=False):
        style.label(ax, fits[n], 0.58, f"{n}", color, ha="center")
    return figure


def draw_ends(gaps, level, distances, shares, radius):
    """Where starts of a small problem end, and how far one basin reaches.

    Parameters
    ----------
    gaps : (starts,) array
        Above the floor, from random starts.
    level : float
        Of the networks that leave one class behind.
    distances, shares : arrays
        Share of the starts at that distance which leave the class behind.
    radius : float
        Proved radius of the basin.
    """
    style.use()
    figure, (left, right) = style.grid(rows=2, height=2.3)
    bins = np.linspace(-0.002, max(gaps.max(), level) + 0.002, 60)
    _, _, bars = left.hist(gaps, bins, color=style.ORANGE)
    for bar in bars:
        if bar.get_x() <= 0 < bar.get_x() + bar.get_width():
            bar.set_color(style.BLUE)
    left.set(xlabel="above the floor", ylabel="starts")
    left.axvline(level, color=style.INK, linewidth=1, zorder=0)
    style.label(
        left, level, 0.9 * left.get_ylim()[1], "class left behind", style.INK
    )
    right.semilogx(distances, shares, "o-", color=style.ORANGE)
    right.axvline(radius, **style.EXACT | dict(color=style.BLACK))
    style.label(
        right, radius, 0.3, " proved up to here", style.BLACK, ha="left"
    )
    right.set(
        xlabel="distance of the start",
        ylabel="left behind",
        ylim=(-0.05, 1.1),
    )
    return figure


def draw_helped(curves):
    """Share of starts that arrive, over the noise, a color for each way.

    Parameters
    ----------
    curves : dict
        Name to (sigma, share, standard error).
    """
    style.use()
    figure, ax = style.grid()
    for color, (sigma, share, error) in zip(
        style.CLASSES, curves.values(), strict=False
    ):
        ax.errorbar(sigma, share, error, color=color, marker="o", ms=4, lw=1.6)
    ax.set(
        xscale="log",
        xlabel=r"noise $\sigma$",
        ylabel="share of starts that arrive",
        ylim=(-0.05, 1.05),
    )
    ax.set_xticks([0.3, 0.5, 0.8], ["0.3", "0.5", "0.8"])
    ax.minorticks_off()
    ends = [share[-1] for _, share, _ in curves.values()]
    style.name_ends(ax, ends, list(curves), style.CLASSES)
    return figure
