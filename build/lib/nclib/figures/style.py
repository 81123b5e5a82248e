"""One look for every figure: colors with fixed meanings, readable on a phone.

Figures are drawn as SVG with a transparent background and mid-gray ink, so
that they read on light and on dark pages.
"""

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.colors import LinearSegmentedColormap

# Okabe and Ito's colors, distinct for color-blind readers.
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
# Contrast at least 4.5 on white and 4.3 on the dark theme's background.
INK = "#737373"

CLASSES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW, INK)
# For a parameter that grows: six steps, dark to light, none like INK.
ORDERED = ("#4B2991", "#A3319F", "#EA4F88", "#F89078", "#5DA7D8", "#009E73")
UNION_BOUND = dict(color=VERMILION, linestyle="-", linewidth=2.2)
GORDON = dict(color=BLUE, linestyle="--", linewidth=2.2)
WENDEL = dict(color=GREEN, linestyle=":", linewidth=2.4)
EXACT = dict(color="black", linestyle="-", linewidth=3.0)

# White where collapse is certain, as in the paper; never as dark as EXACT.
RATE = LinearSegmentedColormap.from_list("rate", ["#5F6B7A", "#FFFFFF"])

# The columns of a history that are metrics, and how the paper writes them.
METRICS = ("nc1", "nc2_features", "nc2_weights", "nc3")
NAMES = {
    "nc1": r"$\mathcal{NC}_1$",
    "nc2_features": r"$\mathcal{NC}_{2,\bar H}$",
    "nc2_weights": r"$\mathcal{NC}_{2,W}$",
    "nc3": r"$\mathcal{NC}_3$",
}


def use():
    """Set the style for this session, and SVG output in a notebook."""
    mpl.rcParams.update(
        {
            "figure.figsize": (6.4, 4.0),
            "figure.facecolor": "none",
            "savefig.facecolor": "none",
            "axes.facecolor": "none",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": mpl.cycler(color=CLASSES),
            "font.size": 12,
            "axes.titlesize": 12,
            "lines.linewidth": 2.0,
            "svg.fonttype": "path",
            # Fixed, so that rebuilding a page does not change its figures.
            "svg.hashsalt": "nclib",
            "legend.frameon": False,
            **dict.fromkeys(
                (
                    "text.color",
                    "axes.labelcolor",
                    "axes.edgecolor",
                    "xtick.color",
                    "ytick.color",
                ),
                INK,
            ),
        }
    )
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg", bbox_inches="tight")


def label(axes, x, y, text, color, **options):
    """Write ``text`` beside the curve it names, on a light patch."""
    return axes.text(
        x,
        y,
        text,
        color=color,
        fontsize=options.pop("fontsize", 10.5),
        bbox=dict(facecolor="white", alpha=0.8, edgecolor="none", pad=1.2),
        **options,
    )


def grid(rows, columns, width=6.4, height=3.1, **options):
    """A grid of axes that share their labels."""
    return plt.subplots(
        rows,
        columns,
        figsize=(width, height * rows),
        layout="constrained",
        **options,
    )
