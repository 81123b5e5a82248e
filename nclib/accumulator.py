r"""Metrics of a network too large for one array: batch by batch, merged.

What is kept is enough for every number that is reported of the last layer of
a network: per class a count, a mean and a sum of squares, and one D x D
matrix, the within-class scatter of all classes together. NC1 needs no more,
since its trace is linear in that scatter; a scatter per class is never kept.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.blas import dsymm, dsyrk
from scipy.spatial.distance import pdist

from nclib._checks import (
    as_array,
    check_choice,
    check_classifier,
    check_codes,
    check_integer,
    check_labels,
    check_matrix,
    check_sizes,
    check_squares,
    check_vector,
)
from nclib.metrics import (
    CONVENTIONS,
    Metrics,
    center_of,
    frame_distance,
    frame_metrics,
    scaled_trace,
    warn_if_transposed,
    whitening,
)

__all__ = ["Accumulator", "Geometry"]


class Geometry(NamedTuple):
    r"""What the field reports of centered class means and a classifier.

    With :math:`m_k=\bar h_k-h_G`, M the matrix with these rows, w_k the
    columns of W, :math:`\theta` their cosines and :math:`C_K=I-J/K`. All but
    `cdnv` vanish at neural collapse, `cdnv` too where the means differ. NaN:
    not defined there, or no W given.

    Attributes
    ----------
    norms : float
        Standard deviation (with K - 1) over mean of :math:`\|m_k\|`;
        "equinorm", Papyan, Han and Donoho (2020).
    angles : float
        Mean of :math:`|\theta_{jk}+\frac1{K-1}|` over :math:`j\ne k`;
        "maximal angle", by the same authors.
    simplex : float
        Frobenius distance of :math:`MM^\top`, divided by its norm, from
        :math:`C_K/\sqrt{K-1}`, both in one: of the means, what Zhu et al.
        (2021) and (3.3) take of the classifier.
    cdnv : float
        Mean over :math:`j\ne k` of :math:`(v_j+v_k)/(2\|\bar h_j
        -\bar h_k\|^2)`, v_k the mean squared distance from
        :math:`\bar h_k`; Galanti, György and Hutter (2022). Infinite where
        two means coincide.
    weight_norms, weight_angles : float
        `norms` and `angles` of the w_k, not centered.
    self_duality : float
        :math:`\|W^\top/\|W\|_F-M/\|M\|_F\|_F^2`; Papyan, Han and Donoho
        (2020).
    alignment : float
        :math:`\|MW/\|MW\|_F-C_K/\sqrt{K-1}\|_F`, (3.3) with centered
        means; Zhu et al. (2021).
    """

    norms: float
    angles: float
    simplex: float
    cdnv: float
    weight_norms: float
    weight_angles: float
    self_duality: float
    alignment: float


class Accumulator:
    r"""Neural collapse metrics of features that come in batches.

    Keeps :math:`n_k`, :math:`\bar h_k`, :math:`\sum_i\|h_{ki}
    -\bar h_k\|^2` and one matrix,

    .. math::

        S = \sum_{k,i}(h_{ki}-\bar h_k)(h_{ki}-\bar h_k)^\top,

    all in float64. A batch with count m and mean :math:`\bar b` moves a class
    of n samples by :math:`\delta=\bar b-\bar h` and adds to S its own
    scatter and :math:`\frac{nm}{n+m}\delta\delta^\top` (Chan, Golub and
    LeVeque 1983). Each class is measured from its first sample, so that large
    means do not cancel.

    Parameters
    ----------
    K, D : int
        Number of classes and of features.
    classes : sequence of K labels, optional
        Their labels, in the order of the columns of W; 0 to K - 1 by default.
    sizes : sequence of K ints, optional
        Size of each class in the whole data, needed for the convention
        "unweighted" where sizes differ: it weighs each class by a size that
        no single pass knows in advance. Costs a second D x D matrix then.

    Attributes
    ----------
    classes : (K,) array
    counts : (K,) int array
        Samples seen.

    Raises
    ------
    TypeError, ValueError
        Naming the argument. A batch that is refused leaves all as it was.

    Notes
    -----
    Memory: :math:`8(D^2+2KD)` bytes and four copies of the batch. Time:
    :math:`BD^2` multiplications for a batch of B samples, on the CPU,
    wherever the tensors are. Squares are summed, so features must be between
    1e-140 and 1e150 in size.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> y = np.arange(60) % 3
    >>> H = np.eye(3)[y] + 0.1 * np.sin(np.arange(180.0)).reshape(60, 3)
    >>> first, second = nclib.Accumulator(3, 3), nclib.Accumulator(3, 3)
    >>> first.update(H[:25], y[:25])
    >>> second.update(H[25:], y[25:])
    >>> streamed = (first + second).metrics(np.eye(3)).nc1
    >>> whole = nclib.nc_metrics(H, np.eye(3), y).nc1
    >>> bool(abs(streamed - whole) < 1e-12 * whole)
    True
    """

    def __init__(self, K, D, classes=None, sizes=None):
        K, D = check_integer("K", K, 1), check_integer("D", D, 1)
        self.classes = check_labels(classes, K)
        self.counts = np.zeros(K, dtype=np.int64)
        self._sizes = None
        if sizes is not None:
            self._sizes = check_sizes("sizes", sizes)
            if self._sizes.shape != (K,):
                raise ValueError(
                    f"sizes must have one entry a class, shape ({K},), got "
                    f"shape {self._sizes.shape}"
                )
        # Each class from its first sample: its mean, and the squares about it.
        self._first = np.zeros((K, D))
        self._shift = np.zeros((K, D))
        self._squares = np.zeros(K)
        # Upper triangles, as BLAS leaves them.
        self._scatter = np.zeros((D, D), order="F")
        self._weighted = None
        if self._sizes is not None and np.ptp(self._sizes) > 0:
            self._weighted = np.zeros((D, D), order="F")
        self._epsilon = np.finfo(float).eps

    def update(self, H, y):
        """Take in a batch.

        Parameters
        ----------
        H : (B, D) array or tensor
            Features; any real dtype, any device, with or without a gradient.
        y : (B,) array or tensor
            Labels, each one of `classes`; some may be missing.
        """
        H = as_array("H", H)
        epsilon = np.finfo(H.dtype if H.dtype.kind == "f" else float).eps
        H = check_squares("H", check_matrix("H", H), self._first.shape[1])
        codes = check_codes(y, len(H), self.classes)
        order = np.argsort(codes, kind="stable")
        H, codes = H[order], codes[order]
        seen, starts, m = np.unique(
            codes, return_index=True, return_counts=True
        )
        n = self.counts[seen]
        new = n == 0
        self._first[seen[new]] = H[starts[new]]
        H -= self._first[codes]
        means = np.add.reduceat(H, starts, axis=0) / m[:, None]
        H -= np.repeat(means, m, axis=0)
        squares = np.add.reduceat(np.einsum("ij,ij->i", H, H), starts)
        self._squares[seen] += squares
        # A class with one sample in the batch has no scatter of its own.
        several = np.repeat(m > 1, m)
        self._add(H[several], codes[several])
        self._move(seen, means - self._shift[seen], m)
        self._epsilon = max(self._epsilon, epsilon)

    def _move(self, labels, delta, m):
        """Join m samples a class whose mean differs by delta."""
        n = self.counts[labels]
        weights = n * (m / (n + m))
        rows = np.sqrt(weights)[:, None] * delta
        self._squares[labels] += np.einsum("ij,ij->i", rows, rows)
        self._add(rows[n > 0], labels[n > 0])
        self._shift[labels] += (m / (n + m))[:, None] * delta
        self.counts[labels] += m

    def _add(self, rows, codes):
        if not len(rows):
            return
        self._scatter = dsyrk(
            1.0, rows.T, beta=1.0, c=self._scatter, overwrite_c=True
        )
        if self._weighted is not None:
            rows = rows / np.sqrt(self._sizes[codes])[:, None]
            self._weighted = dsyrk(
                1.0, rows.T, beta=1.0, c=self._weighted, overwrite_c=True
            )

    def __add__(self, other):
        """The accumulator of both, as of two workers; neither changes."""
        if not isinstance(other, Accumulator):
            return NotImplemented
        for name, mine, its in (
            ("K and D", self._first.shape, other._first.shape),
            ("classes", self.classes.tolist(), other.classes.tolist()),
            ("sizes", _listed(self._sizes), _listed(other._sizes)),
        ):
            if mine != its:
                raise ValueError(
                    f"accumulators must agree in {name} to be added, got "
                    f"{mine} and {its}"
                )
        K, D = self._first.shape
        total = Accumulator(K, D, self.classes, self._sizes_given())
        total.counts[:] = self.counts
        total._first[:] = self._first
        total._shift[:] = self._shift
        total._squares[:] = self._squares + other._squares
        total._scatter = self._scatter + other._scatter
        if self._weighted is not None:
            total._weighted = self._weighted + other._weighted
        total._epsilon = max(self._epsilon, other._epsilon)
        labels = np.flatnonzero(other.counts)
        new = labels[self.counts[labels] == 0]
        total._first[new] = other._first[new]
        delta = other._first[labels] - total._first[labels]
        delta += other._shift[labels] - total._shift[labels]
        total._move(labels, delta, other.counts[labels])
        return total

    def _sizes_given(self):
        return None if self._sizes is None else self._sizes.astype(int)

    def metrics(self, W=None, convention="paper"):
        """(3.2) and (3.3) of all samples so far, as `nc_metrics` gives them.

        Parameters
        ----------
        W : (D, K) array or tensor, optional
            Classifier, ``linear.weight.T``; without it nc2_weights and nc3
            are NaN.
        convention : str
            A key of `CONVENTIONS`, for nc1 only.

        Returns
        -------
        Metrics
        """
        rule = CONVENTIONS[check_choice("convention", convention, CONVENTIONS)]
        offset, deviations = self._centered()
        K, D = deviations.shape
        if W is not None:
            W = check_classifier("W", W, D, K)
        scatter = self._within(rule)
        means = offset + deviations
        if W is not None:
            warn_if_transposed(means, W)
        noise = 4 * self._epsilon * np.abs(means).max() * np.sqrt(D)
        whitener = whitening(deviations, self.counts, rule, noise)
        nc1 = np.nan
        if whitener is not None:
            product = dsymm(1.0, scatter[0], whitener)
            trace = np.einsum("ij,ij->", whitener, product) * scatter[1]
            # Rounding may leave a scatter of zero below it.
            nc1 = scaled_trace(max(trace, 0.0), K, rule)
        return Metrics(nc1, *frame_metrics(means, W))

    def _within(self, rule):
        """An upper triangle and the factor that makes it Sigma_W."""
        if rule.within == "n_k/N" or np.ptp(self.counts) == 0:
            return self._scatter, 1 / self.counts.sum()
        if self._weighted is None:
            raise ValueError(
                "sizes must be given to Accumulator for convention "
                "'unweighted' on unequal classes: "
                "Accumulator(K, D, sizes=np.bincount(y))"
            )
        if (self.counts != self._sizes).any():
            k = int(np.flatnonzero(self.counts != self._sizes)[0])
            raise ValueError(
                "sizes must be the number of samples of each class seen, got "
                f"{int(self._sizes[k])} for class {self.classes[k].item()!r} "
                f"with {int(self.counts[k])} samples"
            )
        return self._weighted, 1 / len(self.counts)

    def geometry(self, W=None, convention="paper"):
        """The numbers usually reported of a network, centered.

        Parameters
        ----------
        W : (D, K) array or tensor, optional
            Classifier, ``linear.weight.T``.
        convention : str
            A key of `CONVENTIONS`: where the global mean is.

        Returns
        -------
        Geometry
        """
        rule = CONVENTIONS[check_choice("convention", convention, CONVENTIONS)]
        offset, deviations = self._centered()
        K, D = deviations.shape
        M = deviations - center_of(deviations, self.counts, rule)
        simplex = (np.eye(K) - 1 / K) / np.sqrt(K - 1)
        spread = self._squares / self.counts
        j, k = np.triu_indices(K, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            pairs = (spread[j] + spread[k]) / (
                2 * pdist(deviations, "sqeuclidean")
            )
        ours = (
            *_frame(M),
            frame_distance(M @ M.T, simplex),
            float(pairs.mean()),
        )
        if W is None:
            return Geometry(*ours, *[np.nan] * 4)
        W = check_classifier("W", W, D, K)
        warn_if_transposed(offset + deviations, W)
        duality = np.nan
        if W.any() and M.any():
            gap = W.T / np.linalg.norm(W) - M / np.linalg.norm(M)
            duality = float(np.sum(gap**2))
        return Geometry(
            *ours, *_frame(W.T), duality, frame_distance(M @ W, simplex)
        )

    def nearest(self, H):
        """The class whose mean is nearest to each row of H.

        Parameters
        ----------
        H : (B, D) array or tensor

        Returns
        -------
        (B,) array
            Labels out of `classes`; the first of several at one distance.
        """
        return self.classes[self._nearest(H, *self._centered())]

    def _nearest(self, H, offset, deviations):
        H = check_squares("H", check_matrix("H", H), deviations.shape[1])
        squares = np.einsum("ij,ij->i", deviations, deviations)
        H -= offset
        return (squares - 2 * H @ deviations.T).argmin(axis=1)

    def agreement(self, batches, W, bias=None):
        """NC4: how often the classifier picks the nearest class mean.

        A second pass, since the means must be known. Papyan, Han and Donoho
        (2020) show 1 minus it.

        Parameters
        ----------
        batches : iterable of (B, D) arrays or tensors
            Features, of the training set or of any other.
        W : (D, K) array or tensor
            Classifier, ``linear.weight.T``.
        bias : (K,) array or tensor, optional

        Returns
        -------
        float
            Share of the rows whose largest entry of H W + bias belongs to the
            class of `nearest`.
        """
        offset, deviations = self._centered()
        K, D = deviations.shape
        W = check_classifier("W", W, D, K)
        warn_if_transposed(offset + deviations, W)
        if bias is None:
            bias = np.zeros(K)
        else:
            bias = check_classifier("bias", bias[None], 1, K)[0]
        hits = total = 0
        for H in batches:
            H = as_array("H", H)
            near = self._nearest(H, offset, deviations)
            hits += int(((H @ W + bias).argmax(axis=1) == near).sum())
            total += len(H)
        if not total:
            raise ValueError("batches must hold at least one batch, got none")
        return hits / total

    def orthogonality(self, mean):
        r"""NC5: how far the class means are from orthogonal to another mean.

        .. math::

            \frac1K \sum_k \frac{|\langle \bar h_k, g\rangle|}
                {\|\bar h_k\|\,\|g\|}

        Ammar et al. (2024), for g the mean of data from elsewhere. Nothing is
        centered.

        Parameters
        ----------
        mean : (D,) array or tensor
            Mean of the features of out-of-distribution data, such as the
            `mean` of their own accumulator.

        Returns
        -------
        float
            NaN where a class mean is zero.
        """
        offset, deviations = self._centered()
        mean = check_vector("mean", mean, len(offset))
        means = offset + deviations
        norms = np.linalg.norm(means, axis=1) * np.linalg.norm(mean)
        with np.errstate(invalid="ignore"):
            return float(np.mean(np.abs(means @ mean) / norms))

    @property
    def means(self):
        """The class means, (K, D); NaN where a class has no sample."""
        means = self._first + self._shift
        means[self.counts == 0] = np.nan
        return means

    @property
    def mean(self):
        """The mean of all samples, (D,)."""
        return self.counts @ (self._first + self._shift) / self.counts.sum()

    def _centered(self):
        """A common offset, and the class means less it."""
        if len(self.counts) < 2:
            raise ValueError("K must be at least 2 for the metrics, got 1")
        missing = self.classes[self.counts == 0]
        if len(missing):
            raise ValueError(
                "classes must all have been seen, got no sample of "
                f"{missing[:5].tolist()}"
                + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
                + "; name the ones that occur by Accumulator(..., classes=)"
            )
        deviations = self._first - self._first[0] + self._shift
        center = self.counts @ deviations / self.counts.sum()
        return self._first[0] + center, deviations - center


def _listed(values):
    return None if values is None else values.tolist()


def _frame(rows):
    """Spread of the norms, and distance of the angles from a simplex."""
    K = len(rows)
    norms = np.linalg.norm(rows, axis=1)
    if not norms.all():
        return np.nan, np.nan
    unit = rows / norms[:, None]
    cosines = (unit @ unit.T)[~np.eye(K, dtype=bool)]
    return (
        float(norms.std(ddof=1) / norms.mean()),
        float(np.abs(cosines + 1 / (K - 1)).mean()),
    )
