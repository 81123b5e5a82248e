"""The pictures of the chapter on Theorem 3."""

import numpy as np

from nclib.figures import style


def draw_plane(X, X_moved, y):
    """Two data sets in the plane, and what the neuron of class 0 says.

    Parameters
    ----------
    X, X_moved : (4, 2) arrays
        Class 0 at (2, 1) and (1, 2); in the second, class 1 has (1, 1).
    y : (4,) array
        Labels, 0 or 1.
    """
    style.use()
    figure, axes = style.grid(1, 2, height=2.7, sharey=True)
    t = np.array([-3.0, 4.0])
    for ax, data, title in zip(
        axes, (X, X_moved), ("it collapses", "it cannot"), strict=True
    ):
        ax.fill_between(t, -t, -4, color=style.INK, alpha=0.15, linewidth=0)
        ax.plot(t, 3 - t, color=style.BLUE)
        ax.plot(t, -t, color=style.BLUE, linestyle="--")
        for k in range(2):
            ax.plot(*data[y == k].T, "o", color=style.CLASSES[k], ms=9)
        ax.set(
            title=title,
            xlim=(-2.6, 3.2),
            ylim=(-2.8, 3.2),
            aspect="equal",
            xlabel="coordinate 1",
        )
    axes[1].plot(1, 1, "o", ms=18, mfc="none", color=style.VERMILION)
    axes[0].set_ylabel("coordinate 2")
    style.label(axes[0], 0.75, 2.65, "says 1", style.BLUE)
    style.label(axes[0], -1.95, 2.3, "says 0", style.BLUE)
    return figure


def draw_digits(feasible, silent, full_rank):
    """How many of the ten digits can collapse, and where each one stops.

    Parameters
    ----------
    feasible, silent : lists of int
        Digit by digit, the last feasible n, and the last n before
        Theorem 3(c) excludes it.
    full_rank : int
        The last n of Theorem 3(b).
    """
    style.use()
    figure, (count, rows) = style.grid(
        2, 1, height=2.6, sharex=True, height_ratios=[2, 3]
    )
    n = np.arange(0, 57)
    yes, no = (0, full_rank + 0.5), (min(silent) + 0.5, 56)
    for ax in (count, rows):
        ax.axvspan(*yes, color=style.BLUE, alpha=0.15, lw=0)
        ax.axvspan(*no, color=style.VERMILION, alpha=0.15, lw=0)
    able = [sum(f >= m for f in feasible) for m in n]
    count.step(n, able, where="mid", color=style.INK, linewidth=3)
    count.set(ylim=(0, 12.8), yticks=[0, 5, 10], ylabel="digits that can")
    style.label(count, 0.6, 11.2, "(b): yes", style.BLUE)
    style.label(count, 20, 11.2, "the theorem is silent", style.INK)
    style.label(count, 47.5, 11.2, "(c): no", style.VERMILION)
    red = dict(color=style.VERMILION)
    for k, (last, before) in enumerate(zip(feasible, silent, strict=True)):
        rows.plot([1, last], [k, k], color=style.BLUE, alpha=0.35)
        rows.plot(last, k, "o", color=style.BLUE)
        rows.plot(last + 1, k, "x", mew=2, **red)
        rows.plot(before + 1, k, "|", ms=13, mew=3, **red)
    rows.set(
        xlabel="images per digit, $n$",
        ylabel="digit",
        xlim=(0, 56),
        yticks=range(10),
    )
    rows.invert_yaxis()
    return figure


def draw_ghost(from_ones, from_others):
    """The two mixtures that agree, each with its three largest parts.

    Parameters
    ----------
    from_ones, from_others : tuples (mixture, weights, samples)
        Images of 64 pixels; ``mixture = weights @ samples``.
    """
    style.use()
    figure, axes = style.grid(2, 4, height=1.6)
    recipes = {"from ones": from_ones, "from others": from_others}
    for row, (name, recipe) in zip(axes, recipes.items(), strict=True):
        mixture, weights, samples = recipe
        order = np.argsort(-weights)[:3]
        pictures = [mixture, *samples[order]]
        titles = [name, *(f"{w:.2f} ×" for w in weights[order])]
        for ax, picture, title in zip(row, pictures, titles, strict=True):
            ax.imshow(picture.reshape(8, 8), cmap="gray_r")
            ax.set(title=title, xticks=[], yticks=[])
    return figure


def draw_margin(sizes, margins):
    """The margin of three digits against the number of images.

    Parameters
    ----------
    sizes : sequence of int
    margins : dict
        From the digits 1, 8 and 0 to the margin at each size.
    """
    style.use()
    figure, ax = style.grid()
    ax.axhline(0, color=style.INK, linewidth=1)
    marks = {
        1: (style.BLUE, 24, 0.24),
        8: (style.ORANGE, 22, -0.12),
        0: (style.GREEN, 37, 0.62),
    }
    for k, (color, _, _) in marks.items():
        ax.plot(sizes, margins[k], "o-", ms=4, color=color)
    for k, (color, x, height) in marks.items():
        style.label(ax, x, height, f"digit {k}", color)
    ax.set(xlabel="images per digit, $n$", ylabel="margin", ylim=(-1.05, 1.05))
    return figure
