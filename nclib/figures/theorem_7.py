"""The pictures of the chapter on Theorem 7."""

import numpy as np
from scipy.special import ndtr

from nclib.figures import style

LEVELS = (style.BLUE, style.GREEN, style.ORANGE, style.PURPLE)


def draw_price(cosines, fine, curves):
    """Errors of collapsed neurons, and collapse as a factor on the noise.

    Parameters
    ----------
    cosines : dict
        From the noise level to a dict from d/n to simulated cosines 1/q.
    fine : (m,) array
        Values of d/n, above 3/2.
    curves : dict
        From the noise level to the limit of the error at ``fine``.
    """
    style.use()
    figure, (left, right) = style.grid(1, 2, 5.6, 3.2)
    for (s, found), color in zip(cosines.items(), LEVELS, strict=True):
        bayes = ndtr(-1 / s)
        left.plot(fine, curves[s], color=color)
        left.axhline(bayes, color=color, ls="--", lw=1.2)
        dot = dict(marker="o", color=color, mec=style.PATCH)
        for delta, cosine in found.items():
            left.plot(delta, ndtr(-cosine / s).mean(), **dot)
            right.plot(delta, np.mean(1 / cosine**2), **dot)
    left.set(xscale="log", yscale="log", ylabel="error")
    right.fill_between(
        fine,
        fine / (fine - 1),
        fine / (fine - 1.5),
        lw=0,
        color=style.INK,
        alpha=0.25,
    )
    right.set(xscale="log", ylim=(0, 5.5), ylabel="factor $q^2$")
    right.axhline(1, color=style.INK, ls="--", lw=1.2)
    style.label(right, 2, 0.4, "no cost", style.INK)
    style.label(right, 3.2, 2.8, "all noise\nlevels", style.INK)
    label = "dimensions per sample, $d/n$"
    figure.supxlabel(label, color=style.INK)
    for ax in (left, right):
        ax.set_xticks([2, 4, 8], ["2", "4", "8"])
        ax.minorticks_off()
        ax.set_xlim(1.6, fine[-1])
    style.name_ends(
        left,
        [ndtr(-1 / s) for s in cosines],
        [f"$s$ = {s:g}" for s in cosines],
        LEVELS,
    )
    return figure


def draw_beta(square, law, c, band, simulated):
    """Squared cosines against the Beta law, and the error it implies.

    Parameters
    ----------
    square : (draws,) array
        Simulated squared cosines.
    law : frozen distribution of scipy
        Their law.
    c : (m,) array
        Constants in (2.27).
    band : three (m,) arrays
        Low, median and high error at ``c``, in units of 1/n^2.
    simulated : dict
        From a constant to simulated errors, in the same unit.
    """
    style.use()
    figure, (left, right) = style.grid(1, 2, 5.6, 2.9)
    x = np.linspace(0.18, 0.5, 100)
    left.plot(x, law.cdf(x), color=style.BLUE)
    share = np.arange(1, len(square) + 1) / len(square)
    left.step(np.sort(square), share, where="post", color=style.ORANGE, lw=1.6)
    left.set(xlabel="squared cosine", ylabel="share of draws")
    low, median, high = band
    right.fill_between(c, low, high, color=style.BLUE, alpha=0.25, lw=0)
    right.plot(c, median, color=style.BLUE)
    for value, errors in simulated.items():
        place = np.full(len(errors), value)
        right.plot(place, errors, ".", color=style.ORANGE)
    right.axhline(1, color=style.INK, lw=1.2, ls="--")
    right.axvline(0.5, color=style.INK, lw=1.2, ls=":")
    right.set(
        yscale="log",
        xlabel="constant $c$",
        ylabel="error / $n^{-2}$",
        ylim=(1e-6, 1e4),
    )
    return figure


def draw_crossing(s, exact, printed, corrected, optima):
    """The factor on the noise variance, and what two bounds say of it.

    Parameters
    ----------
    s : (m,) array
        Noise levels.
    exact, printed, corrected : (m,) arrays
        The factor, (2.28), and the corrected bound.
    optima : dict
        From a noise level to simulated factors.
    """
    style.use()
    figure, ax = style.grid()
    ax.fill_between(
        s,
        exact,
        printed,
        where=printed > exact,
        lw=0,
        color=style.VERMILION,
        alpha=0.18,
    )
    ax.plot(s, printed, **style.UNION_BOUND)
    ax.plot(s, corrected, color=style.GREEN)
    ax.plot(s, exact, **style.EXACT | dict(color=style.INK))
    dot = dict(ms=4, color=style.BLUE, mec=style.PATCH, mew=0.5)
    for level, factors in optima.items():
        ax.plot(np.full(len(factors), level), factors, "o", **dot)
    ax.set(
        xscale="log",
        xlabel="noise level $s$",
        ylim=(0.98, 1.62),
        ylabel="factor on the noise variance",
    )
    ax.set_xticks([0.3, 1, 3, 10, 30], ["0.3", "1", "3", "10", "30"])
    style.label(ax, 0.45, 1.4, "as printed", style.VERMILION)
    style.label(ax, 1.1, 1.17, "truth", style.INK)
    style.label(ax, 1.0, 1.046, "corrected", style.GREEN)
    return figure
