"""What is missing? The terms of the gap along a descent, frame by frame.

The data of the figures of the kind ``missing``: `nclib.gap_terms` at some
steps, and the inner products that the terms are made of.
"""

import numpy as np

from nclib.figures.live import packed

# An inner product this much longer than the minimizer's has the full color.
TOP = 1.4


def frame_steps(last, frames):
    """Whole numbers from 0 to ``last``, geometric but for the first."""
    return np.unique(np.rint([0, *np.geomspace(1, last, frames)])).astype(int)


def course(name, at, terms, end, foot=None, sgd=None):
    """One descent: where it was looked at, and what was missing there.

    Parameters
    ----------
    name : str
        What its radio button says.
    at : (F,) array
        Steps or times.
    terms : list of F `nclib.relaxation.GapTerms`
    end : str
        What is said at the last frame.
    foot : GapTerms, optional
        A stationary point below the end, marked in the bars.
    sgd : (F,) array, optional
        The gap of SGD at those times.
    """
    values = dict(
        name=name,
        at=np.asarray(at).tolist(),
        terms=[_rounded(row) for row in terms],
        end=end,
    )
    if foot is not None:
        values["foot"] = _rounded(foot)
    if sgd is not None:
        values["sgd"] = _rounded(sgd)
    return values


def gram(path, best):
    """The inner products of features and of classifiers, a byte for each.

    Parameters
    ----------
    path : list of pairs (H, W)
        Features and classifier, frame by frame.
    best : `nclib.upfm.UPFMSolution`
        Its lengths are the units; of a matrix the lower half is kept.
    """
    units = best.b, best.a**2 / best.b
    shares = [
        np.clip(product / unit / TOP, -1, 1)[np.tril_indices(len(product))]
        for H, W in path
        for product, unit in zip((H @ H.T, W.T @ W), units, strict=True)
    ]
    H, W = path[0]
    return dict(
        samples=len(H),
        classes=W.shape[1],
        bytes=packed((np.concatenate(shares) + 1) / 2),
    )


def _rounded(values):
    return [float(f"{value:.2e}") for value in values]
