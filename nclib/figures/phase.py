"""What Figures 1 and 2 share: the success rate of (3.1) over (sigma, d)."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from scipy.optimize import isotonic_regression

from nclib import bounds
from nclib._checks import check_choice, check_integer
from nclib.asymptotics import phase_boundary
from nclib.figures import style
from nclib.figures.record import Record, provenance
from nclib.finite import needed_dimensions
from nclib.sweep import sweep
from nclib.transition import Design, column

DESIGNS = ("nested", "independent")
# The paper's axis is not stated; these values contain, rounded, the six
# noise levels of its Figure 3.
SIGMAS = 0.8 / 9 * np.arange(1, 19)


@dataclass(frozen=True)
class PhaseDiagram(Record):
    """Success rates of (3.1) for class 0, and how they were obtained.

    Attributes
    ----------
    rate : (panels, sigmas, ds) array
        Fraction of feasible draws.
    means : (panels, K, p) array
        The class means in the coordinates that carry them.
    theta : (panels,) array
        Angle between the first two means, in radians.
    sigma : (sigmas,) array
    d : (ds,) int array
    n, trials : int
    provenance : dict
        Design, seed, versions, machine, seconds, hash of the code.
    """

    rate: np.ndarray
    means: np.ndarray
    theta: np.ndarray
    sigma: np.ndarray
    d: np.ndarray
    n: int
    trials: int
    provenance: dict

    def contour(self):
        """d/n at which the monotone fit of the rate crosses one half.

        Returns
        -------
        (panels, sigmas) array
            nan where the crossing lies outside the range of d.
        """
        result = np.full(self.rate.shape[:2], np.nan)
        for index in np.ndindex(result.shape):
            fit = isotonic_regression(self.rate[index]).x
            after = int(np.searchsorted(fit, 0.5))
            if 0 < after < len(fit):
                low, high = fit[after - 1], fit[after]
                share = (0.5 - low) / (high - low)
                before, there = self.d[after - 1], self.d[after]
                result[index] = (before + share * (there - before)) / self.n
        return result

    def center(self):
        """Mean critical d/n, (panels, sigmas): the area above the rate.

        Unlike `contour` it is unbiased for both designs up to the grid, and
        its standard error is known.
        """
        step = np.diff(self.d).mean()
        below = (1.0 - self.rate).sum(axis=-1)
        return (self.d[0] + step * (below - 0.5)) / self.n

    def center_error(self):
        """Predicted standard error of `center`, (panels, sigmas)."""
        step = np.diff(self.d).mean()
        result = np.empty(self.rate.shape[:2])
        for index, boundary in self.boundaries():
            if self.provenance["design"] == "nested":
                spread = boundary.width(self.n) ** 2 + step**2 / 12
            else:
                P = boundary.probability(self.d, self.n)
                spread = step**2 * (P * (1.0 - P)).sum()
            result[index] = np.sqrt(spread / self.trials) / self.n
        return result

    def boundaries(self):
        """Yield ((panel, column), exact `Boundary`) for every column."""
        for i, means in enumerate(self.means):
            for j, sigma in enumerate(self.sigma):
                yield (i, j), phase_boundary(means, sigma)

    def band(self, level=0.9):
        """Predicted (center, low, high) of d/n, each (panels, sigmas)."""
        result = np.empty((3, *self.rate.shape[:2]))
        for index, boundary in self.boundaries():
            low, high = boundary.band(self.n, level)
            result[:, *index] = (low + high) / 2, low, high
        return result

    def share_in_band(self, level=0.9):
        """Share of the columns whose 50 % contour lies in the band."""
        _, low, high = self.band(level)
        contour = self.contour()
        known = np.isfinite(contour)
        inside = (low <= contour) & (contour <= high)
        return float(inside[known].mean())

    def agreement(self, level=0.9):
        """How the transition follows the exact boundary.

        Returns
        -------
        outside : int
            Columns whose 50 % contour is not in the band, or not to be seen.
        distance, columns : float, int
            Chi-square of the centers and its degrees of freedom.
        """
        center, low, high = self.band(level)
        contour = self.contour()
        inside = (low <= contour) & (contour <= high)
        z = (self.center() - center) / self.center_error()
        return int((~inside).sum()), float((z**2).sum()), z.size


def run_phase(
    means, theta, sigma, ds, *, n, trials, design, seed, n_jobs, title
):
    """Success rates for every panel, noise level and dimension."""
    check_choice("design", design, DESIGNS)
    seed = check_integer("seed", seed, 0)
    started = perf_counter()
    ds = [int(d) for d in ds]
    tasks = []
    for panel in means:
        for s in sigma:
            center = n * phase_boundary(panel, s).delta
            start = int(np.searchsorted(ds, center))
            tasks.append((Design(panel, s, n, ds, trials, design, start),))
    counts = sweep(column, tasks, seed, n_jobs, title)
    return PhaseDiagram(
        rate=np.reshape(counts, (len(means), len(sigma), len(ds))) / trials,
        means=np.asarray(means),
        theta=np.asarray(theta),
        sigma=np.asarray(sigma),
        d=np.asarray(ds),
        n=n,
        trials=trials,
        provenance=provenance(started, design=design, seed=seed),
    )


def draw_panel(axes, result, panel, union, names=True):
    """Heat map, the paper's two curves, and the exact boundary."""
    sigma, ratio = result.sigma, result.d / result.n
    K = result.means.shape[1]
    axes.pcolormesh(
        sigma,
        ratio,
        result.rate[panel].T,
        cmap=style.RATE,
        vmin=0,
        vmax=1,
        shading="nearest",
        rasterized=True,
    )
    # Cells fill the axes: where nothing was drawn, nothing may look white.
    left, right = axes.dataLim.intervalx
    axes.set(xlim=(left, right), ylim=axes.dataLim.intervaly)
    fine = np.linspace(left, right, 80)
    exact = [phase_boundary(result.means[panel], s) for s in fine]
    # No band at the left end, where n is too small for it.
    known = [b.least_n <= result.n for b in exact]
    bands = [b.band(result.n) for b in np.array(exact)[known]]
    low, high = np.transpose(bands)
    axes.fill_between(fine[known], low, high, color="black", alpha=0.22, lw=0)
    delta = np.array([b.delta for b in exact])
    axes.plot(fine, delta, **style.EXACT)
    d = np.linspace(ratio[0], ratio[-1], 400) * result.n
    axes.plot(union(d), d / result.n, **style.UNION_BOUND)
    gordon = bounds.theorem_5b_ratio(result.n, K)
    axes.axhline(gordon, **style.GORDON)
    if names:
        height = ratio[-1] - ratio[0]
        x = sigma[-1] * 0.97
        _label(
            axes,
            x,
            gordon + 0.02 * height,
            "Gordon (2.17)",
            style.BLUE,
            ha="right",
            va="bottom",
        )
        _label(
            axes,
            x,
            delta[-1] - 0.1 * height,
            "exact",
            style.BLACK,
            ha="right",
            va="center",
        )
        top = float(union(np.array([d[-1]]))[0])
        _label(
            axes,
            top + 0.02 * sigma[-1],
            ratio[-1] - 0.05 * height,
            "union bound",
            style.VERMILION,
            va="center",
        )


def draw_enough(axes, result, panel, names=True):
    """The d/n at which class 0 provably fails with a chance of at most 1/n."""
    n, means = result.n, result.means[panel]
    # As far as the map reaches, whose cells are wider than their centers.
    sigma = np.linspace(0.02, axes.get_xlim()[1], 14)
    enough = [needed_dimensions(means, s, n, 1 / n, k=0) / n for s in sigma]
    axes.plot(sigma, enough, **style.ENOUGH)
    if names:
        _label(
            axes,
            result.sigma[-1] * 0.97,
            enough[-1] + 0.02 * np.ptp(axes.get_ylim()),
            "enough, proved",
            style.GREEN,
            ha="right",
            va="bottom",
        )


def _label(*arguments, **options):
    """A label on the map, which stays white on a dark page."""
    text = style.label(*arguments, **options)
    text.set_color(style.fixed(text.get_color()))
    text.get_bbox_patch().set_facecolor(style.fixed(style.PATCH))
