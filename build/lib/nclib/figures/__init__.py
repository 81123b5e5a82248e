"""The paper's figures: one module a figure, ``run(...)`` then ``draw(...)``.

``scale`` is "quick" (seconds, for tests), "book" (the default) or "paper"
(the paper's sizes); ``NCLIB_SCALE`` changes the default.
"""

import os

SCALES = ("quick", "book", "paper")


def chosen_scale(scale=None):
    """The argument, else ``NCLIB_SCALE``, else "book"."""
    origin = "scale"
    if scale is None:
        origin = "NCLIB_SCALE"
        scale = os.environ.get(origin) or "book"
    if scale not in SCALES:
        raise ValueError(f"{origin} must be one of {SCALES}, got {scale!r}")
    return scale
