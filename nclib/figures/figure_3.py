"""Figure 3: NC1 of trained two-layer nets against dimension and noise."""

import numpy as np

from nclib.figures import style
from nclib.figures.curves import run
from nclib.figures.style import NAMES

__all__ = ["draw", "run"]


def draw(result, record=None):
    """NC1 at the end against d/n, a color for each noise level.

    Lines are ``result``, markers the ``record`` of SGD, if given.
    """
    style.use()
    figure, axes = style.grid(height=3.8)
    sigmas = np.unique(result.sigma).tolist()
    colors = dict(zip(sigmas, style.ORDERED, strict=False))
    dots = dict(linestyle="none", marker="o", ms=6, mec=style.PATCH, mew=0.8)
    for drawn, options in (result, {}), (record, dots):
        if drawn is None:
            continue
        for sigma, color in colors.items():
            nets = drawn.level(sigma)
            axes.semilogy(
                drawn.ratio[nets],
                drawn.last("nc1")[nets],
                color=color,
                clip_on=False,
                **options,
            )
    axes.set(
        xlabel="dimension per sample $d/n$",
        ylabel=f"{NAMES['nc1']} after training",
        xlim=(None, result.ratio.max()),
    )
    ends = [result.last("nc1")[result.level(s)][-1] for s in sigmas]
    names = [rf"$\sigma$ = {s:g}" for s in sigmas]
    style.name_ends(axes, ends, names, list(colors.values()))
    return figure
