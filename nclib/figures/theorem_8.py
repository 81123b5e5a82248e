"""The pictures of the chapter on Theorem 8."""

import numpy as np

from nclib.figures import style
from nclib.figures.live import packed

RULES = {
    "error": (style.BLUE, "tie = error"),
    "half": (style.GREEN, "tie = random guess"),
    "correct": (style.ORANGE, "tie = correct"),
}


def votes(beta1, beta2, nu, mu, s, points):
    """The data of two neurons that vote on points of the first class.

    Parameters
    ----------
    beta1, beta2 : (d,) arrays
        The neurons.
    nu : (d,) array
        A unit vector orthogonal to both and to ``mu``.
    mu : (d,) array
        Unit mean of the first class.
    s : float
        Noise.
    points : (m, d) array
    """
    outputs = points @ np.array([beta1, beta2, nu]).T
    reach = np.abs(outputs).max(axis=0)
    return dict(
        s=s,
        gram=[beta1 @ beta1, beta1 @ beta2, beta2 @ beta2],
        means=[mu @ beta1 / s, mu @ beta2 / s],
        reach=reach.round(4).tolist(),
        cloud=packed((outputs / reach + 1) / 2),
    )


def draw_silence(outputs):
    """Points of the first class, by the inputs of two neurons.

    Parameters
    ----------
    outputs : dict
        From the length N of the extra vector to a pair of arrays: what the
        first and what the second neuron computes before the ReLU.
    """
    style.use()
    figure, axes = style.grid(1, len(outputs), 5.6, 3.0)
    for ax, (N, (a, b)) in zip(axes, outputs.items(), strict=True):
        tie = (a <= 0) & (b <= 0)
        right = ~tie & (a > b)
        R = 1.05 * max(np.abs(a).max(), np.abs(b).max())
        ax.fill_between([-R, 0], -R, 0, color=style.INK, alpha=0.15, lw=0)
        for part, color in (
            (tie, style.INK),
            (right, style.BLUE),
            (~tie & ~right, style.VERMILION),
        ):
            dots = dict(ms=4, color=color, rasterized=True)
            ax.plot(a[part], b[part], ".", **dots)
        ax.plot([0, R], [0, R], color=style.INK, lw=1.2)
        ax.set(
            xlim=(-R, R),
            ylim=(-R, R),
            aspect="equal",
            xlabel="first neuron",
            title=f"the same, plus ${N}\\nu$" if N else "the two best",
        )
    axes[0].set_ylabel("second neuron")
    return figure


def draw_ties(lengths, errors, printed, bayes):
    """Errors of a pair by the length of the extra vector and the tie rule.

    Parameters
    ----------
    lengths : (m,) array
        Lengths, 0 among them, which is drawn at the left end.
    errors : dict
        From a tie rule to the m errors.
    printed, bayes : float
        The bound (2.28), and the Bayes error.
    """
    style.use()
    figure, ax = style.grid(height=3.6)
    shown = lengths + 0.02 * (lengths == 0)
    for ties, (color, _) in RULES.items():
        ax.plot(shown, errors[ties], color=color, lw=2.4)
    ax.axhline(printed, color=style.VERMILION, lw=1.6)
    ax.axhline(bayes, color=style.INK, lw=1.4, ls="--")
    ax.set(
        xscale="log",
        xlim=(0.02, lengths[-1]),
        ylim=(0.12, 0.7),
        ylabel="error",
        xlabel=r"length of the extra vector $\nu$",
    )
    ax.set_xticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
    ax.minorticks_off()
    ends = [errors[ties][-1] for ties in RULES]
    colors, names = zip(*RULES.values(), strict=True)
    style.name_ends(
        ax,
        [*ends, printed, bayes],
        [*names, "(2.28)", "Bayes"],
        [*colors, style.VERMILION, style.INK],
    )
    return figure


def draw_last_sentence(noise, neuron, hyperplane, printed):
    """Cosines that are possible, and what the proof's last sentence says.

    Parameters
    ----------
    noise : (m,) array
        Noise levels.
    neuron, printed : (m,) arrays
        The best cosine of one neuron, and the printed bound on it.
    hyperplane : float
        The cosine of one hyperplane.
    """
    style.use()
    figure, ax = style.grid()
    ax.plot(noise, neuron, **style.EXACT | dict(color=style.INK))
    ax.axhline(hyperplane, color=style.BLUE)
    ax.plot(noise, printed, **style.UNION_BOUND)
    ax.axhline(1, color=style.INK, ls="--", lw=1.2)
    ax.set(
        xlabel="noise level $s$",
        ylabel="cosine",
        ylim=(0.4, 1.6),
        xlim=(2, noise[-1]),
    )
    style.name_ends(
        ax,
        [1, neuron[-1], hyperplane, printed[-1]],
        ["Bayes", "one neuron", "one hyperplane", "last sentence"],
        [style.INK, style.INK, style.BLUE, style.VERMILION],
    )
    return figure


def draw_free(delta, one, four, dots):
    """What collapse costs with one neuron a class and with two.

    Parameters
    ----------
    delta : (m,) array
        Dimensions per sample of a class, d/n.
    one, four : dicts
        From the noise level to the m factors on the noise variance.
    dots : dict
        From the noise level to {delta: factors of simulated separators}.
    """
    style.use()
    figure, ax = style.grid()
    colors = (style.BLUE, style.GREEN, style.ORANGE)
    for (s, factor), color in zip(one.items(), colors, strict=True):
        ax.plot(delta, factor, color=color)
        ax.plot(delta, four[s], "--", color=color)
        for x, found in dots[s].items():
            ax.plot([x] * len(found), found, ".", color=color, ms=5)
        place = dict(ha="right", va="center")
        style.label(ax, 2.0, factor[0], f"$s$ = {s:g}", color, **place)
    ax.axhline(1, color=style.INK, lw=1)
    style.label(ax, 4.2, 1.85, "solid: one neuron a class", style.INK)
    style.label(ax, 4.2, 1.65, "dashed: two neurons a class", style.INK)
    ax.set(
        xscale="log",
        xlabel="dimensions per sample, $d/n$",
        ylabel="factor $q^2$ on the noise",
        xlim=(1.2, 21),
        ylim=(0.95, 3.2),
    )
    ax.set_xticks([2, 3, 5, 10, 20], ["2", "3", "5", "10", "20"])
    ax.minorticks_off()
    return figure
