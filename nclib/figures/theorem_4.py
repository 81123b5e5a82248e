"""The pictures of the chapter on Theorem 4 that are not the paper's."""

from nclib.figures import style


def draw_crossing(dims, margins, low, high):
    """The margins of two classes against the dimension.

    Parameters
    ----------
    dims : sequence of int
    margins : pair of sequences
        Class by class, the margin in each dimension.
    low, high : float
        Dimensions between which class 1 is expected to cross zero.
    """
    style.use()
    figure, ax = style.grid()
    ax.axvspan(low, high, color=style.INK, alpha=0.22, lw=0)
    ax.axhline(0, color=style.INK, lw=1)
    for k, (margin, above) in enumerate(
        zip(margins, (-0.3, 0.22), strict=True)
    ):
        color = style.CLASSES[k]
        ax.plot(dims, margin, "o-", ms=4, lw=1.2, color=color)
        place = dims[11], margin[11] + above
        style.label(ax, *place, f"class {k + 1}", color, ha="center")
    ax.set(xlabel="dimension $d$", ylabel="margin")
    return figure


def draw_spare(exact, granted, law):
    """The largest noise of two opposed clusters against spare dimensions.

    Parameters
    ----------
    exact, law : pairs (x, sigma) of arrays
        The exact boundary, and its approximation for small x = (d - n)/n.
    granted : dict
        From m to the pair (x, sigma) of Theorem 4 for n = 10**m.
    """
    style.use()
    figure, ax = style.grid(height=3.6)
    ax.plot(*exact, color=style.INK, lw=3.5)
    ax.plot(*law, ls=":", lw=2.4, color=style.GREEN)
    for (power, (x, sigma)), alpha in zip(
        granted.items(), (1, 0.7, 0.45), strict=True
    ):
        ax.plot(x, sigma, **style.UNION_BOUND, alpha=alpha)
        name = f"$n = 10^{{{power}}}$"
        style.label(ax, 1.05, sigma[-1], name, style.VERMILION, va="center")
    style.label(ax, 0.3, 0.75, "exact", style.INK, ha="right")
    law_name = "dotted: law for small $x$"
    style.label(ax, 0.08, 0.3, law_name, style.GREEN, ha="right")
    ax.set(
        xscale="log",
        yscale="log",
        xlim=(1e-3, 3),
        ylim=(4e-3, 1.5),
        xlabel="spare dimensions per sample, $x = (d-n)/n$",
        ylabel=r"noise level $\sigma$",
    )
    return figure
