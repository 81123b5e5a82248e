"""The picture and the table of the chapter on your own data."""

import math

import matplotlib.pyplot as plt

from nclib.figures import style

MARKS = {
    True: ("o", style.BLUE),
    False: ("x", style.VERMILION),
    None: ("s", style.INK),
}


def draw_margins(feasible, margins):
    """Margins of the classes against the number of images per class.

    Parameters
    ----------
    feasible : dict
        From the number of images to a dict from label to True, False or
        None (no answer).
    margins : dict
        From (number of images, label) to the margin, where there is one.
    """
    style.use()
    figure, ax = style.grid()
    ax.axhline(0, color=style.INK, lw=1)
    for column, (n, answers) in enumerate(feasible.items()):
        for k, (label, answer) in enumerate(answers.items()):
            marker, color = MARKS[answer]
            x = column + 0.04 * (k - 4.5)
            height = margins.get((n, label), -0.1)
            ax.plot(x, height, marker, mew=2, color=color)
        number = list(answers.values()).count(True)
        text = f"{number} of {len(answers)}"
        ax.text(column, 1.12, text, ha="center")
    ax.set(
        xticks=range(len(feasible)),
        xticklabels=feasible,
        ylabel="margin",
        xlabel="images per class, $n$",
        ylim=(-0.2, 1.3),
    )
    return figure


def draw_pictures(pictures, titles):
    """Square pictures side by side, dark on light.

    Parameters
    ----------
    pictures : (m, d) array
        One a row, d a square number, values from 0 to 1.
    titles : sequence of str
    """
    style.use()
    side = math.isqrt(pictures.shape[1])
    columns = min(len(pictures), 5)
    rows = -(-len(pictures) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(5.0, 1.3 * rows), squeeze=False
    )
    for ax in axes.flat:
        ax.axis("off")
    for ax, picture, title in zip(axes.flat, pictures, titles, strict=False):
        ax.imshow(picture.reshape(side, side), cmap="gray_r", vmin=0)
        ax.set_title(title)
    figure.tight_layout()
    return figure


def speed_table(record):
    """A record of `decide` and of general solvers, as text.

    Parameters
    ----------
    record : dict
        What ``benchmarks/decide.py`` wrote to ``nclib/records/decide.json``.
    """
    lines = []
    for table in record["tables"]:
        lines += [
            f"K = {table['K']}, n = {table['n']}, d = {table['d']}",
            "                               ms  unsure  wrong",
        ]
        for row in table["rows"]:
            ms = format(row["median_ms"], ".1f")
            if 2 * row["stopped"] > row["draws"]:
                ms = ">" + ms
            lines.append(
                f"  {row['route']:25}{ms:>8}"
                f"{row['unsure']:5d}/{row['draws']:<3d}{row['wrong']:3d}"
            )
    cpu = record["hardware"]["cpu"]
    lines += [f"recorded {record['date']} on {cpu}", record["command"]]
    return "\n".join(lines)
