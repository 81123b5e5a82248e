"""What many checks do, so that each reads as statement and computation."""

import numpy as np
from scipy.stats import sem, t

from nclib.asymptotics import phase_boundary
from nclib.data import GaussianMixture, pad_means
from nclib.feasibility import decide


def at_scale(scale, quick, book, paper=None):
    """The size of a check; the paper's is the book's unless given."""
    paper = book if paper is None else paper
    return {"quick": quick, "book": book, "paper": paper}[scale]


def proved(decision, feasible, labels=None):
    """Whether those classes (all by default) have this answer, proved."""
    labels = decision.classes if labels is None else labels
    answers = [decision.classes[label] for label in labels]
    return all(a.feasible is feasible and a.verified for a in answers)


def excluded(decision):
    """Whether a class is proved infeasible."""
    return any(
        c.feasible is False and c.verified for c in decision.classes.values()
    )


def collapses(means, sigma, n, d, seeds):
    """Of how many draws all K classes are proved feasible."""
    model = GaussianMixture(pad_means(means, d), sigma)
    return sum(proved(decide(*model.sample(n, s)), True) for s in seeds)


def worst_case(means, sigma, n, d):
    """Distance of d/n from the largest of the K thresholds."""
    classes = [phase_boundary(means, sigma, k) for k in range(len(means))]
    return d / n - max(b.delta for b in classes)


def reach(values):
    """Half width of an interval for the mean that fails once in a million."""
    return t.isf(5e-7, len(values) - 1) * sem(values)


def mean_and_error(values):
    """Mean and standard error, as text."""
    return f"{np.mean(values):.2f} +- {sem(values):.2f}"


def listed(values, form):
    """Numbers in one format, separated by commas."""
    return ", ".join(format(value, form) for value in values)
