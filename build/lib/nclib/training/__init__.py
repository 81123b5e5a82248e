"""Training (2.4) and (2.5): SGD, its gradient flow, and L-BFGS.

All three work in Gram space (see `nclib.training.gram`), start from the same
network at the same ``seed``, and return a `TrainingRun`.
"""

from nclib.training.flow import flow
from nclib.training.gram import TrainingRun
from nclib.training.lbfgs import minimise
from nclib.training.sgd import train

__all__ = ["TrainingRun", "flow", "minimise", "train"]
