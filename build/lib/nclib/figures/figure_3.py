"""Figure 3: NC1 of trained two-layer nets against dimension and noise."""

from nclib.figures import style
from nclib.figures.curves import run
from nclib.figures.style import NAMES

__all__ = ["draw", "run"]


def draw(result, record=None):
    """NC1 at the end against d/n, a color for each noise level.

    Lines are ``result``, markers the ``record`` of SGD, if given.
    """
    style.use()
    figure, axes = style.grid(1, 1, 6.4, 4.2)
    colors = dict(
        zip(sorted(set(result.sigma.tolist())), style.ORDERED, strict=False)
    )
    for drawn, options in (
        (result, dict(marker="", linestyle="-")),
        (record, dict(marker="o", linestyle="none", ms=6)),
    ):
        if drawn is None:
            continue
        final = drawn.last("nc1")
        for sigma, color in colors.items():
            nets = drawn.sigma == sigma
            axes.semilogy(
                drawn.ratio[nets],
                final[nets],
                color=color,
                label=f"{sigma:g}" if drawn is result else None,
                **options,
            )
    axes.set(
        xlabel="dimension per sample $d/n$",
        ylabel=f"{NAMES['nc1']} after training",
    )
    figure.legend(
        loc="outside lower center", ncols=6, title=r"noise level $\sigma$"
    )
    return figure
