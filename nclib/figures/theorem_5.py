"""The pictures of the chapter on Theorem 5 that are not the paper's."""

from nclib.figures import style


def draw_coins(d, n, clusters, noise, least, gordon):
    """The chance of collapse against the dimension, measured and exact.

    Parameters
    ----------
    d : (m,) int array
    n : int
        Samples of a class.
    clusters, noise : pairs of arrays
        Drawn smallest dimensions, and the m exact chances.
    least : (m,) array
        The bound for any means.
    gordon : float
        d/n of Gordon's bound.
    """
    style.use()
    figure, ax = style.grid()
    for (seen, exact), color, name, x, height in (
        (clusters, style.ORANGE, "clusters", 1.36, 0.72),
        (noise, style.SKY, "noise", 1.78, 0.25),
    ):
        ax.plot(d / n, exact, color=color, lw=5, alpha=0.6)
        measured = (seen[:, None] <= d).mean(axis=0)
        ax.step(d / n, measured, color=color, where="post", lw=1.3)
        style.label(ax, x, height, name, color, ha="center")
    ax.plot(d / n, least, **style.WENDEL)
    style.label(ax, 2.2, 0.45, "any means", style.GREEN)
    ax.axvline(gordon, **style.GORDON)
    style.label(ax, 2.88, 0.2, "Gordon (2.17)", style.BLUE, ha="right")
    ax.set(xlabel="dimension per sample $d/n$", ylabel="probability")
    return figure


def draw_many(sigma, exact, some, formula, union):
    """The exact boundaries for orthonormal and for simplex means.

    Parameters
    ----------
    sigma, some : arrays
        Noise levels of the curves and of the dots.
    exact, formula : dicts
        From K to the pair (orthonormal, simplex) of d/n, at ``sigma`` and
        at ``some``.
    union : dict
        From K to the pair (sigma, d/n) of Theorem 5(a).
    """
    style.use()
    figure, ax = style.grid(height=3.6)
    colors = (style.BLUE, style.GREEN, style.PURPLE)
    for K, color in zip(exact, colors, strict=True):
        pairs = zip(exact[K], formula[K], ("-", "--"), strict=True)
        for curve, dots, line in pairs:
            ax.plot(sigma, curve, line, color=color, lw=2.6)
            ax.plot(some, dots, "o", color=color, ms=5)
        ax.plot(*union[K], color=style.VERMILION, lw=1)
        level = exact[K][-1][-1]
        style.label(ax, 1.63, level, f"$K = {K}$", color, va="center")
    ax.set(
        xlabel=r"noise level $\sigma$",
        ylabel="dimension per sample $d/n$",
        xlim=(0, 1.9),
    )
    return figure
