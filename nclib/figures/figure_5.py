"""Figure 5: the metrics along training at high noise, sigma = 1.42."""

from nclib.figures.curves import draw_nc1, run

__all__ = ["draw", "run"]


def draw(result, record=None):
    """One panel; dots are the ``record`` of SGD, if given."""
    return draw_nc1(result, 1.42, record)
