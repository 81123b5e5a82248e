"""Figure 5: the metrics along training at high noise, sigma = 1.42."""

from nclib.figures.curves import draw_metrics, run

__all__ = ["draw", "run"]


def draw(result, record=None):
    """Four panels; dots are the ``record`` of SGD, if given."""
    return draw_metrics(result, 1.42, record)
