"""The picture of the chapter on three layers that is not the paper's."""

import numpy as np

from nclib.figures import style


def draw_limit(d1, gaps, exists):
    """Where L-BFGS ends above the floor, by the width of the first layer.

    Parameters
    ----------
    d1 : (m,) sequence of int
        Widths of the layer.
    gaps : two (m,) arrays
        Distances to the floor, a row for each random layer and start.
    exists : (m,) sequence of bool
        Whether a collapsed network exists on the layer.
    """
    style.use()
    figure, ax = style.grid()
    looks = (
        dict(ms=12, mfc="none", mew=2, color=style.GREEN),
        dict(ms=6, color=style.BLUE),
    )
    for row, look in zip(gaps, looks, strict=True):
        ax.loglog(d1, np.maximum(row, 1e-14), "o", **look)
    refused = [width for width, yes in zip(d1, exists, strict=True) if not yes]
    left = min(d1) / 1.5
    if refused:
        right = max(refused) * 1.2
        ax.axvspan(left, right, color=style.INK, alpha=0.2, lw=0)
        place = dict(ha="center", va="center", rotation=90)
        middle = np.sqrt(left * right)
        style.label(ax, middle, 1e-9, "cannot collapse", style.INK, **place)
    ax.set(
        xlabel="width $d_1$",
        ylabel="distance to the floor",
        ylim=(3e-15, 1e-1),
        xlim=(left, max(d1) * 1.5),
    )
    ax.set_xticks(d1, [f"{width:,}" for width in d1])
    ax.minorticks_off()
    return figure
