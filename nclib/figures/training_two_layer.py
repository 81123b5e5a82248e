"""The pictures of the chapter on two layers that are not the paper's."""

import matplotlib.pyplot as plt
import numpy as np

from nclib.figures import style


def draw_who(sigma, ratio, gaps, exists):
    """A table of the gaps that training leaves, and where it must leave one.

    Parameters
    ----------
    sigma, ratio, gaps : (nets,) arrays
        Noise level, dimension per sample and gap, net by net.
    exists : (nets,) array of bool
        Whether there is a collapsed network.
    """
    style.use()
    sigmas, ratios = np.unique(sigma), np.unique(ratio)
    figure, ax = style.grid(height=0.45 * len(sigmas) + 0.8)
    shade = plt.get_cmap("Blues")
    for s, r, gap, there in zip(sigma, ratio, gaps, exists, strict=True):
        x, y = np.searchsorted(ratios, r), np.searchsorted(sigmas, s)
        depth = np.clip((np.log10(gap) + 4.8) / 3, 0.05, 0.75)
        square = plt.Rectangle(
            (x - 0.48, y - 0.47),
            0.96,
            0.94,
            facecolor=shade(depth) if there else "#D9D9D9",
            hatch=None if there else "///",
            edgecolor="white",
            linewidth=0,
        )
        ax.add_patch(square)
        ink = "white" if there and depth > 0.55 else "#222222"
        text = f"{1e4 * gap:.2g}"
        ax.text(x, y, text, ha="center", va="center", color=ink)
    ax.set(
        xlim=(-0.5, len(ratios) - 0.5),
        ylim=(-0.5, len(sigmas) - 0.5),
        xticks=range(len(ratios)),
        xticklabels=[f"{r:g}" for r in ratios],
        yticks=range(len(sigmas)),
        yticklabels=[f"{s:g}" for s in sigmas],
        xlabel="dimension per sample $d/n$",
        ylabel=r"noise level $\sigma$",
    )
    for side in ax.spines.values():
        side.set_visible(False)
    return figure


def draw_longer(T, ratio, histories):
    """NC1 along a flow that goes on for ten times as long.

    Parameters
    ----------
    T : float
        Time of the usual training.
    ratio : (nets,) array
        Dimension per sample.
    histories : list of structured arrays
        With columns ``time`` and ``nc1``, net by net.
    """
    style.use()
    figure, ax = style.grid()
    # With the steps 0.1, 0.01 and 0.001 of equal thirds of the epochs.
    ax.axvspan(100 / 111 * T, T, color=style.INK, alpha=0.35, linewidth=0)
    for rows, color in zip(histories, style.ORDERED, strict=False):
        time, nc1 = rows["time"][1:], rows["nc1"][1:]
        ax.loglog(time, nc1, color=color)
    ax.axhline(1e-4, color=style.INK, linestyle=":")
    ax.set(
        xlabel="time $T$",
        ylabel=style.NAMES["nc1"],
        xlim=(T / 200, 10 * T),
    )
    names = [f"$d/n$ = {r:g}" for r in ratio]
    ends = [rows["nc1"][-1] for rows in histories]
    style.name_ends(ax, ends, names, style.ORDERED)
    return figure
