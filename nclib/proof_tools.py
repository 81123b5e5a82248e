"""The tools of the proofs, made computable: Lemmas 10 to 15."""

from itertools import combinations

import numpy as np
from scipy.special import gammaln
from scipy.stats import binom

__all__ = [
    "distortion",
    "extreme_frame",
    "extreme_gram",
    "frame",
    "gordon_bound",
    "least_norms",
    "lemma_10",
    "mean_norms",
]


def lemma_10(v1, v2):
    r"""The infimum of <v1 + v, v2> / \|v1 + v\| over v orthogonal to v1.

    It is -\|v2\| if <v1, v2> < 0, and else minus the length of the part of
    v2 that is orthogonal to v1. In one dimension only v = 0 is allowed, and
    it is <v1, v2> / \|v1\|.

    Parameters
    ----------
    v1, v2 : (d,) array
        v1 not zero.

    Returns
    -------
    float

    Notes
    -----
    Lemma 10, which needs d >= 2. Where <v1, v2> >= 0 the infimum is attained
    for v2 = 0 and for d = 1 only.

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.proof_tools import lemma_10
    >>> lemma_10(np.array([1.0, 0.0]), np.array([3.0, 4.0]))
    -4.0
    """
    inner = v1 @ v2
    norm = np.linalg.norm(v2)
    if len(v1) == 1:
        return float(inner / np.linalg.norm(v1))
    if inner < 0:
        return -float(norm)
    return -float(np.sqrt(max(norm**2 - inner**2 / (v1 @ v1), 0.0)))


def distortion(images, lengths, shrink):
    """Least eps within which the lengths shrink by the factor expected.

    (1-eps) shrink <= norm(image) / length <= (1+eps) shrink for all.

    Parameters
    ----------
    images : (..., m) array
        Projected vectors.
    lengths : (...) array
        Norms of the vectors before.
    shrink : float
        The factor expected, sqrt(m/d) in (5.1) and (5.3).

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.proof_tools import distortion
    >>> round(float(distortion(np.array([[0.6], [0.5]]), np.ones(2), 0.5)), 6)
    0.2
    """
    sizes = np.linalg.norm(images, axis=-1)
    return np.abs(sizes / (lengths * shrink) - 1).max()


def frame(rng, d, m):
    """Orthonormal columns, their span uniformly random.

    Parameters
    ----------
    rng : numpy Generator
    d, m : int
        Rows and columns, m at most d.

    Returns
    -------
    (d, m) float64 array

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.proof_tools import frame
    >>> Q = frame(np.random.default_rng(1), 5, 2)
    >>> np.allclose(Q.T @ Q, np.eye(2))
    True
    """
    return np.linalg.qr(rng.standard_normal((d, m)))[0]


def extreme_gram(K, eps):
    """Gram matrix of the images of the v_i that (5.3) allows at its worst.

    Parameters
    ----------
    K : int
    eps : float

    Returns
    -------
    (K, K) float64 array
        In units of m/d.

    Notes
    -----
    Of Lemma 12's proof, where it breaks (5.6).

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.proof_tools import extreme_gram
    >>> round(float(np.linalg.eigvalsh(extreme_gram(6, 0.02))[-1]), 4)
    1.3604
    """
    J = np.ones((K, K))
    return (1 - eps) ** 2 * np.eye(K) + 4 * eps * (J - np.eye(K))


def extreme_frame(K, eps, m, d):
    """Orthonormal rows whose first m coordinates realize `extreme_gram`.

    Parameters
    ----------
    K : int
    eps : float
    m, d : int
        K at most m and at most d - m.

    Returns
    -------
    (K, d) float64 array

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.proof_tools import extreme_frame, extreme_gram
    >>> V = extreme_frame(6, 0.02, 20, 40)
    >>> np.allclose(V @ V.T, np.eye(6))
    True
    >>> np.allclose(V[:, :20] @ V[:, :20].T, extreme_gram(6, 0.02) / 2)
    True
    """
    values, vectors = np.linalg.eigh(m / d * extreme_gram(K, eps))
    inside, outside = np.zeros((K, m)), np.zeros((K, d - m))
    inside[:, :K] = vectors * np.sqrt(values)
    outside[:, :K] = vectors * np.sqrt(1 - values)
    return np.hstack([inside, outside])


def least_norms(Z):
    """min norm(Z^T s) over nonnegative unit s, exactly, for many Z.

    The minimizer with support T is the least eigenvector of Z_T Z_T^T and
    has one sign, so that the 2^n - 1 supports decide.

    Parameters
    ----------
    Z : (B, n, d) array
        B matrices; n small, the cost doubles with each.

    Returns
    -------
    (B,) float64 array

    Notes
    -----
    f(Z) of Proposition 13 and Lemma 15.

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.proof_tools import least_norms
    >>> least_norms(np.array([[[3.0, 0.0], [0.0, 4.0]]]))
    array([3.])
    """
    gram = Z @ np.swapaxes(Z, 1, 2)
    n = Z.shape[1]
    best = np.full(len(Z), np.inf)
    for size in range(1, n + 1):
        for support in combinations(range(n), size):
            block = gram[:, support][:, :, support]
            values, vectors = np.linalg.eigh(block)
            least = vectors[:, :, 0]
            one_sign = (least >= 0).all(1) | (least <= 0).all(1)
            best = np.where(one_sign, np.minimum(best, values[:, 0]), best)
    return np.sqrt(np.maximum(best, 0))


def mean_norms(N):
    """E norm(h_m) for m = 1, ..., N, where h_m is standard normal in R^m.

    Parameters
    ----------
    N : int

    Returns
    -------
    (N,) float64 array

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.proof_tools import mean_norms
    >>> bool(np.isclose(mean_norms(2)[0], np.sqrt(2 / np.pi)))
    True
    """
    m = np.arange(1, N + 1)
    return np.sqrt(2) * np.exp(gammaln((m + 1) / 2) - gammaln(m / 2))


def gordon_bound(n, d):
    """E norm(h) - E norm(g_+) of Proposition 13, exactly.

    Parameters
    ----------
    n, d : int
        Dimensions of g and h.

    Returns
    -------
    float

    Notes
    -----
    Proposition 13, whose sqrt(d) - sqrt(n/2) is its limit for large sizes.

    Examples
    --------
    >>> from nclib.proof_tools import gordon_bound
    >>> round(gordon_bound(50, 100), 2)
    5.04
    """
    norms = mean_norms(max(n, d))
    # g_+ has Bin(n, 1/2) nonzero coordinates, each half normal.
    positive = binom.pmf(np.arange(1, n + 1), n, 0.5) @ norms[:n]
    return float(norms[d - 1] - positive)
