"""One look for every figure: colors with fixed meanings, readable on a phone.

Figures are drawn as SVG with a transparent background, for a light page;
`darkened` makes the same picture for a dark one. On either page lines have a
contrast of at least 3, text of at least 4.5. Figures are so narrow that the
text of size 11 still has 9 pixels on a phone.
"""

import re

import numpy as np
from scipy.optimize import isotonic_regression

from nclib._extras import load

mpl = load("matplotlib", "nclib.figures")
_colors = load("matplotlib.colors", "nclib.figures")
plt = load("matplotlib.pyplot", "nclib.figures")

# The book's backgrounds.
LIGHT = "#FFFFFF"
DARK = "#121212"

# Okabe and Ito's colors, distinct for color-blind readers; orange, sky and
# yellow darker than theirs, so that a line of them shows on white.
ORANGE = "#C68900"
SKY = "#4B9DCB"
GREEN = "#009E73"
YELLOW = "#9E962C"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
INK = "#737373"
# A text that names what is drawn black.
BLACK = "#1A1A1A"

CLASSES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW, INK)
# For a parameter that grows: six steps, none like INK.
ORDERED = ("#4B2991", "#A3319F", "#EA4F88", "#D57C67", "#569BC9", "#009E73")
# Behind a label; not quite white, so that `darkened` knows it.
PATCH = "#FEFEFE"
UNION_BOUND = dict(color=VERMILION, linestyle="-", linewidth=2.2)
GORDON = dict(color=BLUE, linestyle="--", linewidth=2.2)
WENDEL = dict(color=GREEN, linestyle=":", linewidth=2.4)
ENOUGH = dict(color=GREEN, linestyle="-.", linewidth=2.2)
EXACT = dict(color="black", linestyle="-", linewidth=3.0)

# White where collapse is certain, as in the paper; never as dark as EXACT.
RATE = _colors.LinearSegmentedColormap.from_list(
    "rate", ["#5F6B7A", "#FFFFFF"]
)

# How the paper writes the columns of a history that are metrics.
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
            "figure.facecolor": "none",
            "savefig.facecolor": "none",
            "axes.facecolor": "none",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": mpl.cycler(color=CLASSES),
            "font.size": 11,
            "axes.titlesize": 11,
            "figure.labelsize": 11,
            "legend.fontsize": 11,
            # For what is rasterized within the SVG.
            "figure.dpi": 144,
            "lines.linewidth": 2.0,
            # Text within an image cannot be selected, and no font holds all
            # signs of a formula: outlines look the same everywhere.
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


def contrast(color, other):
    """The contrast of two colors, 1 to 21, as WCAG defines it."""
    low, high = sorted(_luminance(c) for c in (color, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(color):
    rgb = np.array(_colors.to_rgb(color))
    linear = np.where(
        rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4
    )
    return float(linear @ [0.2126, 0.7152, 0.0722])


def legible(color, page, ratio):
    """The tint of a color, as near as can be, with that contrast."""
    end = np.zeros(3) if _luminance(page) > 0.2 else np.ones(3)
    for share in np.linspace(0, 1, 101):
        tint = _colors.to_hex(
            (1 - share) * np.array(_colors.to_rgb(color)) + share * end
        )
        if contrast(tint, page) >= ratio:
            return tint
    raise ValueError(f"ratio must be possible on {page}, got {ratio!r}")


def text_color(color):
    """The tint of a color in which a text is written."""
    return legible(color, PATCH, 4.5)


def fixed(color):
    """That color to the eye, but none that `darkened` changes.

    For what is drawn on a heat map, which stays white.
    """
    return f"#{int(_colors.to_hex(color)[1:], 16) ^ 1:06x}"


def darkened(svg):
    """An SVG of this style for a dark page.

    Named colors, the tints in which labels are written and the patches behind
    them change; what is drawn white, black or `fixed` stays.
    """
    changed = {PATCH.lower(): DARK.lower()}
    for color in (*CLASSES, *ORDERED, BLACK):
        for used in (_colors.to_hex(color), text_color(color)):
            # More than 4.5, so that it also reads on a patch over white.
            changed[used] = legible(used, DARK, 6)
    return re.sub(
        "|".join(changed),
        lambda match: changed[match[0].lower()],
        svg,
        flags=re.I,
    )


def power(value):
    """One digit, and a power of ten if small, 0.8 or 8·10^-8, as a formula."""
    if value >= 0.01:
        return f"{value:.1g}"
    digit, exponent = f"{value:.0e}".split("e")
    return rf"${digit}\cdot 10^{{{int(exponent)}}}$"


def label(axes, x, y, text, color, **options):
    """Write ``text`` beside the curve it names, on a patch of the page."""
    return axes.text(
        x,
        y,
        text,
        color=text_color(color),
        bbox=dict(facecolor=PATCH, alpha=0.9, edgecolor="none", pad=1.2),
        **options,
    )


def name_ends(axes, heights, names, colors):
    """Write names at the right edge, beside the ends of their curves.

    Names that would touch are moved apart, as little as possible.
    """
    axes.get_ylim()  # The axes are scaled when they are asked.
    order = np.argsort(heights)
    ends = np.column_stack([np.ones(len(order)), np.take(heights, order)])
    to_axes = axes.transData - axes.transAxes
    ends = to_axes.transform(ends)[:, 1]
    room = 1.2 * mpl.rcParams["font.size"] / 72 * axes.figure.dpi
    apart = room / axes.get_window_extent().height * np.arange(len(order))
    for i, y in zip(
        order, isotonic_regression(ends - apart).x + apart, strict=True
    ):
        axes.annotate(
            names[i],
            (1, y),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            color=text_color(colors[i]),
            va="center",
        )


def grid(rows=1, columns=1, width=5.2, height=3.3, **options):
    """A grid of axes that share their labels."""
    return plt.subplots(
        rows,
        columns,
        figsize=(width, height * rows),
        layout="constrained",
        **options,
    )
