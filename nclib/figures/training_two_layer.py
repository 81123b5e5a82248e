"""The pictures of the chapter on two layers that are not the paper's."""

import numpy as np

from nclib.figures import style


def draw_who(sigma, ratio, gaps, exists):
    """A table of the gaps that training leaves, and where it must leave one.

    Parameters
    ----------
    sigma, ratio, gaps : (nets,) arrays
        Noise level, dimension per sample and gap, net by net.
    exists : (nets,) array of bool
        Whether there is a collapsed network.
    """
    style.use()
    sigmas, ratios = np.unique(sigma), np.unique(ratio)
    figure, ax = style.grid(height=0.45 * len(sigmas) + 0.8)
    shade = style.plt.get_cmap("Blues")
    for s, r, gap, there in zip(sigma, ratio, gaps, exists, strict=True):
        x, y = np.searchsorted(ratios, r), np.searchsorted(sigmas, s)
        depth = np.clip((np.log10(gap) + 4.8) / 3, 0.05, 0.75)
        square = style.plt.Rectangle(
            (x - 0.48, y - 0.47),
            0.96,
            0.94,
            facecolor=shade(depth) if there else "#D9D9D9",
            hatch=None if there else "///",
            edgecolor="white",
            linewidth=0,
        )
        ax.add_patch(square)
        ink = "white" if there and depth > 0.55 else "#222222"
        text = f"{1e4 * gap:.2g}"
        ax.text(x, y, text, ha="center", va="center", color=ink)
    ax.set(
        xlim=(-0.5, len(ratios) - 0.5),
        ylim=(-0.5, len(sigmas) - 0.5),
        xticks=range(len(ratios)),
        xticklabels=[f"{r:g}" for r in ratios],
        yticks=range(len(sigmas)),
        yticklabels=[f"{s:g}" for s in sigmas],
        xlabel="dimension per sample $d/n$",
        ylabel=r"noise level $\sigma$",
    )
    for side in ax.spines.values():
        side.set_visible(False)
    return figure


def draw_longer(T, ratio, histories):
    """NC1 along a flow that goes on for ten times as long.

    Parameters
    ----------
    T : float
        Time of the usual training.
    ratio : (nets,) array
        Dimension per sample.
    histories : list of structured arrays
        With columns ``time`` and ``nc1``, net by net.
    """
    style.use()
    figure, ax = style.grid()
    # With the steps 0.1, 0.01 and 0.001 of equal thirds of the epochs.
    ax.axvspan(100 / 111 * T, T, color=style.INK, alpha=0.35, linewidth=0)
    for rows, color in zip(histories, style.ORDERED, strict=False):
        time, nc1 = rows["time"][1:], rows["nc1"][1:]
        ax.loglog(time, nc1, color=color)
    ax.axhline(1e-4, color=style.INK, linestyle=":")
    ax.set(
        xlabel="time $T$",
        ylabel=style.NAMES["nc1"],
        xlim=(T / 200, 10 * T),
    )
    names = [f"$d/n$ = {r:g}" for r in ratio]
    ends = [rows["nc1"][-1] for rows in histories]
    style.name_ends(ax, ends, names, style.ORDERED)
    return figure


def clock(grid, nets):
    """NC1 along training with both clocks, as the data of a figure.

    Parameters
    ----------
    grid : `nclib.figures.curves.TrainingGrid`
        Of SGD.
    nets : list of int
        Numbers of nets; without the first percent of the epochs.
    """
    start = np.searchsorted(grid.history[nets[0]]["epoch"], grid.epochs / 100)
    rows = [grid.history[i][start:] for i in nets]
    epoch, time = rows[0]["epoch"], rows[0]["time"]
    assert all((other["epoch"] == epoch).all() for other in rows)
    return dict(
        epoch=epoch.tolist(),
        time=[float(f"{value:.5g}") for value in time],
        # Where the last two thirds of the epochs begin, by either clock.
        late=[round(epoch[-1] / 3), round(100 / 111 * time[-1])],
        ratio=[float(grid.ratio[i]) for i in nets],
        nc1=[[float(f"{x:.2e}") for x in other["nc1"]] for other in rows],
    )


def draw_clock(data):
    """The same curves against epochs and against time, side by side.

    Parameters
    ----------
    data : dict
        Of `clock`.
    """
    style.use()
    figure, axes = style.grid(1, 2, 5.6, 3.4, sharey=True)
    names = (("epochs", data["epoch"]), ("time $T$", data["time"]))
    for ax, (name, x), late in zip(axes, names, data["late"], strict=True):
        ax.axvspan(late, x[-1], color=style.INK, alpha=0.15, linewidth=0)
        for nc1, r, color in zip(
            data["nc1"], data["ratio"], style.ORDERED, strict=False
        ):
            ax.semilogy(x, nc1, color=color, label=f"{r:g}")
        ticks = [0, x[-1] / 2]
        ax.set(xlabel=name, xlim=(0, x[-1]))
        ax.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    axes[0].set_ylabel(style.NAMES["nc1"])
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=3,
        title="dimension per sample d/n",
    )
    return figure


def draw_missing(times, parts, foot):
    """The four terms of the gap along flow, at little and at much noise.

    Parameters
    ----------
    times : (F,) array
    parts : dict
        From the noise level to F `nclib.relaxation.GapTerms`.
    foot : GapTerms
        Of the stationary point at the end of the last of them.
    """
    style.use()
    figure, axes = style.grid(1, len(parts), 5.6, 3.4, sharey=True)
    colors = (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE)
    names = ("predictions", "spread", "shared neurons", "classifier")
    for ax, (sigma, terms) in zip(axes, parts.items(), strict=True):
        for values, color, name in zip(
            np.transpose(terms), colors, names, strict=True
        ):
            shown = np.where(values > 1e-12, values, np.nan)
            ax.loglog(times, shown, color=color, label=name)
        ax.set(xlabel="time $T$", title=rf"$\sigma = {sigma:g}$")
    for value, color in zip(foot, colors, strict=True):
        axes[-1].axhline(value, color=color, linestyle=":")
    axes[0].set(ylabel="term of the gap", ylim=(1e-8, 2))
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=2,
    )
    return figure
