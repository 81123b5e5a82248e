"""The pictures of the chapter on the tools of the proofs."""

import numpy as np

from nclib.figures import style


def draw_sideways(tau, cosines, infima):
    """What a push against the other mean achieves, for four angles.

    Parameters
    ----------
    tau : (m,) array
        Lengths of the push.
    cosines, infima : dicts
        From the angle in degrees, 0, 60, 90 or 120, to the cosine at each
        length, and to its infimum.
    """
    style.use()
    figure, ax = style.grid()
    looks = {
        0: (style.INK, 3.6, 0.36),
        60: (style.BLUE, 3.6, -0.58),
        90: (style.ORANGE, 2.1, -0.77),
        120: (style.VERMILION, 1.9, -1.19),
    }
    for degrees, (color, x, y) in looks.items():
        ax.plot(tau, cosines[degrees], color=color)
        ax.axhline(infima[degrees], color=color, ls="--", lw=1)
        style.label(ax, x, y, f"{degrees}°", color)
    ax.plot(np.sqrt(3), -1, "o", color=style.VERMILION, ms=8)
    ax.set(
        xlabel=r"length of the push, $\tau$",
        ylabel="cosine times $|v_2|$",
        ylim=(-1.3, 1.05),
    )
    return figure


def draw_singular(Ks, eps, worst, drawn):
    """How far the largest squared singular value exceeds one.

    Parameters
    ----------
    Ks : (m,) array
        Numbers of rows.
    eps : float
        Distortion of the constructed subspaces.
    worst : (m,) sequence
        Their excess over one, in units of `eps`.
    drawn : (trials, 2) array
        Number of rows, moved apart, and excess of random subspaces.
    """
    style.use()
    figure, ax = style.grid()
    ax.plot(Ks, 4 * Ks - 2 + eps, color=style.INK, lw=3)
    ax.plot(Ks, 2 * Ks + eps, color=style.VERMILION, ls="--")
    ax.plot(Ks, worst, "o", color=style.BLUE, ms=8)
    ax.plot(*drawn.T, ".", color=style.GREEN, ms=4)
    ax.set(
        xlabel="rows, $K$",
        ylabel=r"excess over 1, in units of $\varepsilon$",
    )
    top = Ks[-1]
    style.name_ends(
        ax,
        [4 * top - 2 + eps, 2 * top + eps, worst[-1], np.mean(drawn[:, 1])],
        ["corrected, $4K-2$", "printed, $2K$", "constructed", "random"],
        [style.INK, style.VERMILION, style.BLUE, style.GREEN],
    )
    return figure


def draw_least_norm(n, ds, samples, gordon, allowed):
    """The distance of n random points from the origin, and its two bounds.

    Parameters
    ----------
    n : int
    ds : (m,) array
        Dimensions of the samples.
    samples : (m, draws) sequence
        Distances, dimension by dimension.
    gordon : sequence
        The bound on the mean in dimensions 1, 2, 3 and so on.
    allowed : float
        By how much nine draws in ten may miss the mean.
    """
    style.use()
    figure, ax = style.grid()
    mean = np.mean(samples, axis=1)
    ax.fill_between(
        ds,
        np.maximum(mean - allowed, 0),
        mean + allowed,
        color=style.INK,
        alpha=0.13,
        lw=0,
    )
    ends = np.quantile(samples, [0.05, 0.95], axis=1)
    ax.errorbar(
        ds,
        mean,
        np.abs(ends - mean),
        fmt="o",
        color=style.INK,
        ms=6,
        elinewidth=2,
    )
    dims = np.arange(1, len(gordon) + 1)
    ax.plot(dims, gordon, **style.GORDON)
    ax.plot(dims, np.sqrt(dims) - np.sqrt(n / 2), ":", color=style.VERMILION)
    gordon_name = r"Gordon, and $\sqrt{d} - \sqrt{n/2}$"
    style.label(ax, 13, 0.7, gordon_name, style.BLUE)
    style.label(ax, 1.2, 4.4, "allowed by (5.8)", style.INK)
    ax.set(xlabel="dimension, $d$", ylabel="distance $f(Z)$", ylim=(-1, 6))
    return figure
