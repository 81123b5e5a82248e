"""The pictures of the chapter on Theorem 2."""

import numpy as np

from nclib.figures import style


def draw_gram(start, end, best):
    """Inner products of features and of classifiers, as colored squares.

    Parameters
    ----------
    start, end : pairs (H, W) of arrays
        Features and classifier before and after a descent.
    best : `nclib.upfm.UPFMSolution`
        The closed form.
    """
    style.use()
    figure, axes = style.grid(2, 3, height=1.8)
    named = {
        "start": start,
        "descent": end,
        "closed form": (best.H, best.W),
    }
    tops = best.b, best.a**2 / best.b
    for column, (title, (H, W)) in zip(axes.T, named.items(), strict=True):
        grams = H @ H.T, W.T @ W
        for ax, gram, top in zip(column, grams, tops, strict=True):
            ax.imshow(gram / top, cmap="RdBu", vmin=-1.4, vmax=1.4)
            ax.set(xticks=[], yticks=[])
        column[0].set_title(title)
    axes[0, 0].set_ylabel(r"$HH^{\top}$")
    axes[1, 0].set_ylabel(r"$W^{\top}W$")
    return figure


def draw_narrow(levels, risks, strengths, floor, K):
    """The least risk against the strength of the penalties.

    Parameters
    ----------
    levels : (m,) array
        Strengths at which descents ran.
    risks : dict
        From the width 1, 2 or 3 to the m risks that the descents reached.
    strengths, floor : (q,) arrays
        The curve of the closed form.
    K : int
        Classes, 3.
    """
    style.use()
    figure, ax = style.grid()
    ax.plot(strengths, floor, color=style.INK, lw=3)
    for D, color, x, height in (
        (3, style.BLUE, 0.26, 0.6),
        (2, style.ORANGE, 0.01, 0.5),
        (1, style.VERMILION, 0.01, 0.9),
    ):
        ax.plot(levels, risks[D], "o", color=color, mec=style.PATCH, ms=8)
        style.label(ax, x, height, f"$D = {D}$", color)
    ax.axvline((K - 1) / K, color=style.INK, ls=":")
    ax.axhline(np.log(K), color=style.INK, lw=1)
    guessing = rf"$\log {K}$: guessing"
    style.label(ax, 0.02, np.log(K) + 0.03, guessing, style.INK)
    ax.set(
        xlabel="strength of the penalties, $s$",
        ylabel="least risk",
        ylim=(0, 1.25),
    )
    return figure


def draw_gap(terms):
    """The four terms of the gap along a descent.

    Parameters
    ----------
    terms : (steps + 1, 4) array
        Predictions, spread, shared neurons and classifier, from the start.
    """
    style.use()
    figure, ax = style.grid()
    steps = np.arange(1, len(terms))
    marks = (
        (style.BLUE, "predictions", 25, 3e-5),
        (style.ORANGE, "spread", 1500, 2e-7),
        (style.GREEN, "shared neurons", 200, 0.12),
        (style.PURPLE, "classifier off the means", 1.2, 2e-3),
    )
    columns = np.array(terms[1:]).T
    for values, (color, text, x, height) in zip(columns, marks, strict=True):
        ax.loglog(steps, np.where(values > 1e-12, values, np.nan), color=color)
        style.label(ax, x, height, text, color)
    ax.set(
        xlabel="steps",
        ylabel="term of the gap",
        ylim=(1e-9, 3),
        xlim=(1, 6000),
    )
    return figure
