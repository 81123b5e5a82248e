"""Figure 4: the metrics along training at low noise, sigma = 0.18."""

from nclib.figures.curves import draw_metrics, run

__all__ = ["draw", "run"]


def draw(result, record=None):
    """Four panels; dots are the ``record`` of SGD, if given."""
    return draw_metrics(result, 0.18, record)
