"""Claims of the errata page: what was checked and found correct."""

import numpy as np
from scipy.integrate import quad
from scipy.special import gammaln
from scipy.stats import beta, norm

from nclib.bounds import theorem_5b_ratio
from nclib.ledger import claim
from nclib.ledger.evidence import at_scale
from nclib.metrics import nc_metrics
from nclib.upfm import descend, upfm_minimizer


@claim(
    "checked-2",
    "Theorem 2, a and b of (2.8), (2.9), and (2.11)",
    strength="identity",
)
def minimizers(scale):
    r"""The printed $a$ and $b$ are those of the best network that a descent
    finds; so are the three factors of (2.11), with $\sqrt n K\lambda$ in them.

    Needs: equal classes, penalties below the transition to zero; for (2.11)
    the correction of erratum-32.
    """
    error = 0.0
    problems = ((2, 3), (3, 2), (4, 3))[: at_scale(scale, 2, 3)]
    for K, n in problems:
        edge = np.sqrt(n * (K - 1) / K) / (K * n)
        lam_W, lam_H = 0.8 * edge, 0.2 * edge
        lam = np.sqrt(lam_W * lam_H)
        net = descend([n] * K, K, lam_W, lam_H, "ce", 6)
        means = net.H.reshape(K, n, -1).mean(1)
        a = np.log((K - 1) * (1 / (lam * np.sqrt(n * K * (K - 1))) - 1))
        b = np.sqrt((K - 1) / (n * K) * lam_W / lam_H) * a
        centered = np.eye(K) - 1 / K
        pairs = [
            (means @ means.T, b * np.eye(K)),
            (means @ net.W, a * centered),
            (net.W.T @ net.W, a**2 / b * centered),
            (net.W, a / b * means.T @ centered),
        ]
        net = descend([n] * K, K, lam_W, lam_H, "l2", 6)
        means = net.H.reshape(K, n, -1).mean(1)
        factor = 1 - np.sqrt(n) * K * lam
        pairs += [
            (
                means @ means.T,
                np.sqrt(lam_W / lam_H) * factor / np.sqrt(n) * np.eye(K),
            ),
            (means @ net.W, factor * np.eye(K)),
            (net.W, np.sqrt(n * lam_H / lam_W) * means.T),
        ]
        for found, printed in pairs:
            error = max(error, np.abs(found - printed).max())
    return error < 1e-4, (
        f"{len(problems)} problems, seven printed matrices each: "
        f"within {error:.0e} of descent"
    )


@claim(
    "checked-5b",
    "Theorem 5(b), proof, from (4.13) to (2.17)",
    strength="identity",
)
def last_step(scale):
    r"""$\sqrt{d-n-K} \ge$ $\sqrt{(K-1)n/2} + \sqrt{2\log n}$ is (2.17), and
    $t = \sqrt{2\log n}$ in Lemma 15 costs $1/n$ per class.

    Needs: $n \ge 2$; the expectation in (4.13) taken as given, see erratum-22.
    """
    error = 0.0
    for K in (2, 3, 10, 50):
        for n in (2, 10, 300, 10**6):
            root = np.sqrt((K - 1) * n / 2) + np.sqrt(2 * np.log(n))
            d = n + K + root**2
            error = max(error, abs(d / n / theorem_5b_ratio(n, K) - 1))
            cost = np.exp(-(np.sqrt(2 * np.log(n)) ** 2) / 2)
            error = max(error, abs(n * cost - 1))
    return error < 1e-13, f"16 pairs of n and K: equal to {error:.0e}"


@claim(
    "checked-7a",
    "Theorem 7(a), eqs. (4.22) and (4.23)",
    strength="identity",
)
def low_noise(scale):
    r"""Under (4.22) none of $n$ samples is on the wrong side, up to a chance
    $1/n$, and the neuron errs at most $n^{-2}$ of the time; (4.23) implies
    (4.22) up to a chance $1/n$ once $d - n + 1 \ge \log(n)/\varepsilon^2$.

    Needs: $n \ge 2$; the chances are computed, the second from the law of a
    projection; a quarter of those dimensions is not enough.
    """
    n = np.unique(np.geomspace(2, 1e12, 400).round())
    samples = (n**2 * norm.sf(2 * np.sqrt(np.log(n)))).max()
    granted, less = 0.0, np.inf
    for eps in (0.05, 0.2, 0.5):
        for size in (10, 1000, 10**6):
            m = int(np.ceil(np.log(size) / eps**2))
            granted = max(granted, short_projection(size, m, eps))
        less = min(less, short_projection(size, -(-m // 4), eps))
    return samples <= 1 and granted <= 1 < less, (
        f"n^2 times the chance of one sample is at most {samples:.2f}; n "
        f"times that of a short projection at most {granted:.2f}, and "
        f"{less:.0f} or more at n = 1e6 with a quarter of the dimensions"
    )


def short_projection(n, m, eps):
    """n times the chance that m = d - n + 1 random dimensions keep less than
    (1 - eps) sqrt(m/d) of a vector's length."""
    # At most n exp(-m eps^2), by Chernoff's bound: log(1 - eps) is at most
    # -eps - eps^2 / 2.
    law = beta(m / 2, (n - 1) / 2)
    return n * law.cdf((1 - eps) ** 2 * m / (m + n - 1))


@claim(
    "checked-7b",
    "Theorem 7(b), the integral and (4.25), (4.27)",
    strength="identity",
)
def moments(scale):
    r"""The printed integrals of $\mathbb E(sZ - 1)_+^2$ agree; $s^2(4 + 2s^2)$
    is the variance of $(1 + sZ)^2$ in (4.25), and bounds that of
    $(sZ - 1)_+^2$ in (4.27).

    Needs: $s > 0$. Of the second: Poincare's inequality, which gives
    $4s^2\,\mathbb E(sZ - 1)_+^2 \le 2s^4$.
    """
    z, weight = np.polynomial.hermite_e.hermegauss(20)
    weight = weight / weight.sum()
    error, share = 0.0, 0.0
    for s in (0.3, 0.5, 1.0, 2.0, 5.0, 20.0):
        scaled = {"epsabs": 0, "epsrel": 1e-11}

        def positive(power, s=s, scaled=scaled):
            """The moment of sZ - 1 where it is positive."""
            return quad(
                lambda x: (s * x - 1) ** power * norm.pdf(x),
                1 / s,
                1 / s + 40,
                **scaled,
            )[0]

        front = 1 / np.sqrt(2 * np.pi * s**2)
        tail = np.exp(-1 / (2 * s**2))
        area = norm.sf(1 / s) / front
        first = front * ((s**2 + 1) * area - s**2 * tail)
        exact = positive(2)
        error = max(error, abs(first / exact - 1))
        square = (1 + s * z) ** 2
        spread = weight @ (square - 1 - s**2) ** 2
        variance = s**2 * (4 + 2 * s**2)
        error = max(error, abs(spread / variance - 1))
        share = max(share, (positive(4) - exact**2) / variance)
    return error < 1e-7 and share <= 1, (
        f"six s from 0.3 to 20: integral and variance agree to {error:.0e}; "
        f"the variance of (4.27) is at most {share:.2f} of that of (4.25)"
    )


@claim(
    "checked-13",
    "Proposition 13, the expansion of E|h|",
    strength="identity",
)
def mean_norm(scale):
    r"""$\mathbb E\|h\| = \sqrt2\,\Gamma(\frac{d+1}2)/\Gamma(\frac d2)$ is the
    printed product up to a factor that tends to 1, and so is $\sqrt d$.

    Needs: $d \ge 3$ for the product.
    """
    d = np.array([3.0, 10.0, 100.0, 1e3, 1e4])
    exact = np.sqrt(2) * np.exp(gammaln((d + 1) / 2) - gammaln(d / 2))
    product = (
        np.sqrt((d - 1) / (d - 2))
        * (1 + 1 / (d - 2)) ** ((d - 2) / 2)
        * np.sqrt((d - 1) / np.e)
    )
    off, root = np.abs(product / exact - 1), np.abs(np.sqrt(d) / exact - 1)
    # Of orders d^-2 and 1/(4d): bounded after division.
    holds = (d**2 * off).max() < 1 and (np.abs(4 * d * root - 1) < 0.1)[1:]
    return np.all(holds), (
        f"at d = 10, 100, 1000 the product is off by {off[1]:.0e}, "
        f"{off[2]:.0e}, {off[3]:.0e}, sqrt d by 1/(4d)"
    )


@claim(
    "checked-measures",
    "Section 3.2, eqs. (3.2) and (3.3)",
    strength="identity",
)
def measures(scale):
    """The four measures vanish at collapse. The converse needs more: NC1 does
    not see a spread at right angles to the differences of the class means,
    and all four vanish at features that have not collapsed.

    Needs: cross-entropy, more neurons than classes for the converse to fail.
    """
    at_collapse = 0.0
    for K, n in ((2, 3), (4, 5), (10, 2)):
        best = upfm_minimizer(K, n, 1e-3, 1e-6)
        y = np.repeat(np.arange(K), n)
        at_collapse = max(at_collapse, *nc_metrics(best.H, best.W, y))
    # Two neurons a class; a sample leans to the one or to the other.
    K, lean = 3, 0.5
    pair = np.array([[1 + lean, 1 - lean], [1 - lean, 1 + lean]])
    H = np.kron(np.eye(K), pair)
    W = np.kron(np.eye(K) - 1 / K, np.ones((2, 1)))
    y = np.repeat(np.arange(K), 2)
    blind = max(nc_metrics(H, W, y))
    spread = np.abs(H[0] - H[1]).max()
    return max(at_collapse, blind) < 1e-12 and spread == 1, (
        f"at the minimizers below {at_collapse:.0e}; with a spread of "
        f"{spread:.0f} around means of length {np.sqrt(2):.2f} all four below "
        f"{blind:.0e}"
    )
