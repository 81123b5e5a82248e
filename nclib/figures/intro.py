"""The picture of the first page."""

from nclib import bounds
from nclib.figures import phase, style


def draw_answer(result):
    """One panel of Figure 1, with words on its two regions.

    Parameters
    ----------
    result : `nclib.figures.phase.PhaseDiagram`
        What `nclib.figures.figure_1.run` returns.
    """
    style.use()
    figure, ax = style.grid(height=3.6)
    phase.draw_panel(
        ax,
        result,
        0,
        lambda d: bounds.theorem_4_sigma(d, result.n, result.means[0]),
    )
    ax.set(
        xlabel=r"noise level $\sigma/\|\mu\|$",
        ylabel="dimension per sample $d/n$",
    )
    ax.text(0.55, 1.62, "collapse is possible", color="black", fontsize=11)
    ax.text(0.55, 1.12, "impossible", color="white", fontsize=11)
    return figure
