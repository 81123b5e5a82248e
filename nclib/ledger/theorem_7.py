"""Theorem 7: the best neuron under collapse, and the bounds on its error."""

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtr
from scipy.stats import binom, chi2, kstest, norm

from nclib.asymptotics import collapsed_error, phase_boundary, psi
from nclib.bounds import (
    printed_bound_roots,
    printed_excess,
    printed_factor,
    printed_moment,
    theorem_7a_sigma,
    theorem_7b_corrected,
    theorem_7b_events,
    theorem_7b_printed,
    truncated_moment,
)
from nclib.generalization import (
    best_collapsed_neuron,
    beta_law,
    draw,
    errors,
    flat_ratio,
    neuron_error,
    ratios,
    sandwich,
    slack_needed,
)
from nclib.ledger import claim
from nclib.ledger.evidence import at_scale, listed


def bound(n, d, s, moment, constant):
    """Phi(-B^(-1/2)), B = n/(2d) (moment + s^2 + constant) + s^2."""
    return ndtr(-((n / (2 * d) * (moment + s**2 + constant) + s**2) ** -0.5))


def draws(scale):
    """How many draws a claim at n = 200, d = 2120 takes."""
    return at_scale(scale, 3, 8, 40)


# One draw has standard deviation 0.037 at most (80 draws measured), so a
# mean that is 0.003 off for finite n needs 4.6 standard errors to fail.
@claim(
    "collapsed-error",
    strength="statistical",
    status="quoted",
    false_alarm=2e-5,
)
def collapsed_error_claim(scale):
    r"""The best cosine of a collapsed neuron tends to $1/q$, so that collapse
    multiplies the noise variance by $q^2$.

    Needs: (2.20), $d/n$ tending to $\delta$ above the phase boundary.
    """
    n = 200
    count, tolerance = at_scale(scale, (16, 0.045), (40, 0.03), (100, 0.02))
    cases = ((300, 0.2), (300, 0.5), (400, 1.0), (500, 1.0), (600, 3.0))
    if scale == "quick":
        cases = cases[1:4]
    found = []
    for d, s in cases:
        theory = 1 / collapsed_error(d / n, s).q
        found.append((ratios(n, d, s, count, 8).mean(), theory))
    worst = max(abs(mean - theory) for mean, theory in found)
    listed = ", ".join(f"{m:.4f} ({t:.4f})" for m, t in found)
    return worst < tolerance, (
        f"mean of {count} draws (theory) at n = {n}, (d, s) = "
        f"{', '.join(map(str, cases))}: {listed}; largest difference "
        f"{worst:.4f}"
    )


@claim(
    "price-of-collapse",
    strength="identity",
)
def price_of_collapse(scale):
    r"""The factor $q^2$ lies between $\delta/(\delta - 1)$ and
    $\delta/(\delta - \frac32)$, whatever the noise; it is finite exactly above
    the phase boundary.

    Needs: $\delta > \frac32$ for the upper bound; the formula for $q$.
    """
    inside = []
    for delta in (1.6, 2, 3, 5, 10, 100, 1e4):
        for s in np.geomspace(0.02, 1e3, 12):
            square = collapsed_error(delta, s).q ** 2
            low, high = delta / (delta - 1), delta / (delta - 1.5)
            inside.append(low * (1 - 1e-9) <= square <= high * (1 + 1e-9))
    at_ten = [collapsed_error(10, s).q ** 2 for s in (0.1, 1, 100)]
    off = 0.0
    for s in (0.1, 0.5, 1.0, 3.0, 30.0):
        least = minimize_scalar(
            lambda x, s=s: (
                (1 + 1 / x**2 + psi(-1 / s, np.sqrt(1 + 1 / x**2))) * x**2
            ),
            bounds=(1e-3, 20),
            method="bounded",
            options={"xatol": 1e-10},
        )
        boundary = phase_boundary([[1.0], [-1.0]], s).delta
        off = max(off, abs(least.fun / boundary - 1))
    return all(inside) and off < 1e-9, (
        f"{sum(inside)} of {len(inside)} pairs (delta, s); at delta = 10, "
        "q^2 = "
        + listed(at_ten, ".4f")
        + f" for s = 0.1, 1, 100, between {10 / 9:.4f} and {10 / 8.5:.4f}; "
        "smallest delta with a solution and phase boundary at five noise "
        f"levels equal to {off:.0e}"
    )


# Under (4.23) with eps = 0.2 the Beta law puts an error above n^-2 at less
# than 1e-30; an active inequality has probability n E Phi(-F/s) = 5e-6 a
# draw and does not by itself lift the error above n^-2.
@claim(
    "thm-7a",
    "Theorem 7(a), eqs. (2.27), (4.23)",
    strength="statistical",
    false_alarm=1e-5,
)
def theorem_7a(scale):
    r"""At low noise some collapsed neuron errs at most $n^{-2}$ of the time.

    Needs: $s \le \frac{1-\varepsilon}2\sqrt{(d-n+1)/(d\log n)}$, the constant
    of the proof, and $d - n + 1$ of larger order than $\log(n)/\varepsilon^2$.
    """
    count = at_scale(scale, 15, 40, 200)
    worst, exact = [], True
    for n, d in ((100, 400), (200, 600)):
        s = theorem_7a_sigma(d, n, 0.2)
        worst.append((n, d, s, errors(n, d, s, count).max() * n**2))
        # (4.23): 2 s sqrt(log n) is 1 - eps times the root of the mean of
        # the Beta law, the length that Johnson and Lindenstrauss compare.
        length = 2 * s * np.sqrt(np.log(n)) / 0.8
        exact = exact and abs(length**2 / beta_law(n, d).mean() - 1) < 1e-12
    return exact and all(w <= 1 for *_, w in worst), "; ".join(
        f"n = {n}, d = {d}, s = {s:.4f}: largest error of {count} draws "
        f"{w:.1e} n^-2"
        for n, d, s, w in worst
    )


# The Kolmogorov-Smirnov level is 1e-5 for each of two samples.
@claim(
    "beta-law",
    strength="statistical",
    false_alarm=2e-5,
)
def beta_law_claim(scale):
    r"""Without the inequalities the square of the best cosine has the law
    $\mathrm{Beta}((d-n+1)/2, (n-1)/2)$; with them the best cosine is the same
    on every draw on which no inequality is active, and smaller on the others.

    Needs: (2.20); any $n \le d$.
    """
    count = at_scale(scale, 400, 2000, 10000)
    compared = at_scale(scale, 20, 100, 400)
    lines, holds = [], True
    for n, d, s in ((20, 40, 0.4), (10, 40, 0.5)):
        relaxed = np.array(
            [
                flat_ratio(mu, X[y == 0])
                for X, y, mu in (draw(n, d, s, [9, k]) for k in range(count))
            ]
        )
        law = beta_law(n, d)
        p = kstest(relaxed**2, law.cdf).pvalue
        best = [
            best_collapsed_neuron(*draw(n, d, s, [9, k]), 0)
            for k in range(compared)
        ]
        active = np.array([neuron.s.any() for neuron in best])
        loss = relaxed[:compared] - [neuron.ratio for neuron in best]
        holds = holds and p > 1e-5 and 0 < active.sum() < compared
        holds = holds and np.abs(loss[~active]).max() < 1e-10
        holds = holds and loss[active].min() > 1e-10
        lines.append(
            f"n = {n}, d = {d}, s = {s:g}: mean {np.mean(relaxed**2):.4f} "
            f"(law {law.mean():.4f}), Kolmogorov-Smirnov p = {p:.2f}; "
            f"inequalities active on {active.sum()} of {compared} draws"
        )
    return holds, f"{count} draws each, " + "; ".join(lines)


@claim(
    "sandwich-7b",
    strength="identity",
)
def sandwich_claim(scale):
    r"""Two bounds from the data alone enclose $B = (sq)^2$ of every sample.

    Needs: any two-class data; the upper bound needs $d - 1 \ge 2n$.
    """
    count = at_scale(scale, 12, 60, 300)
    inside, gaps = 0, []
    for seed in np.random.SeedSequence(23).spawn(count):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(5, 60))
        d, s = 2 * n + int(rng.integers(2, 20 * n)), rng.uniform(0.2, 4)
        X, y, mu = draw(n, d, s, rng)
        if rng.integers(2):
            X = mu * (1 - 2 * y)[:, None] + s * np.sign(X)
        low, high = sandwich(X, y, mu, s)
        B = (s / best_collapsed_neuron(X, y, mu, 0).ratio) ** 2
        inside += low <= B * (1 + 1e-9) and B <= high * (1 + 1e-9)
        gaps.append(high / low)
    return inside == count, (
        f"{inside} of {count} data sets, Gaussian and sign noise, n from 5 "
        f"to 59; upper/lower between {min(gaps):.2f} and {max(gaps):.1f}"
    )


# The smallest gap between a draw and the bound is 6.8 standard deviations
# of one draw's quantile (80 draws measured); 1e-10 would do.
@claim(
    "thm-7b",
    "Theorem 7(b), eq. (2.28), as corrected",
    strength="statistical",
    status="quoted",
    false_alarm=1e-6,
)
def theorem_7b(scale):
    """With probability at least $1 - 3/n$ no collapsed neuron errs less than
    an explicit bound, with $T(s)$ in place of the printed moment, without the
    term 1, and without open constants.

    Needs: (2.20), any $n$, $d$, $s$; proved given three standard concentration
    inequalities.
    """
    n, d, count = 200, 2120, draws(scale)
    parts, holds = [], True
    for s in (0.3, 2.0, 15.0):
        lower = theorem_7b_corrected(n, d, s)
        best = errors(n, d, s, count)
        holds = holds and lower <= best.min()
        parts.append(f"s = {s:g}: {lower:.5f} <= {best.min():.5f}")
    return holds, (
        f"n = {n}, d = {d}, bound and smallest of {count} optima: "
        + ", ".join(parts)
    )


def tail_probability(n, s, threshold, down):
    """P(the sum of n copies of (sZ - 1)_+^2 is at most the threshold).

    By powers of the discrete Fourier transform of one copy, rounded down or
    up to a grid of a fifth of a standard deviation over n: a bound from above
    or from below.
    """
    second, fourth = truncated_moment(s, 2), truncated_moment(s, 4)
    step = 0.2 * np.sqrt((fourth - second**2) / n)
    size = 1 << int(np.ceil(np.log2(2.5 * n * second / step)))
    below = ndtr((1 + np.sqrt(np.arange(size + 1) * step)) / s)
    one = np.diff(below, prepend=0.0)
    one = one[1:] + below[0] * (np.arange(size) == 0) if down else one[:size]
    law = np.fft.irfft(np.fft.rfft(one) ** n, size)
    return float(law[: int(threshold / step) + 1].sum())


# At most 28 of 400 exceedances of an event of probability 1/50: binomial tail
# below 1e-7. Without the last term 15 % exceed (Tracy and Widom; 59 of 400
# seen), and fewer than 29 would have probability 1e-6.
@claim(
    "events-7b",
    strength="statistical",
    status="quoted",
    false_alarm=2e-6,
)
def events_7b(scale):
    r"""Each of the three inequalities behind the corrected 7(b) fails with
    probability at most $1/n$. With half of the square of its deviation, or
    without $\sqrt{2\log n}$ for the spectrum, it fails more often.

    Needs: Gaussian noise; any $n$, $d$, $s$. The first two probabilities are
    computed, the third is simulated.
    """
    spread = []
    for n in (2, 10, 200, 10**4, 10**6, 10**9):
        value = theorem_7b_events(n, n, 1.0)[0]
        half = n - 1 - np.sqrt(2 * (n - 1) * np.log(n))
        law = chi2(n - 1)
        spread.append((n * law.cdf(value), n * law.cdf(half), n))
    holds = all(full <= 1 for full, _, _ in spread)
    holds = holds and all(half > 1 for _, half, n in spread if n >= 200)
    tails = []
    for n, s in ((200, 15.0), (4000, 2.0)):
        tail = theorem_7b_events(n, n, s)[1]
        mean = n * truncated_moment(s, 2)
        half = mean - (mean - tail) / np.sqrt(2)
        full = n * tail_probability(n, s, tail, down=True)
        tails.append((full, n * tail_probability(n, s, half, down=False)))
    holds = holds and all(full <= 1 for full, _ in tails) and tails[1][1] > 1
    n, d, count = 50, 150, at_scale(scale, 400, 400, 4000)
    top = theorem_7b_events(n, d, 1.0)[2]
    without = (np.sqrt(top) - np.sqrt(2 * np.log(n))) ** 2
    largest = []
    for seed in np.random.SeedSequence(70).spawn(count):
        Z = np.random.default_rng(seed).standard_normal((2 * n, d - 1))
        largest.append(np.linalg.norm(Z, 2) ** 2)
    above = int((np.array(largest) > top).sum())
    bare = int((np.array(largest) > without).sum())
    allowed = binom.ppf(1 - 1e-7, count, 1 / n)
    holds = holds and above <= allowed < bare
    return holds, (
        "chance in units of 1/n: spread "
        + ", ".join(f"{full:.3f}" for full, _, _ in spread)
        + " at n = 2 to 10^9; tail "
        + " and ".join(f"{full:.3f}" for full, _ in tails)
        + " at (n, s) = (200, 15), (4000, 2), with half of the square "
        f"{spread[2][1]:.1f} (spread, n = 200) and {tails[1][1]:.1f} (tail, "
        f"n = 4000); spectrum at n = {n}, d = {d}: {above} of {count} draws "
        f"above, {bare} above the same without sqrt(2 log n)"
    )


@claim(
    "printed-bound-roots",
    strength="identity",
)
def roots(scale):
    r"""$g(s) = 1 + U(s) - s^2 - 2\,T(s)$ vanishes at 1.05377 and 4.16121 only;
    (2.28) fails for large $n$ exactly where $g > 0$.

    Needs: $d = 2n\log n$, fixed $s$, $c_1$, $c_2$, $n$ growing; compared with
    the formula for $q$.
    """
    low, high = printed_bound_roots()
    s = np.geomspace(0.05, 50, 400)
    g = np.array([printed_excess(x) for x in s])
    pattern = np.array_equal(g > 0, (s < low) | (s > high))

    def crossing(delta, a, b):
        def excess(x):
            return printed_factor(delta, x) - collapsed_error(delta, x).q ** 2

        return brentq(excess, a, b)

    n = (1e3, 1e9, 1e300)
    lows = [crossing(2 * np.log(m), 0.8, 1.5) for m in n]
    highs = [crossing(2 * np.log(m), 3, 9) for m in n]
    without = brentq(lambda x: printed_excess(x) - 1, 2, 10)
    holds = (
        pattern
        and abs(low - 1.05377) < 1e-5
        and abs(high - 4.16121) < 1e-5
        and abs(lows[-1] - low) < 2e-3
        and abs(highs[-1] - high) < 2e-2
        and abs(without - 4.32876) < 1e-5
    )
    return holds, (
        f"roots {low:.5f} and {high:.5f}; crossings by the formula for q at "
        "n = 10^3, 10^9, 10^300: "
        + ", ".join(
            f"{a:.4f} and {b:.4f}" for a, b in zip(lows, highs, strict=True)
        )
        + f"; without the term 1 the upper root is {without:.5f}"
    )


# By the Beta law a draw contradicts the first part with probability below
# 1e-12 and the second with probability below 1e-30.
@claim(
    "erratum-44",
    "Theorem 7(a), eq. (2.27)",
    strength="statistical",
    false_alarm=1e-6,
)
def erratum_44(scale):
    r"""(2.27) leaves its constant open; with 1 the rate $n^{-2}$ fails, with
    $\frac12$ it holds.

    Needs: $\varepsilon = 0.2$, $n = 200$, $d = 600$.
    """
    n, d = 200, 600
    half = theorem_7a_sigma(d, n, 0.2)
    count = at_scale(scale, 15, 40, 200)
    one = errors(n, d, 2 * half, count).min() * n**2
    right = errors(n, d, half, count).max() * n**2
    return one > 1 and right <= 1, (
        f"{count} draws: with the constant 1 every error exceeds "
        f"{one:.0f} n^-2; with 1/2 none exceeds {right:.1e} n^-2"
    )


# Gaps of a draw: 31 and 10.5 standard deviations; of the mean at s = 2:
# 2.8 sqrt(draws), hence 4.9 standard errors at the quick scale.
@claim(
    "erratum-1",
    "Theorem 7(b), eqs. (2.28), (4.28)",
    strength="statistical",
    false_alarm=1e-6,
)
def erratum_1(scale):
    """(2.28) as printed is no lower bound for $s < 1.0538$ and $s > 4.1612$,
    whatever $c_1$ and $c_2$; the corrected bound holds.

    Needs: $n = 200$, $d = 2120$, $c_1 = c_2 = 0$ for the instances.
    """
    n, d, count = 200, 2120, draws(scale)
    parts, holds = [], True
    for s, fails in ((0.3, True), (2.0, False), (15.0, True)):
        best, printed = errors(n, d, s, count), theorem_7b_printed(n, d, s)
        if fails:
            holds = holds and best.max() < printed
            value, name = best.max(), "largest optimum"
        else:
            holds = holds and best.mean() > printed
            value, name = best.mean(), "mean optimum"
        lower = theorem_7b_corrected(n, d, s)
        holds = holds and lower <= best.min()
        parts.append(
            f"s = {s:g}: printed {printed:.5f}, {name} {value:.5f}, "
            f"corrected {lower:.5f}"
        )
    # Constants cannot repair it: what they must be grows without bound.
    grows = [slack_needed(m, 0.5) for m in (1e3, 1e6, 1e9)]
    holds = holds and grows[0] > 1 and grows[2] > 100 * grows[0]
    return holds, (
        f"{count} draws; " + "; ".join(parts) + "; c1 = c2 needed at "
        f"s = 0.5: {grows[0]:.1f}, {grows[1]:.0f}, {grows[2]:.0f} for "
        "n = 10^3, 10^6, 10^9"
    )


# 10.5 and 6.3 standard deviations of a draw.
@claim(
    "erratum-2",
    "Theorem 7(b), proof, before (4.28)",
    strength="statistical",
    false_alarm=1e-6,
)
def erratum_2(scale):
    """$U(s)$ exceeds the moment $T(s)$ at least threefold, so it cannot stand
    in a lower bound; $T(s)$ can.

    Needs: the instance $s = 15$, $n = 200$, $d = 2120$ isolates this step: the
    term 1 is left out.
    """
    n, d, s, count = 200, 2120, 15.0, draws(scale)
    exact = True
    for x in (0.5, 1.0, 2.0, 5.0, 10.0):
        value = quad(
            lambda z, x=x: (x * z - 1) ** 2 * norm.pdf(z),
            1 / x,
            40,
            epsabs=0,
            epsrel=1e-11,
        )[0]
        exact = exact and abs(truncated_moment(x, 2) / value - 1) < 1e-9
    least = minimize_scalar(
        lambda x: printed_moment(x) / truncated_moment(x, 2),
        bounds=(0.3, 5),
        method="bounded",
        options={"xatol": 1e-9},
    )
    best = errors(n, d, s, count)
    printed = bound(n, d, s, printed_moment(s), 0)
    corrected = bound(n, d, s, truncated_moment(s, 2), 0)
    holds = (
        exact
        and least.fun > 3
        and printed > best.max()
        and corrected < best.min()
    )
    return holds, (
        f"U/T >= {least.fun:.4f}, attained at s = {least.x:.3f}; at s = 15 "
        f"the bound is {printed:.5f} with U and {corrected:.5f} with T, "
        f"{count} optima lie in [{best.min():.5f}, {best.max():.5f}]"
    )


# 31 and 5 standard deviations of a draw (quantile scale, nearly normal).
@claim(
    "erratum-3",
    "Theorem 7(b), proof, last step",
    strength="statistical",
    false_alarm=1e-5,
)
def erratum_3(scale):
    r"""The term 1 belongs to an event of probability $\Phi(-\sqrt n/s)$, on
    which the excess is $n(s\bar z - 1)^2$, less than $n$ on average; the bound
    without it holds in both cases.

    Needs: the instance $s = 0.3$, $n = 200$, $d = 2120$ isolates this step:
    $T(s)$ replaces the printed moment.
    """
    n, d, s, count = 200, 2120, 0.3, draws(scale)
    best = errors(n, d, s, count)
    moment = truncated_moment(s, 2)
    printed, corrected = bound(n, d, s, moment, 1), bound(n, d, s, moment, 0)
    # At high noise both cases occur: the proof minimizes |level z - c 1|^2
    # over c <= 1, and the smaller of its two values bounds either.
    noise = np.random.default_rng(3).standard_normal((2000, n))
    level = 15.0
    case_one = level * noise.sum(axis=1) >= n
    spread = level**2 * n * noise.var(axis=1)
    shifted = ((level * noise - 1) ** 2).sum(axis=1)
    least = np.where(case_one, shifted, spread)
    c = np.minimum(level * noise.mean(axis=1), 1)[:, None]
    minimum = ((level * noise - c) ** 2).sum(axis=1)
    excess = (least - spread)[case_one].mean() / n
    tail = truncated_moment(level / np.sqrt(n), 2)
    chance = ndtr(-np.sqrt(n) / level)
    low, high = binom.ppf([1e-7, 1 - 1e-7], len(noise), chance)
    holds = (
        printed > best.max()
        and corrected < best.min()
        and low <= case_one.sum() <= high
        and np.allclose(least, minimum, rtol=1e-10, atol=0)
        and abs(excess / (tail / chance) - 1) < 0.5
        and excess < 1
    )
    return holds, (
        f"s = 0.3: {printed:.5f} with the term 1, {corrected:.5f} without, "
        f"{count} optima lie in [{best.min():.5f}, {best.max():.5f}]; the "
        f"event has probability {ndtr(-np.sqrt(n) / 3):.0e} at s = 3 and "
        f"was seen in {case_one.mean():.1%} of 2000 draws at s = 15 "
        f"({chance:.1%} predicted), where the two values are the minimum of "
        f"every draw and the excess is {excess:.2f} n on average (exactly "
        f"{tail / chance:.2f} n)"
    )


# lambda_max concentrates: 2 d lies 4 standard deviations below its mean. At
# most four violations of an event of probability 1/n = 0.01 are allowed:
# binomial tail 2e-5 at 40 draws, less at fewer.
@claim(
    "erratum-4",
    "Theorem 7(b), proof, the spectrum of the noise",
    strength="statistical",
    status="numerical",
    false_alarm=5e-5,
)
def erratum_4(scale):
    r"""The proof prints $\frac d2I \preceq ZZ^\top$ but uses
    $ZZ^\top \preceq 2dI$; neither holds at $n = 100$,
    $d = \lceil 2n\log n\rceil$, and
    $(\sqrt{d-1} + \sqrt{2n} + \sqrt{2\log n})^2$ is the upper bound it needs.

    Needs: $Z$ with $2n$ rows and $d - 1$ columns; $ZZ^\top \preceq 2dI$ holds
    from $n$ of order 1000 on.
    """
    n, count = 100, at_scale(scale, 10, 30, 40)
    d = int(np.ceil(2 * n * np.log(n)))
    top = theorem_7b_events(n, d, 1.0)[2]
    spectra = []
    for seed in np.random.SeedSequence(4).spawn(count):
        Z = np.random.default_rng(seed).standard_normal((2 * n, d - 1))
        spectra.append(np.linalg.eigvalsh(Z @ Z.T)[[0, -1]])
    low, high = np.array(spectra).T
    above = int((high > top).sum())
    holds = (low < d / 2).all() and (high > 2 * d).mean() >= 0.5 and above <= 4
    return holds, (
        f"n = {n}, d = {d}, {count} draws: eigenvalues over d from "
        f"{low.min() / d:.3f} to {high.max() / d:.3f}; above 2 in "
        f"{(high > 2 * d).sum()} draws, above the corrected "
        f"{top / d:.3f} in {above}"
    )


# A sum of 100 squares exceeds twice its mean with probability 1e-8.
@claim(
    "erratum-51",
    "Theorems 7(b) and 8(b), their message",
    strength="statistical",
    false_alarm=1e-6,
)
def erratum_51(scale):
    r"""Where 7(b) applies the best collapsed neuron is asymptotically Bayes
    optimal, and a collapsed network with two neurons for each class is not
    worse: a large error there is the error of the problem.

    Needs: $d = \lceil 2n\log n\rceil$ and $n$ growing; by the sandwich, which
    holds for every sample.
    """
    sizes = at_scale(scale, (100, 200), (100, 200), (100, 200, 800))
    rows, holds = [], True
    for n in sizes:
        d, upper = int(np.ceil(2 * n * np.log(n))), 0.0
        for s in (0.5, 2.0, 15.0):
            X, y, mu = draw(n, d, s, [51, n])
            low, high = np.array(sandwich(X, y, mu, s)) / s**2
            q2 = best_collapsed_neuron(X, y, mu, 0).ratio ** -2.0
            holds = holds and low <= q2 <= high
            upper = max(upper, high)
        # Twice the means of the sums, over lambda_min, which is near
        # d (1 - sqrt(2 n / d))^2: it tends to 0 like 1 / log n.
        holds = holds and upper - 1 < 3 * n / d / (1 - np.sqrt(2 * n / d)) ** 2
        rows.append(upper - 1)
    best, bayes = collapsed_error(10.6, 2.0).error, ndtr(-0.5)
    return holds and best < bayes + 0.02, (
        "upper bound on q^2 - 1 for s = 0.5 to 15 at n = "
        + ", ".join(map(str, sizes))
        + ": "
        + listed(rows, ".3f")
        + f"; at d/n = 10.6, s = 2 the best collapsed neuron errs "
        f"{best:.4f}, the Bayes classifier {bayes:.4f}"
    )


@claim(
    "erratum-60",
    "Theorem 7(a), proof, eq. (4.21)",
    strength="identity",
)
def erratum_60(scale):
    r"""At equality in (4.21) the first constraint fails with probability
    $\Phi(-\sqrt{\log n})$, which is not $O(1/n)$; $\sigma\sqrt{2\log n}$ on
    its left makes it so, and (4.22) is stronger anyway.

    Needs: the tail of one normal variable.
    """
    sizes = (1e2, 1e4, 1e6, 1e9)
    printed = [n * ndtr(-np.sqrt(np.log(n))) for n in sizes]
    right = [n * ndtr(-np.sqrt(2 * np.log(n))) for n in sizes]
    # (4.22) bounds the norm by 2 sigma sqrt(log n), times sqrt(n) here.
    stronger = [n * ndtr(-2 * np.sqrt(n * np.log(n))) for n in sizes]
    holds = (
        all(a < b for a, b in zip(printed, printed[1:], strict=False))
        and printed[-1] > 1e3
        and max(right) < 1
        and max(stronger) < 1e-10
    )
    return holds, (
        "n times the probability at n = 10^2, 10^4, 10^6, 10^9: printed "
        + listed(printed, ".0f")
        + "; with 2 log n "
        + listed(right, ".3f")
    )


@claim(
    "erratum-66",
    "Section 2.3, the displays before (2.26)",
    strength="identity",
)
def erratum_66(scale):
    r"""$\mathbb P(|z| \ge r)/2$ is $\Phi(-r)$ only for $r \ge 0$; the error of
    a neuron that points away from its mean is $\Phi(-r)$ all the same.

    Needs: $r = \langle\mu, \beta\rangle/(\sigma\|\beta\|)$.
    """
    off, wrong = 0.0, []
    for r in (-2.0, -0.5, 0.0, 0.5, 2.0):
        error = neuron_error([r, np.sqrt(9 - r**2)], [3.0, 0.0], 1.0)
        # Both errors of the display, each the tail of one normal variable.
        both = 0.5 * (norm.cdf(-r) + norm.sf(r))
        off = max(off, abs(error - both))
        printed = 0.5 * (norm.sf(r) + norm.cdf(-r) if r > 0 else 1.0)
        wrong.append(abs(printed - both) > 0.1)
    return off < 1e-15 and wrong == [True, True, False, False, False], (
        "at r = -2 the printed expression is 0.5 and the error "
        f"{norm.cdf(2.0):.4f}; at r = 0, 0.5, 2 both agree to {off:.0e}"
    )
