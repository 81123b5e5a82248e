"""The pictures of the chapter on every sample size."""

import numpy as np

from nclib.figures import style


def draw_chances(dims, upper, lower, law):
    """How often a class fails, between its two bounds.

    Parameters
    ----------
    dims : (draws,) array
        Simulated critical dimensions.
    upper, lower : dicts
        From the dimension to the bound there.
    law : pair of arrays
        Dimensions and the normal law's chance of failure.
    """
    style.use()
    figure, ax = style.grid(height=3.6)
    grid = np.arange(min(lower), max(upper) + 1)
    failing = (dims[:, None] > grid).mean(axis=0)
    ax.step(grid, failing, where="post", color=style.INK, lw=1.6)
    ax.plot(*law, color=style.INK, lw=4, alpha=0.4)
    ax.plot(list(upper), list(upper.values()), color=style.BLUE, lw=3)
    ax.plot(list(lower), list(lower.values()), color=style.VERMILION, lw=3)
    right = next(d for d, chance in upper.items() if chance < 0.75)
    style.label(ax, right + 1, 0.7, "fails at most", style.BLUE)
    style.label(ax, min(lower), 0.12, "fails at least", style.VERMILION)
    ax.set(xlabel="dimension $d$", ylabel="chance of failure")
    return figure


def draw_two_sides(sides):
    """Both sides of each identity, one point a case, on the diagonal.

    Parameters
    ----------
    sides : dict
        From "mean", "variance" and "transform" to rows of left side, its
        error, right side, its error.
    """
    style.use()
    figure, ax = style.grid(height=3.8)
    ax.plot([0.1, 12], [0.1, 12], color=style.INK, lw=1)
    colors = style.BLUE, style.ORANGE, style.GREEN
    places = (5.5, 3.2), (0.75, 2.1), (0.4, 0.14)
    for (name, rows), color, place in zip(
        sides.items(), colors, places, strict=True
    ):
        left, left_error, right, right_error = np.transpose(rows)
        ax.errorbar(
            right,
            left,
            xerr=2 * right_error,
            yerr=2 * left_error,
            fmt="o",
            color=color,
            ms=6,
        )
        style.label(ax, *place, name, color)
    ax.set(
        xscale="log",
        yscale="log",
        xlim=(0.05, 12),
        ylim=(0.05, 12),
        xlabel="from distances $D_n$",
        ylabel="from data sets, $d_c$",
    )
    return figure


def draw_needed(sigma, exact, needed, impossible, gordon):
    """Dimensions that are surely enough, and that are surely too few.

    Parameters
    ----------
    sigma : (m,) array
    exact : (m,) array
        The boundary for infinitely many samples, d/n.
    needed, impossible : dicts
        From n to the d/n from which failure, and up to which success, has a
        chance of at most 1/n.
    gordon : dict
        From n to the d/n that Theorem 5(b) asks for.
    """
    style.use()
    figure, ax = style.grid(height=3.8)
    ax.plot(sigma, exact, color=style.INK, lw=3)
    ends, names, colors = [exact[-1]], ["exact"], [style.INK]
    for n, alpha in zip(needed, (1, 0.6), strict=True):
        ax.plot(sigma, needed[n], color=style.BLUE, lw=2.5, alpha=alpha)
        ax.plot(
            sigma, impossible[n], color=style.VERMILION, lw=2.5, alpha=alpha
        )
        ax.axhline(gordon[n], **style.GORDON | dict(alpha=alpha))
        power = rf"$n = {n}$" if n < 1000 else r"$n = 10^4$"
        style.label(
            ax,
            sigma[0],
            gordon[n] + 0.015,
            f"Theorem 5(b), {power}",
            style.BLUE,
        )
        ends += [needed[n][-1], impossible[n][-1]]
        names += [f"enough, {power}", f"too few, {power}"]
        colors += [style.BLUE, style.VERMILION]
    style.name_ends(ax, ends, names, colors)
    ax.set(
        xlabel=r"noise $\sigma$",
        ylabel="dimensions per sample, $d/n$",
        xlim=(0, sigma[-1]),
        ylim=(1, 1.95),
    )
    return figure


def draw_width(grid, shares, smooth, formula):
    """The probability of collapse against the dimension, at three noises.

    Parameters
    ----------
    grid, smooth : arrays
        Dimensions of the simulation and of the formula.
    shares, formula : dicts
        From the noise level, 0.2, 0.5 or 2, to the share of draws that
        collapse at `grid`, and to the formula at `smooth`.
    """
    style.use()
    figure, ax = style.grid()
    colors = {0.2: style.BLUE, 0.5: style.GREEN, 2.0: style.ORANGE}
    for sigma, color in colors.items():
        share = shares[sigma]
        ax.step(grid, share, where="post", color=color, lw=1.5)
        ax.plot(smooth + 0.5, formula[sigma], color=color, lw=3, alpha=0.55)
        x = grid[share > 0.9][0] + 1
        style.label(ax, x, 0.86, rf"$\sigma$ = {sigma}", color)
    ax.set(xlabel="dimension $d$", ylabel="probability of collapse")
    return figure
