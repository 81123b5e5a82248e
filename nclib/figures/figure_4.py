"""Figure 4: the metrics along training at low noise, sigma = 0.18."""

from nclib.figures.curves import draw_nc1, run

__all__ = ["draw", "run"]


def draw(result, record=None):
    """One panel; dots are the ``record`` of SGD, if given."""
    return draw_nc1(result, 0.18, record)
