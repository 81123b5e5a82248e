"""The pictures of the chapter on other designs."""

import numpy as np

from nclib.figures import style


def draw_designs(n, results):
    """Simulated and predicted critical dimensions, a row a design.

    Parameters
    ----------
    n : int
        Samples of a class of size 1.
    results : dict
        From the name of a design to mean, standard error, prediction, and
        what equal white classes with these means would have.
    """
    style.use()
    figure, ax = style.grid(width=5.6, height=0.34 * len(results) + 1)
    for row, values in enumerate(results.values()):
        mean, error, predicted, plain = np.array(values) / n
        ax.plot(
            plain,
            -row,
            "D",
            color=style.ORANGE,
            ms=6,
            mfc="none",
            mew=1.6,
        )
        ax.plot(
            [predicted] * 2, [-row - 0.36, -row + 0.36], color=style.INK, lw=3
        )
        ax.errorbar(
            mean, -row, xerr=2 * error, fmt="o", color=style.BLUE, lw=2, ms=5
        )
    ax.set_yticks(-np.arange(len(results)), list(results))
    ax.set(xlabel="critical dimension per sample, $d_c/n$")
    return figure


def draw_widths(n, fine, curves, simulated, free):
    """Width of a random layer against the noise of clustered data.

    Parameters
    ----------
    n : int
        Samples in a class.
    fine : (m,) array
        Noise levels.
    curves : dict
        From the dimension of the data to the widths at `fine`.
    simulated : dict
        From dimension and noise level to the widths that draws needed.
    free : float
        The width that labels at random need.
    """
    style.use()
    figure, ax = style.grid(height=3.6)
    ax.axhline(free / n, color=style.INK, ls=":")
    style.label(ax, 0.04, free / n + 0.012, "labels at random", style.INK)
    for d, color in zip(curves, (style.BLUE, style.ORANGE), strict=True):
        ax.plot(fine, curves[d] / n, color=color, lw=3)
        for (dimension, sigma), widths in simulated.items():
            if dimension != d:
                continue
            error = widths.std(ddof=1) / np.sqrt(len(widths))
            ax.errorbar(
                sigma,
                widths.mean() / n,
                yerr=2 * error / n,
                fmt="o",
                color=color,
                mec=style.PATCH,
                ms=7,
                lw=2,
            )
        at = len(fine) // 2
        style.label(
            ax,
            fine[at] - 0.03,
            curves[d][at] / n + 0.01,
            f"$d = {d}$",
            color,
            ha="right",
            va="bottom",
        )
    ax.set(
        xlabel=r"noise $\sigma$",
        ylabel="neurons per sample of a class, $d_1/n$",
        xlim=(0, fine[-1]),
        ylim=(0.98, free / n + 0.06),
    )
    return figure


def draw_minority(sizes, lengths, vanish):
    """The feature of a small class against its size, at two penalties.

    Parameters
    ----------
    sizes : (m,) array
        Sizes of the small class.
    lengths, vanish : dicts
        From the product of the penalties, 0.001 and 0.0025, to the squared
        length of the feature, relative to the others, and to the size up to
        which it is zero.
    """
    style.use()
    figure, ax = style.grid()
    colors = style.BLUE, style.ORANGE
    places = (10.2, 0.87), (13.8, 0.3)
    for product, color, place in zip(lengths, colors, places, strict=True):
        ax.plot(
            sizes,
            lengths[product],
            "o-",
            color=color,
            lw=1,
            mec=style.PATCH,
            ms=7,
        )
        ax.axvline(vanish[product], color=color, ls=":")
        name = rf"$\lambda_W\lambda_H$ = {product:.4f}"
        style.label(ax, *place, name, color, va="center")
    ax.set(
        xlabel="samples in the small class",
        xticks=[1, 5, 10, 15, 20],
        ylabel=r"$\|h_3\|^2 / \|h_1\|^2$",
    )
    return figure
