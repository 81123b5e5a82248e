"""The pictures of the chapter on the exact boundary."""

import numpy as np

from nclib.figures import style

NOISES = {0.2: style.BLUE, 0.5: style.GREEN, 2.0: style.ORANGE}


def draw_boundary(n, fine, curves, simulated, predicted):
    """Critical dimensions of two clusters, and the exact boundary.

    Parameters
    ----------
    n : int
        Samples in a class.
    fine : (m,) array
        Noise levels of the curves.
    curves : dict
        From the angle in degrees, 180, 45 or 0, to the boundary at `fine`.
    simulated : dict
        From angle and noise level to critical dimensions.
    predicted : frozen distribution of scipy
        Of the critical dimensions at 180 degrees and noise 0.5.
    """
    style.use()
    figure, (ax, strip) = style.grid(
        1, 2, height=3.7, sharey=True, gridspec_kw=dict(width_ratios=[4, 1])
    )
    colors = {180: style.BLUE, 45: style.GREEN, 0: style.ORANGE}
    for degrees, color in colors.items():
        ax.plot(fine, curves[degrees], color=color, lw=3)
        for (angle, sigma), d in simulated.items():
            if angle != degrees:
                continue
            x = sigma + np.linspace(-0.03, 0.03, len(d))
            ax.plot(
                x, d / n, ".", color=color, ms=2, alpha=0.5, rasterized=True
            )
            mean = (d.mean() - 0.5) / n
            ax.plot(sigma, mean, "o", color=color, ms=7, mec=style.PATCH)
    for row, degrees in enumerate((0, 45, 180)):
        name = f"{degrees} degrees"
        style.label(ax, 1.2, 1.17 - 0.06 * row, name, colors[degrees])
    ax.set(
        xlabel=r"noise $\sigma$",
        ylabel="dimensions per sample, $d/n$",
        xlim=(0, 2.1),
        ylim=(1, 1.65),
    )
    d = simulated[180, 0.5]
    cells = np.arange(d.min() - 1, d.max() + 2)
    strip.barh(
        cells / n,
        [(d == c).mean() for c in cells],
        height=0.8 / n,
        color=style.BLUE,
        alpha=0.45,
    )
    levels = np.linspace(1, 1.65, 200)
    strip.plot(predicted.pdf(levels * n), levels, color=style.INK, lw=2)
    strip.set(xlabel="share", xticks=[])
    return figure


def draw_cone(half, angles, chances):
    """Lines that meet a wedge, and subspaces that meet an orthant.

    Parameters
    ----------
    half : float
        Half the opening of the wedge, in radians.
    angles : sequence of float
        Of the lines.
    chances : dict
        From N = 10, 60 and 1000 to the chance of a subspace of each
        dimension 1 to N to meet the positive orthant.
    """
    style.use()
    figure, (ax, curve) = style.grid(1, 2, 5.6, 2.8)
    x, y = 3 * np.cos(half), 3 * np.sin(half)
    ax.fill([0, x, x], [0, y, -y], color=style.ORANGE, alpha=0.35, lw=0)
    for angle in angles:
        meets = abs(angle) < half
        x, y = 1.6 * np.cos(angle), 1.6 * np.sin(angle)
        ax.plot(
            [-x, x],
            [-y, y],
            lw=2 if meets else 1.2,
            color=style.BLUE if meets else style.INK,
            ls="-" if meets else ":",
        )
    ax.set(
        xlim=(-1.6, 1.6),
        ylim=(-1.6, 1.6),
        aspect="equal",
        xticks=[],
        yticks=[],
    )
    ax.spines[:].set_visible(False)
    looks = {
        10: (style.SKY, 0.06, 0.36),
        60: (style.BLUE, 0.64, 0.72),
        1000: (style.PURPLE, 0.55, 0.18),
    }
    for N, (color, x, y) in looks.items():
        curve.plot(np.arange(1, N + 1) / N, chances[N], color=color)
        style.label(curve, x, y, f"N = {N}", color)
    curve.set(
        xlabel=r"dimension of the subspace, $\ell/N$",
        ylabel="chance to meet the cone",
    )
    return figure


def draw_profile(c, F, D):
    """The limit program along a line, and the programs of data sets.

    Parameters
    ----------
    c : (m,) array
        Coefficient of the line.
    F, D : dicts
        From the noise level, 0.2, 0.5 or 2, to the limit at `c`, and to the
        programs of several data sets.
    """
    style.use()
    figure, ax = style.grid()
    for sigma, color in NOISES.items():
        best, least = c[F[sigma].argmin()], F[sigma].min()
        ax.plot(c, F[sigma], color=color, lw=3.5)
        ax.plot(best, least, "o", color=color, ms=9, mec=style.PATCH, zorder=5)
        for sample in D[sigma]:
            ax.plot(c, sample, color=color, lw=0.7, alpha=0.6)
    ax.set(
        xlabel="coefficient $c$",
        ylabel="limit $F(v)$ and its samples",
        xlim=(c[0], c[-1]),
        ylim=(0.9, 2.2),
    )
    ends = [values[-1] for values in F.values()]
    names = [rf"$F$, $\sigma$ = {sigma}" for sigma in F]
    style.name_ends(ax, ends, names, [NOISES[sigma] for sigma in F])
    return figure


def draw_universality(results):
    """Simulated minus predicted critical dimensions, a row a case.

    Parameters
    ----------
    results : dict
        From the name of a case to mean, standard error, and prediction.
    """
    style.use()
    figure, ax = style.grid(width=5.6, height=3.2)
    ax.axvline(0, color=style.INK, lw=1.5)
    for row, (mean, error, predicted) in enumerate(results.values()):
        ax.errorbar(
            mean - predicted,
            -row,
            xerr=2 * error,
            fmt="o",
            color=style.BLUE,
            lw=2,
            ms=6,
        )
        ax.text(3.4, -row, f"{predicted:.1f}", va="center", ha="right")
    ax.set_yticks(-np.arange(len(results)), list(results))
    ax.set(xlabel="simulated minus predicted, in dimensions", xlim=(-3.5, 3.5))
    return figure


def draw_geometry(cases, thresholds):
    """Arrangements of means: who can collapse at little noise, who cannot.

    Parameters
    ----------
    cases : list of (K, 2) or (K, 3) arrays
        Means; of three dimensions the first two are drawn, as dots.
    thresholds : list of lists
        The boundary of each class without noise, 1 if it can.
    """
    style.use()
    columns = len(cases) // 2
    figure, axes = style.grid(2, columns, 5.6, 1.75)
    for ax, means, deltas in zip(axes.flat, cases, thresholds, strict=True):
        stuck = np.array(deltas) > 1 + 1e-6
        if means.shape[1] == 3:
            ax.fill(*means[:5, :2].T, color=style.INK, alpha=0.18, lw=0)
        else:
            ax.plot(0, 0, "+", color=style.INK, ms=8)
        for mean, cannot in zip(means, stuck, strict=True):
            color = style.VERMILION if cannot else style.BLUE
            x, y = mean[:2]
            if means.shape[1] == 3:
                ax.plot(x, y, "o", color=color, ms=7)
                continue
            ax.annotate(
                "",
                (x, y),
                (0, 0),
                arrowprops=dict(arrowstyle="-|>", color=color, lw=2),
            )
        ax.set(
            xlim=(-1.25, 1.25),
            ylim=(-1.25, 1.25),
            aspect="equal",
            xticks=[],
            yticks=[],
            title=rf"$\delta^\star = {max(deltas):.2f}$",
        )
        ax.spines[:].set_visible(False)
    axes[0, 0].set_ylabel("can")
    axes[1, 0].set_ylabel("cannot")
    return figure


def draw_classes(angles, curves, measured):
    """Correlation of the classes' critical dimensions against the angle.

    Parameters
    ----------
    angles : (m,) array
        In degrees.
    curves : dict
        From the noise level, one of three, to the limit at `angles`.
    measured : dict
        From angle and noise level to correlation and standard error.
    """
    style.use()
    figure, ax = style.grid()
    looks = style.BLUE, style.GREEN, style.ORANGE
    colors = dict(zip(curves, looks, strict=True))
    shift = dict(zip(curves, (-2, 0, 2), strict=True))
    for sigma, color in colors.items():
        ax.plot(angles, curves[sigma], color=color, lw=3)
    for (angle, sigma), (value, error) in measured.items():
        ax.errorbar(
            angle + shift[sigma],
            value,
            yerr=2 * error,
            fmt="o",
            color=colors[sigma],
            mec=style.PATCH,
            ms=7,
            lw=1.5,
        )
    for row, (sigma, color) in enumerate(colors.items()):
        name = rf"$\sigma$ = {sigma}"
        place = 0.42, 0.92 - 0.09 * row
        style.label(ax, *place, name, color, transform=ax.transAxes)
    ax.set(
        xlabel="angle between the means, in degrees",
        ylabel="correlation of two classes",
        xticks=[0, 60, 120, 180],
    )
    return figure


def draw_joint(grid, simulated, laws):
    """The chance that both classes collapse, at the paper's four angles.

    Parameters
    ----------
    grid : (m,) int array
        Dimensions.
    simulated : dict
        From the angle in degrees to the share of draws at `grid`.
    laws : dict
        From the angle to `nclib.joint.JointCollapse` at `grid`.
    """
    style.use()
    figure, axes = style.grid(2, 2, 5.6, 2.3, sharex=True, sharey=True)
    for ax, (angle, share) in zip(axes.flat, simulated.items(), strict=True):
        law = laws[angle]
        ax.fill_between(
            grid,
            law.lower,
            law.upper,
            color=style.SKY,
            alpha=0.3,
            step="post",
            lw=0,
        )
        ax.step(grid, share, where="post", color=style.BLUE, lw=1.5)
        middle = grid + 0.5
        ax.plot(middle, law.normal, color=style.INK, lw=2.6, alpha=0.7)
        ax.plot(middle, law.product, "--", color=style.VERMILION, lw=1.8)
        ax.set_title(f"{angle} degrees")
    figure.supxlabel("dimension $d$", color=style.INK)
    figure.supylabel("chance that both collapse", color=style.INK)
    return figure


def draw_bounds(sigma, exact, ratio, union, gordon, enough):
    """The exact boundary and the regions that theorems grant.

    Parameters
    ----------
    sigma, exact : (m,) arrays
        Noise levels and the boundary there.
    ratio : array
        Dimensions per sample.
    union, gordon : dicts
        From n = 300, 10^4 and 10^8 to the noise that Theorem 4 grants at
        each `ratio`, and to the ratio that Theorem 5(b) asks for.
    enough : dict
        From n to noise levels and the ratio that is enough there, proved.
    """
    style.use()
    figure, ax = style.grid(height=3.6)
    ax.plot(sigma, exact, color=style.INK, lw=3.5)
    style.label(ax, 0.75, 1.31, "exact", style.INK)
    looks = {300: ("300", 1), 10**4: ("10^4", 0.7), 10**8: ("10^8", 0.45)}
    for n, (name, alpha) in looks.items():
        ax.plot(union[n], ratio, **style.UNION_BOUND, alpha=alpha)
        ax.axhline(gordon[n], **style.GORDON, alpha=alpha)
        style.label(
            ax,
            2.05,
            gordon[n] + 0.01,
            f"$n = {name}$",
            style.BLUE,
            ha="right",
            va="bottom",
        )
    for n, curve in enough.items():
        ax.plot(*curve, **style.ENOUGH, alpha=looks[n][1])
    style.label(ax, 0.17, 1.90, "union bound", style.VERMILION)
    style.label(ax, 0.33, 1.41, "enough", style.GREEN)
    ax.set(
        xlim=(0, 2.1),
        ylim=(1, 2),
        xlabel=r"noise $\sigma$",
        ylabel="dimensions per sample, $d/n$",
    )
    return figure
