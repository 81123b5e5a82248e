"""Figure 1: feasibility of (3.1) for two clusters at four angles."""

import numpy as np

from nclib import bounds
from nclib.data import two_cluster_means
from nclib.figures import chosen_scale, phase, style

THETAS = (np.pi, 2 * np.pi / 3, np.pi / 3, 0.0)
NAMES = (r"$\pi$", r"$2\pi/3$", r"$\pi/3$", "$0$")


def run(scale=None, design="nested", seed=0, n_jobs=None):
    """Simulate Figure 1.

    Parameters
    ----------
    scale : {"quick", "book", "paper"}, optional
        Book and paper are the paper's size: n = 300, 31 values of d/n in
        [1, 2], 18 noise levels, 10 trials, 4 angles. Quick has n = 60, 6
        noise levels and 6 trials.
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
    n, trials = (60, 6) if quick else (300, 10)
    sigma = phase.SIGMAS[1::3] if quick else phase.SIGMAS
    means = np.stack([two_cluster_means(2, theta) for theta in THETAS])
    ds = np.round(n * np.linspace(1, 2, 31)).astype(int)
    return phase.run_phase(
        means,
        THETAS,
        sigma,
        ds,
        n=n,
        trials=trials,
        design=design,
        seed=seed,
        n_jobs=n_jobs,
        title="Figure 1",
    )


def draw(result):
    """Four panels; returns the matplotlib figure."""
    style.use()
    figure, axes = style.grid(2, 2, 5.6, 2.8, sharex=True, sharey=True)
    for panel, (ax, name) in enumerate(zip(axes.flat, NAMES, strict=True)):
        phase.draw_panel(
            ax,
            result,
            panel,
            lambda d, i=panel: bounds.theorem_4_sigma(
                d, result.n, result.means[i]
            ),
            names=panel == 0,
        )
        phase.draw_enough(ax, result, panel, names=panel == 0)
        ax.set_title(rf"angle $\theta$ = {name}")
    figure.supxlabel(r"noise level $\sigma/\|\mu\|$", color=style.INK)
    figure.supylabel("dimension per sample $d/n$", color=style.INK)
    return figure
