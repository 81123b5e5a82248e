"""Figures that a reader can move: their data, as an output of a cell.

A figure of the book is a still picture, as everywhere.  A cell before it may
hand over data; then ``book/_static/figures.js`` puts controls in the picture's
place. Without JavaScript, and on paper, the still picture stays.  Being an
output, the data are kept with the cell, and are as old as the cell's code.
"""

import base64
import json

import numpy as np

# A page should stay light on a phone.
MOST_BYTES = 40_000


class Data:
    """What figures.js reads: one element of HTML, nothing to be seen."""

    def __init__(self, figure, kind, values):
        text = json.dumps(values, allow_nan=False, separators=(",", ":"))
        if len(text) > MOST_BYTES:
            raise ValueError(
                f"values must take at most {MOST_BYTES} bytes, got {len(text)}"
            )
        # Nothing inside may close the element.
        self.text = text.replace("<", "\\u003c")
        self.figure, self.kind = figure, kind

    def __repr__(self):
        return f"<{len(self.text)} bytes for {self.figure}>"

    def _repr_html_(self):
        return (
            f'<script type="application/json" class="nclib-live" '
            f'data-kind="{self.kind}" data-figure="{self.figure}">'
            f"{self.text}</script>"
        )


def data(figure, kind, values):
    """Make a figure of this page live.

    Parameters
    ----------
    figure : str
        Its name, ``fig-collapse``.
    kind : str
        What figures.js makes of it.
    values : dict
        Plain numbers, texts and lists; at most 40 kB as JSON.

    Returns
    -------
    Data
        To be the last expression of a cell.

    Raises
    ------
    ValueError
        If the values are too large, or not finite.

    Examples
    --------
    >>> from nclib.figures import live
    >>> live.data("fig-knobs", "knobs", {"sigma": 0.5})
    <13 bytes for fig-knobs>
    """
    return Data(figure, kind, values)


def packed(shares):
    """Numbers from 0 to 1 as one byte each, in base64.

    Examples
    --------
    >>> from nclib.figures.live import packed
    >>> packed([0.0, 1.0])
    'AP8='
    """
    levels = np.rint(np.asarray(shares) * 255).astype(np.uint8)
    return base64.b64encode(levels.tobytes()).decode("ascii")
