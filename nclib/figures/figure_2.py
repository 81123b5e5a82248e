"""Figure 2: feasibility of (3.1) for four orthonormal clusters."""

import numpy as np

from nclib import bounds
from nclib.data import orthonormal_means
from nclib.figures import chosen_scale, phase, style


def run(scale=None, design="nested", seed=0, n_jobs=None):
    """Simulate Figure 2.

    Parameters
    ----------
    scale : {"quick", "book", "paper"}, optional
        Book and paper are the paper's size: K = 4, n = 250, mu_k = e_k, 61
        values of d/n in [1, 4], 18 noise levels, 10 trials. Quick has
        n = 40, 4 noise levels and 4 trials.
    design : {"nested", "independent"}
        One draw a column, or fresh draws in every cell as in the paper.
    seed : int
    n_jobs : int, optional
        Worker processes; all cores by default.

    Returns
    -------
    `nclib.figures.phase.PhaseDiagram`

    Raises
    ------
    TypeError, ValueError
        Naming the argument that is not one of the above.

    Notes
    -----
    Section 3.1. The noise levels are inferred from those of Figure 3.
    """
    quick = chosen_scale(scale) == "quick"
    n, trials = (40, 4) if quick else (250, 10)
    sigma = phase.SIGMAS[2::5] if quick else phase.SIGMAS
    means = orthonormal_means(4, 4)[None]
    ds = np.round(n * np.linspace(1, 4, 61)).astype(int)
    return phase.run_phase(
        means,
        [np.pi / 2],
        sigma,
        ds,
        n=n,
        trials=trials,
        design=design,
        seed=seed,
        n_jobs=n_jobs,
        title="Figure 2",
    )


def draw(result):
    """One panel; returns the matplotlib figure."""
    style.use()
    figure, axes = style.grid(height=3.9)
    phase.draw_panel(
        axes,
        result,
        0,
        lambda d: bounds.theorem_5a_sigma(d, result.n, result.means[0]),
    )
    phase.draw_enough(axes, result, 0)
    axes.set(
        xlabel=r"noise level $\sigma/\|\mu\|$",
        ylabel="dimension per sample $d/n$",
    )
    return figure
