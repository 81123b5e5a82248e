r"""Neural collapse metrics, (3.2) and (3.3).

NC1 compares the spread of the features within the classes with the spread
of the class means; NC2 and NC3 compare the means and the classifier with
the frames of the minimizer (2.9).
"""

import warnings
from typing import NamedTuple

import numpy as np

from nclib._checks import (
    as_array,
    check_choice,
    check_classifier,
    check_matrix,
    check_Xy,
)

__all__ = [
    "CONVENTIONS",
    "Convention",
    "Metrics",
    "nc_metrics",
]


class Convention(NamedTuple):
    r"""One way of the field to define NC1 where class sizes differ.

    Attributes
    ----------
    center : {"classes", "samples"}
        The global mean: of the class means, or of all samples.
    between : {"1/K", "n_k/N"}
        Weight of class k in the between-class covariance.
    within : {"n_k/N", "1/K"}
        Weight of class k's covariance in the within-class covariance.
    divided_by_K : bool
        Whether the trace is divided by K.
    used_by : str
        Where the convention is found.
    """

    center: str
    between: str
    within: str
    divided_by_K: bool
    used_by: str


CONVENTIONS = {
    "paper": Convention(
        "classes",
        "1/K",
        "n_k/N",
        True,
        "(3.2) of Hong and Ling",
    ),
    "papyan": Convention(
        "samples",
        "1/K",
        "n_k/N",
        True,
        "Papyan, Han and Donoho (2020), text; Zhu et al. (2021), code "
        "tding1/Neural-Collapse; Kothapalli and Tirer (2025), code "
        "kvignesh1420/shallow_nc1",
    ),
    "unscaled": Convention(
        "classes",
        "1/K",
        "n_k/N",
        False,
        "Papyan, Han and Donoho (2020), code "
        "neuralcollapse/neuralcollapse, and its many descendants",
    ),
    "fisher": Convention(
        "samples",
        "n_k/N",
        "n_k/N",
        False,
        "discriminant analysis: within and between add up to the total "
        "covariance of the samples",
    ),
    "unweighted": Convention(
        "classes",
        "1/K",
        "1/K",
        True,
        "no code base known to us; every class counts equally on both sides",
    ),
}
"""NC1 conventions by name; all but the factor K agree on equal classes."""


class Metrics(NamedTuple):
    """Neural collapse metrics; unpacks as a tuple of four floats.

    Attributes
    ----------
    nc1 : float
        Within-class variability (3.2); NaN where the class means coincide.
    nc2_features : float
        Distance of the means from an orthogonal frame; NaN where the means
        vanish.
    nc2_weights : float
        Distance of the classifier from a simplex frame; NaN where W = 0.
    nc3 : float
        Distance of the mean logits from a simplex frame; NaN where they
        vanish.
    """

    nc1: float
    nc2_features: float
    nc2_weights: float
    nc3: float

    @property
    def dead(self):
        """True where the class means coincide, as when all features are 0.

        (3.2) would then read 0, perfect collapse, through the
        pseudo-inverse of zero; nc1 is NaN instead.
        """
        return bool(np.isnan(self.nc1))


def frame_distance(gram, frame):
    """Distance of a matrix from a frame of norm 1; NaN for zero."""
    scale = np.abs(gram).max()
    if scale == 0:
        return np.nan
    gram = gram / scale
    return float(np.linalg.norm(gram / np.linalg.norm(gram) - frame))


def _normalized(array):
    scale = np.abs(array).max()
    return array / scale if scale > 0 else array


def nc_metrics(H, W, y, convention="paper"):
    r"""Return the neural collapse metrics of features and a classifier.

    With class means :math:`\bar h_k`, :math:`\bar H` their matrix, K classes
    of sizes n_k and N samples,

    .. math::

        \mathcal{NC}_1 &= \frac1K \mathrm{Tr}(\Sigma_W\Sigma_B^\dagger), \\
        \mathcal{NC}_{2,\bar H} &= \Big\|
            \frac{\bar H\bar H^\top}{\|\bar H\bar H^\top\|_F}
            - \frac{I_K}{\sqrt K}\Big\|_F, \\
        \mathcal{NC}_{2,W} &= \Big\|\frac{W^\top W}{\|W^\top W\|_F}
            - \frac{C_K}{\sqrt{K-1}}\Big\|_F, \\
        \mathcal{NC}_3 &= \Big\|\frac{\bar H W}{\|\bar H W\|_F}
            - \frac{C_K}{\sqrt{K-1}}\Big\|_F,

    where :math:`\Sigma_W=\frac1N\sum_{k,i}` :math:`(h_{ki}-\bar h_k)
    (h_{ki}-\bar h_k)^\top`, :math:`\Sigma_B=\frac1K\sum_k
    (\bar h_k-h_G)(\bar h_k-h_G)^\top`, :math:`h_G` is the mean of the class
    means and :math:`C_K=I-J/K` (samples are rows here, columns in the
    paper). Unequal class sizes and K = 2 are legal. The frames are those of
    the cross-entropy minimizer (2.9); at the minimizer (2.11) of the squared
    loss, where :math:`W^\top W` is a multiple of the identity, nc2_weights
    and nc3 are :math:`\sqrt{2-2\sqrt{1-1/K}}`, not 0.

    :math:`\Sigma_B^\dagger` is applied through a singular value
    decomposition of the K centered means, never through a D x D matrix, and
    in float64, so that nc1 is a sum of squares: not negative, and accurate
    for float32 features too. Directions in which the means differ by no
    more than the rounding of the features are not inverted.

    Parameters
    ----------
    H : (N, D) array or tensor
        Features.
    W : (D, K) array or tensor
        Classifier, one column a class in the order of ``np.unique(y)``: the
        transpose of PyTorch's ``linear.weight``.
    y : (N,) array or tensor of integers or strings
        Labels.
    convention : str
        A key of `CONVENTIONS`, for nc1 only.

    Returns
    -------
    Metrics
        ``nc1, nc2_features, nc2_weights, nc3``. Undefined ones are NaN;
        ``.dead`` tells features without between-class variation.

    Raises
    ------
    TypeError, ValueError
        Naming the argument: not numeric, not finite, shapes that do not
        match, one class, unknown convention.

    Warns
    -----
    UserWarning
        If K = D and more class means are classified right by the transpose
        of W: no shape tells then that ``linear.weight`` was passed.

    Notes
    -----
    O(N D K + D K^2) time, O(N D) memory; under a millisecond at N = 600,
    D = 50. Source: (3.2), (3.3); the other
    conventions are listed with their origin in `CONVENTIONS`.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> H, W = np.repeat(np.eye(2), 3, axis=0), np.array([[1.0, -1], [-1, 1]])
    >>> nclib.nc_metrics(H, W, [0, 0, 0, 1, 1, 1]).nc1
    0.0
    """
    metrics, means, W = trusted_metrics(H, W, y, convention)
    warn_if_transposed(means, W)
    return metrics


def trusted_metrics(H, W, y, convention="paper"):
    """`nc_metrics` where W cannot be transposed, the class means, and W."""
    check_choice("convention", convention, CONVENTIONS)
    H = as_array("H", H)
    epsilon = np.finfo(H.dtype if H.dtype.kind == "f" else float).eps
    H = check_matrix("H", H)
    _, codes, classes = check_Xy(H[:, :1], y)
    N, D = H.shape
    K = len(classes)
    W = check_classifier("W", W, D, K)

    counts = np.bincount(codes)
    H = H[np.argsort(codes, kind="stable")]
    # Sums of what is left after the common offset round at the size of the
    # variation, not of the features.
    offset = H.mean(axis=0)
    H -= offset
    starts = np.cumsum(counts) - counts
    deviations = np.add.reduceat(H, starts, axis=0) / counts[:, None]
    H -= np.repeat(deviations, counts, axis=0)
    means = offset + deviations
    # Rounding the features moves no mean by more than epsilon / 2 of it;
    # 4 leaves room for the arithmetic.
    noise = 4 * epsilon * np.abs(means).max() * np.sqrt(D)
    rule = CONVENTIONS[convention]
    whitener = whitening(deviations, counts, rule, noise)
    nc1 = np.nan
    if whitener is not None:
        whitened = H @ whitener
        squares = np.einsum("ij,ij->i", whitened, whitened)
        shares = class_weights(counts, rule.within) / counts
        nc1 = scaled_trace(np.repeat(shares, counts) @ squares, K, rule)
    return Metrics(nc1, *frame_metrics(means, W)), means, W


def class_weights(counts, weight):
    """Weights of the classes that sum to 1, as a `Convention` names them."""
    K = len(counts)
    return np.full(K, 1 / K) if weight == "1/K" else counts / counts.sum()


def center_of(means, counts, rule):
    """The global mean, as a `Convention` takes it."""
    weight = "1/K" if rule.center == "classes" else "n_k/N"
    return class_weights(counts, weight) @ means


def scaled_trace(trace, K, rule):
    """NC1 from the trace, as a `Convention` divides it."""
    return float(trace / K if rule.divided_by_K else trace)


def whitening(means, counts, rule, noise):
    """A (D, r) matrix V with V V^T the pseudo-inverse of Sigma_B.

    None where the means differ by no more than ``noise``.
    """
    K = len(counts)
    weights = class_weights(counts, rule.between)
    _, values, directions = np.linalg.svd(
        np.sqrt(weights)[:, None] * (means - center_of(means, counts, rule)),
        full_matrices=False,
    )
    kept = values > noise
    # The K means span K - 1 directions from any average of theirs.
    kept[K - 1 :] = False
    if not kept.any():
        return None
    return (directions[kept] / values[kept, None]).T


def warn_if_transposed(means, W):
    """Warn if a square W classifies fewer class means than its transpose."""
    if W.shape[0] != W.shape[1]:
        return
    own = np.arange(len(means))
    given, turned = (
        int(((means @ V).argmax(axis=1) == own).sum()) for V in (W, W.T)
    )
    if turned > given:
        warnings.warn(
            f"W is square and classifies {given} of the {len(means)} class "
            f"means right, its transpose {turned}: W must have one column a "
            "class, so pass linear.weight.T, not linear.weight",
            stacklevel=3,
        )


def frame_metrics(means, W):
    """NC2 of the means, NC2 of the classifier, and NC3; W may be None."""
    K = len(means)
    means = _normalized(means)
    orthogonal = np.eye(K) / np.sqrt(K)
    simplex = (np.eye(K) - 1 / K) / np.sqrt(K - 1)
    features = frame_distance(means @ means.T, orthogonal)
    if W is None:
        return features, np.nan, np.nan
    W = _normalized(W)
    return (
        features,
        frame_distance(W.T @ W, simplex),
        frame_distance(means @ W, simplex),
    )
