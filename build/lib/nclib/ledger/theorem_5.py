"""Theorem 5 and Figure 2: K clusters."""

import numpy as np
from scipy.stats import binom, chi2

from nclib.asymptotics import phase_boundary, universal_curve
from nclib.bounds import (
    theorem_5a_sigma,
    theorem_5b_ratio,
    wendel_bound,
    wendel_probability,
    wendel_ratio,
)
from nclib.data import GaussianMixture, pad_means
from nclib.feasibility import decide
from nclib.figures import figure_2
from nclib.figures.phase import SIGMAS
from nclib.ledger import claim
from nclib.ledger.evidence import at_scale, collapses, excluded, worst_case
from nclib.proof_tools import mean_norms
from nclib.transition import NestedDraw, smallest


@claim(
    "thm-5a",
    "Theorem 5(a), eq. (2.16)",
    strength="statistical",
    # Predicted chances added up over the draws stay below 1e-9.
    false_alarm=1e-8,
)
def theorem_5a(scale):
    """K clusters with independent means collapse below the noise level
    sigma_5a, with constant 1/2.

    Needs: means of rank K, d > n + K; the curve with eps = 0, simulated at d =
    1.5 n and 2 n.
    """
    rng = np.random.default_rng(51)
    closest = np.inf
    for K in (2, 3, 5, 8):
        families = [np.eye(K), np.eye(K) + 0.5, rng.standard_normal((K, K))]
        for n in (40, 300, 3000):
            for means in families:
                for d in n + np.array([K + 1, n // 10, n // 2]):
                    sigma = theorem_5a_sigma(d, n, means)
                    gap = worst_case(means, sigma, n, d)
                    closest = min(closest, gap)
    n, trials = at_scale(scale, (40, 2), (100, 4))
    seeds = np.random.SeedSequence(52).spawn(trials)
    good = drawn = 0
    for K in (3, 4):
        for means in (np.eye(K), np.eye(K) + 0.5):
            for d in (3 * n // 2, 2 * n):
                sigma = theorem_5a_sigma(d, n, means)
                good += collapses(means, sigma, n, d, seeds)
                drawn += trials
    return closest > 0 and good == drawn, (
        f"the curve lies inside the exact region, by at least "
        f"{closest:.1e} in d/n; {good} of {drawn} data sets on the curve "
        f"(n = {n}, K = 3 and 4) collapse, proved"
    )


@claim(
    "thm-5b",
    "Theorem 5(b), eq. (2.17)",
    strength="statistical",
    # K times the chance that Wendel's bound leaves, summed over the draws.
    false_alarm=1e-9,
)
def theorem_5b(scale):
    """From the d/n of (2.17) on, K clusters collapse with probability at least
    1 - K/n, whatever the means and the noise.

    Needs: Gaussian mixture; the probability for one class, at least 1 - 1/n,
    by Wendel's theorem for K = 2 to 20 and n up to 10,000.
    """
    worst = 0.0
    for K in range(2, 21):
        for n in (*range(2, 100), 300, 1000, 10_000):
            d = np.ceil(n * theorem_5b_ratio(n, K))
            worst = max(worst, n * (1 - wendel_bound(d, n, K)))
    K, n = 4, at_scale(scale, 60, 100)
    d = int(np.ceil(n * theorem_5b_ratio(n, K)))
    opposed = np.zeros((K, K))
    opposed[:, :3] = [[1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 0]]
    trials = at_scale(scale, 1, 3)
    seeds = np.random.SeedSequence(53).spawn(trials)
    good = drawn = 0
    for means in (np.zeros((K, 1)), np.ones((K, 1)), opposed, np.eye(K)):
        for sigma in (0.01, 1.0, 100.0):
            good += collapses(means, sigma, n, d, seeds)
            drawn += trials
    holds = worst <= 1 and d < K * n and good == drawn
    return holds, (
        f"n times the chance of failure is at most {worst:.1e} for one "
        f"class; at n = {n}, K = {K}, d/n = {d / n:.2f}, {good} of {drawn} "
        "data sets collapse, proved: zero, equal, opposed and orthonormal "
        "means, three noise levels"
    )


@claim(
    "thm-5c",
    "Theorem 5(c)",
    strength="certified",
)
def theorem_5c(scale):
    """From d = Kn on, X has rank Kn and collapse is certain.

    Needs: Gaussian mixture, sigma > 0.
    """
    trials = at_scale(scale, 2, 10)
    good = drawn = 0
    full = True
    for K, n in ((2, 40), (3, 25), (5, 12)):
        for means in (np.zeros((K, 1)), np.ones((K, 1)), np.eye(K)):
            for sigma in (1e-3, 1e3):
                seeds = np.random.SeedSequence(54).spawn(trials)
                good += collapses(means, sigma, n, K * n, seeds)
                drawn += trials
                model = GaussianMixture(pad_means(means, K * n), sigma)
                X, _ = model.sample(n, seeds[0])
                full = full and np.linalg.matrix_rank(X) == K * n
    return full and good == drawn, (
        f"{good} of {drawn} data sets at d = Kn collapse, proved; all "
        "ranks full"
    )


@claim(
    "fig-2",
    "Figure 2",
    strength="statistical",
    status="numerical",
    # 20,000 simulated columns each: a column leaves the band with chance
    # below 1e-4, two do with less than 1e-6.
    false_alarm=1e-5,
)
def second_figure(scale):
    """The measured transition is the exact boundary: the 50 % contour lies in
    the predicted band in all columns but at most one, the centers have
    chi-square distances.

    Needs: class 1, K = 4, orthonormal means; band 5-95 % (0.5-99.5 % at the
    quick size).
    """
    result = figure_2.run(scale)
    level = at_scale(scale, 0.99, 0.9)
    outside, distance, columns = result.agreement(level)
    p = chi2.sf(distance, columns)
    return outside <= 1 and p > 1e-7, (
        f"n = {result.n}, {result.rate.size * result.trials} cells: contour "
        f"in the band in {columns - outside} of {columns} columns; "
        f"chi-square {distance:.1f} on {columns} degrees of freedom "
        f"(p = {p:.2f})"
    )


def smallest_dimension(X, y, n):
    """Smallest d for which the first d columns let class 0 collapse."""

    def holds(d):
        return decide(X[:, :d], y, [0], verify=False).classes[0].feasible

    return smallest(holds, n, X.shape[1])


@claim(
    "wendel-law",
    strength="statistical",
    status="quoted",
    # Dvoretzky-Kiefer-Wolfowitz at 1e-6, and a normal tail at 5 standard
    # errors for the mean.
    false_alarm=2e-6,
)
def wendel_law(scale):
    """Without signal the smallest feasible dimension is n plus the number of
    heads in (K-1) n fair tosses.

    Needs: means zero, one class, any n.
    """
    draws = at_scale(scale, 100, 400, 4000)
    n, K = 20, 3
    rng = np.random.default_rng(55)
    y = np.repeat(np.arange(K), n)
    d = np.array(
        [
            smallest_dimension(rng.standard_normal((K * n, K * n)), y, n)
            for _ in range(draws)
        ]
    )
    grid = np.arange(n, K * n + 1)
    seen = (d[:, None] <= grid).mean(axis=0)
    gap = np.abs(seen - wendel_probability(grid, n, K)).max()
    allowed = np.sqrt(np.log(2e6) / 2 / draws)
    z = (d.mean() - n - (K - 1) * n / 2) / np.sqrt((K - 1) * n / 4 / draws)
    return gap < allowed and abs(z) < 5, (
        f"{draws} data sets of pure noise, n = {n}, K = {K}: mean d "
        f"{d.mean():.2f}, law {n + (K - 1) * n / 2:.0f} (z = {z:+.1f}); "
        f"distribution functions differ by {gap:.3f}, {allowed:.3f} allowed"
    )


@claim(
    "wendel-bound",
    strength="statistical",
    status="quoted",
    # Twelve one-sided binomial tests at 1e-7.
    false_alarm=2e-6,
)
def wendel(scale):
    """For all means and noise levels P(class k feasible) >= P(Bin((K-1) n - 1,
    1/2) <= d - n - K - 1), which asks for less than (2.17) at the same level 1
    - 1/n.

    Needs: Gaussian mixture, sigma > 0, d >= n + K + 1.
    """
    least = min(
        theorem_5b_ratio(n, K) - wendel_ratio(n, K)
        for K in range(2, 21)
        for n in (*range(2, 60), 300, 10_000)
    )
    n, K = 24, 3
    d = np.arange(n, K * n)
    d = int(d[np.searchsorted(wendel_bound(d, n, K), 0.5)])
    bound = wendel_bound(d, n, K)
    draws = at_scale(scale, 30, 150, 1000)
    opposed = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    rates = []
    for means in (np.zeros((K, 1)), np.ones((K, 1)), opposed, np.eye(K)):
        for sigma in (0.1, 1.0, 10.0):
            seeds = np.random.SeedSequence(56).spawn(draws)
            rates.append(
                np.mean(
                    [
                        bool(NestedDraw(means, sigma, n, 0, s).feasible(d))
                        for s in seeds
                    ]
                )
            )
    fewest = round(min(rates) * draws)
    holds = least > 0 and binom.cdf(fewest, draws, bound) > 1e-7
    return holds, (
        f"saves at least {least:.3f} in d/n over (2.17) for K = 2 to 20; "
        f"n = {n}, K = {K}, d = {d}: bound {bound:.2f}, smallest rate of 12 "
        f"designs {min(rates):.2f}, largest {max(rates):.2f}"
    )


@claim(
    "erratum-21",
    "Theorem 5(a), proof",
    strength="certified",
)
def erratum_21(scale):
    """The step 2 sigma sqrt(log Kn) <= F(gamma), with F = gamma^2 / |beta|^2,
    must read <= sqrt F: as printed it grants far too much to long means.

    Needs: orthonormal means times 100, K = 3; (2.16) itself is right.
    """
    K, n, size = 3, 60, 100.0
    d = 3 * n // 2
    means = size * np.eye(K)
    granted = theorem_5a_sigma(d, n, means)
    # sup F = (2 granted)^2 log(Kn).
    printed = (2 * granted) ** 2 * np.log(K * n) / 2 / np.sqrt(np.log(K * n))
    trials = at_scale(scale, 2, 10)
    seeds = np.random.SeedSequence(57).spawn(trials)
    model = GaussianMixture(pad_means(means, d), printed)
    refuted = sum(excluded(decide(*model.sample(n, s))) for s in seeds)
    good = collapses(means, granted, n, d, seeds)
    return refuted == trials and good == trials, (
        f"d/n = {d / n}: at the printed sigma = {printed:.0f}, {refuted} of "
        f"{trials} data sets are proved not to collapse; at sigma = "
        f"{granted:.1f}, {good} of {trials} are proved to"
    )


@claim(
    "erratum-22",
    "Theorem 5(b), proof, eq. (4.13)",
    strength="identity",
)
def erratum_22(scale):
    """(4.13) needs E|h| - E|g_+| >= sqrt m - sqrt(N/2) at finite sizes, where
    Proposition 13 is asymptotic; it is true from m = N/2 on, and false for
    much smaller m.

    Needs: g in N = (K-1) n, h in m = d - n - K dimensions; every N up to 300.
    """
    slack, last, false = np.inf, 0.0, 0
    top = at_scale(scale, 60, 300)
    for N in range(1, top + 1):
        norms = mean_norms(N)
        # g_+ has Bin(N, 1/2) nonzero coordinates, each half normal.
        positive = binom.pmf(np.arange(1, N + 1), N, 0.5) @ norms
        m = np.arange(1, N + 1)
        left = norms - positive - (np.sqrt(m) - np.sqrt(N / 2))
        needed = m >= N / 2
        slack = min(slack, left[needed].min())
        false += int((left < 0).sum())
        if (left < 0).any():
            last = max(last, (m / N)[left < 0].max())
    return slack > 0 and false > 0 and last < 0.5, (
        f"N = 1 to {top}: smallest excess for m >= N/2 is {slack:.1e}; "
        f"{false} smaller m violate it, the largest at m/N = {last:.2f}"
    )


@claim(
    "erratum-45",
    "Section 3.1, last sentence on Figure 2",
    strength="identity",
    status="quoted",
)
def erratum_45(scale):
    """The range the bounds leave open is 1 < d/n < (K+1)/2; (K+1)/n, as
    printed, is below 1.

    Needs: orthonormal means, the noise levels of Figure 2.
    """
    K, n = 4, 250
    curve = universal_curve(SIGMAS * np.sqrt(K - 1), K)
    direct = [phase_boundary(np.eye(K), s).delta for s in SIGMAS]
    holds = 1 < curve.min() and curve.max() < (K + 1) / 2
    holds = holds and np.abs(curve - direct).max() < 1e-9
    return holds, (
        f"the exact boundary runs from {curve.min():.3f} to "
        f"{curve.max():.3f}; (K+1)/2 = {(K + 1) / 2}, (K+1)/n = "
        f"{(K + 1) / n}"
    )
