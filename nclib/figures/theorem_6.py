"""The pictures of the chapter on Theorem 6."""

import numpy as np

from nclib.figures import style


def draw_layer(n, d1, widths, rank, predicted, center, three):
    """Above, collapse as a random layer widens; below, three widths.

    Parameters
    ----------
    n : int
        Samples in a class.
    d1 : (m,) array
        Widths of the layer.
    widths : (draws, K) array
        Width at which each class collapses.
    rank : sequence
        Rank of the features, as a share of N, at every twelfth width.
    predicted : (m,) array
        Probability that a class can collapse.
    center : float
        Of the predicted transition, as a share of n.
    three : dict
        From the name of a data set to its widths for collapse, for rank N,
        and of Theorem 6.
    """
    style.use()
    figure, (above, below) = style.grid(2, 1, height=2.7, height_ratios=[3, 2])
    above.plot(d1[::12] / n, rank, color=style.BLUE)
    above.plot(d1 / n, predicted, color=style.INK, lw=1.2)
    one_class = (widths[..., None] <= d1).mean(axis=(0, 1))
    all_classes = (widths.max(axis=1)[:, None] <= d1).mean(axis=0)
    above.plot(d1 / n, one_class, color=style.GREEN, lw=3)
    above.plot(d1 / n, all_classes, color=style.GREEN, ls="--")
    K = widths.shape[1]
    for value, text in ((center, r"$\delta_{\mathrm{int}}$"), (K, "$N$")):
        above.axvline(value, color=style.INK, lw=1, ls=":")
        style.label(above, value + 0.05, 0.06, text, style.INK)
    style.label(above, 2.3, 0.88, "can collapse", style.GREEN)
    style.label(above, 3.0, 0.55, "rank / $N$", style.BLUE)
    above.set(
        xlabel="neurons per sample of a class, $d_1/n$",
        ylabel="share",
        ylim=(-0.04, 1.08),
    )
    colors = style.GREEN, style.BLUE, style.VERMILION
    for row, values in enumerate(three.values()):
        for value, color in zip(values, colors, strict=True):
            below.plot(value, row, "o", ms=9, color=color)
    below.set(
        xscale="log",
        yticks=range(len(three)),
        yticklabels=list(three),
        xlabel="width $d_1$",
        ylim=(3.5, -0.9),
    )
    largest = max(theorem for *_, theorem in three.values())
    style.label(below, 60, -0.45, "truth", style.GREEN)
    style.label(
        below, largest, -0.45, "Theorem 6", style.VERMILION, ha="right"
    )
    return figure


def draw_kernel(fine, curves, theta, simulated):
    """The kernel against the angle: the covariance and two prints.

    Parameters
    ----------
    fine, theta : arrays
        Angles in radians, of the curves and of the simulation.
    curves : dict
        From "theorem_6", "corrected" and "lemma_9" to the kernel at `fine`.
    simulated : array
        Covariances at `theta`.
    """
    style.use()
    figure, ax = style.grid()
    looks = {
        "theorem_6": (style.GREEN, 2, "Theorem 6", (62, 0.35)),
        "corrected": (style.INK, 3.5, "covariance", (2, 0.07)),
        "lemma_9": (style.VERMILION, 2, "Lemma 9", (62, -0.28)),
    }
    for name, (color, width, text, at) in looks.items():
        ax.plot(np.degrees(fine), curves[name], color=color, lw=width)
        style.label(ax, *at, text, color)
    ax.plot(np.degrees(theta), simulated, "o", ms=6, color=style.BLUE)
    ax.axhline(0, color=style.INK, lw=0.8)
    ax.set(
        xlabel="angle in degrees", ylabel="kernel", xticks=range(0, 181, 45)
    )
    return figure


def draw_classes(classes, predicted, single, joint):
    """The width that collapse needs against the number of classes.

    Parameters
    ----------
    classes : (m,) array
        Numbers of classes.
    predicted : (m,) sequence
        Width of one class, per sample of a class.
    single, joint : dicts
        From the number of classes to measured widths, per sample of a class,
        for one class and for all of them at once.
    """
    style.use()
    figure, ax = style.grid()
    ax.plot(classes, predicted / classes, color=style.INK, lw=3.5)
    ax.axhline(1, color=style.BLUE)
    for K, widths in single.items():
        error = widths.std(ddof=1) / np.sqrt(len(widths))
        ax.errorbar(
            K,
            widths.mean() / K,
            2 * error / K,
            fmt="o",
            ms=7,
            color=style.GREEN,
        )
        ax.plot(
            K,
            joint[K].mean() / K,
            "o",
            ms=11,
            mfc="none",
            mew=2,
            color=style.ORANGE,
        )
    style.label(ax, 13.5, 1.03, "rank $N$", style.BLUE)
    style.label(ax, 10.2, 0.11, "one class", style.GREEN)
    style.label(ax, 10.7, 0.34, "all classes", style.ORANGE)
    ax.set(
        xlabel="classes, $K$",
        ylabel="width / samples, $d_1/N$",
        ylim=(0, 1.15),
        xticks=[2, 4, 10, 15, 20],
    )
    return figure
