r"""A random ReLU layer on clustered data: how wide must it be?

In high dimension a random layer of ReLU neurons acts on Gaussian clusters as a
free intercept and louder noise. With W the neurons, rows x = mu_c + sigma g,
and relu(r h) = r (1/sqrt(2 pi) + h/2 + rest(h)) for standard normal h, twice
the features of a sample are, to two moments,

    r sqrt(2/pi) 1 + W' x + r sqrt(l) xi,    r^2 = sigma^2 d,

xi fresh noise and l = 1 - 2/pi, four times the variance of the rest. The
ones are a free intercept. The others are a mixture with means W' mu_c and the
covariance sigma^2 (W'W + l d I), and whitening leaves of mu_c what noise
sigma / sqrt(Theta) would leave. A ReLU of twice the input is twice the output:
rows may be divided by their noise, and then have one free intercept.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from nclib._checks import (
    check_design,
    check_integer,
    check_means,
    check_real,
)
from nclib.asymptotics import Boundary, boundary_of
from nclib.designs import design_sample
from nclib.kernels import collapse_width

__all__ = ["LayerWidth", "layer_width", "layer_widths", "signal_share"]

# What a ReLU of a standard normal has beside its linear part, over it.
_RESIDUE = 1 - 2 / math.pi


def signal_share(ratio):
    r"""Share of the squared means that a random ReLU layer lets through.

    With :math:`\gamma=d_1/d` neurons an input dimension and
    :math:`\ell=1-2/\pi`

    .. math:: \Theta(\gamma)=\tfrac12\Big[ & 1+\ell+\gamma \\
        & -\sqrt{(\ell+\gamma-1)^2+4\ell}\Big],

    which is :math:`\frac1d\mathrm{tr}\,S(S+\ell)^{-1}` for the
    Marchenko-Pastur law of :math:`S=WW^\top/d`.

    Parameters
    ----------
    ratio : float
        :math:`\gamma`, at least 0.

    Returns
    -------
    float
        From 0 for a narrow layer, like :math:`\gamma/(1+\ell)`, to 1.

    Notes
    -----
    Beyond the paper; proved as a limit of traces, for Gaussian neurons.

    Examples
    --------
    >>> from nclib.layer import signal_share
    >>> round(signal_share(0.3), 3), round(signal_share(1e6), 3)
    (0.206, 1.0)
    """
    ratio = check_real("ratio", ratio, 0.0)
    root = math.hypot(_RESIDUE + ratio - 1, 2 * math.sqrt(_RESIDUE))
    # The conjugate form, without cancellation.
    return 2 * ratio / (1 + _RESIDUE + ratio + root)


@dataclass(frozen=True)
class LayerWidth:
    """The width at which a random layer lets a class collapse.

    Attributes
    ----------
    width : float
        Number d1 of neurons.
    share : float
        What of the squared means the layer lets through, `signal_share`.
    sigma : float
        Noise level of the equivalent mixture, louder than that of the data.
    boundary : Boundary
        Its boundary with a free intercept; ``width / n`` is its delta.
    """

    width: float
    share: float
    sigma: float
    boundary: Boundary


def layer_width(
    means, sigma, n, d, k=0, *, sizes=None, noise=None, mixture=None
):
    r"""Width of a random ReLU layer from which on class k can collapse.

    On the features of Gaussian clusters in d dimensions, n samples a class,
    the problem (2.12) becomes feasible at about the width :math:`d_1` with

    .. math:: \frac{d_1}n = \delta^*_{k,\mathrm{bias}}\Big(\mu,
        \frac\sigma{\sqrt{\Theta(d_1/d)}}\Big),

    the threshold of :func:`nclib.phase_boundary` with an intercept, and
    :func:`signal_share`. More noise asks for more neurons, up to
    `nclib.asymptotics.intercept_threshold`, which labels at random ask for.

    Parameters
    ----------
    means : (K, p) array_like
        Class means, p at most d; with `mixture`, one row a cluster.
    sigma : float
        Noise level of each of the d coordinates, positive.
    n : int
        Samples a class.
    d : int
        Dimension of the data, in front of the layer.
    k : int
        Target class. Collapse needs the widest of all classes.
    sizes, noise, mixture : array_like, optional
        Unequal classes, clusters of their own noise, and classes of several
        clusters, as for `nclib.phase_boundary`. Here the free intercept is
        longer on louder clusters: their :math:`\eta_c` times as long.

    Returns
    -------
    LayerWidth

    Notes
    -----
    Beyond the paper; derived (Gaussian equivalence) for n, d and d1 of one
    order, and numerically confirmed. It asks for noise that is longer than
    the means, ``sigma**2 * d`` far above their squares: else a layer sees
    more than linear functions of them. The center of the transition is that
    of a finite sample, off by about one neuron.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> means = nclib.two_cluster_means(1, np.pi)
    >>> [round(nclib.layer_width(means, s, 120, 400).width)
    ...  for s in (0.15, 0.3, 1.0)]
    [130, 141, 161]
    """
    means = check_means(means)
    sigma = check_real("sigma", sigma, 0.0, exclusive=True)
    n = check_integer("n", n, 1)
    d = check_integer("d", d, means.shape[1])
    sizes, noise, mixture = check_design(len(means), sizes, noise, mixture)
    total = n * sizes.sum()

    def at(width):
        share = signal_share(width / d)
        louder = sigma / math.sqrt(share)
        # A layer's constant part is as long as the sample.
        boundary = boundary_of(means, louder, k, noise, sizes, noise, mixture)
        return LayerWidth(width, share, louder, boundary)

    # A wider layer lets more through, so that there is one root; no class
    # collapses below its size, and all do from the number of samples on.
    first = at(float(total))
    return at(
        brentq(
            lambda width: width - n * at(width).boundary.delta,
            0.5 * n * first.boundary.delta,
            total,
        )
    )


def layer_widths(
    means, sigma, n, d, draws, seed, k=0, *, sizes=None, noise=None,
    mixture=None,
):  # fmt: skip
    """Smallest widths at which class k collapses, behind random layers.

    Parameters
    ----------
    means, sigma, n, d, k, sizes, mixture
        As for :func:`layer_width`.
    draws : int
        Data sets, each with a layer of its own.
    seed : int

    Returns
    -------
    (draws,) float array
        Each from `nclib.kernels.collapse_width`, on full data; nan where
        four times as many neurons as samples do not suffice.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.layer import layer_widths
    >>> means = nclib.two_cluster_means(1, np.pi)
    >>> widths = layer_widths(means, 0.5, 20, 60, draws=3, seed=0)
    >>> bool(((20 <= widths) & (widths <= 40)).all())
    True
    """
    design = dict(sizes=sizes, noise=noise, mixture=mixture)
    widths = []
    for child in np.random.SeedSequence(seed).spawn(draws):
        data, layer = child.spawn(2)
        X, y = design_sample(means, sigma, n, d, data, **design)
        width = collapse_width(X, y, layer, 4 * len(y), [k])
        widths.append(math.nan if width is None else width)
    return np.array(widths)
