"""Typical mistakes in problem set 3, and the marks they must get.

For teachers and for the tests; no handout contains this file.
"""

# name: (sources of answer cells, {test cell: points awarded}); every other
# automatic cell must get full marks.
WRONG = {
    "lets linprog keep its default bounds, w >= 0": (
        {
            "ps3-possible-answer": """
def possible(b, A):
    result = optimize.linprog(np.zeros(A.shape[1]), A_ub=A, b_ub=-b)
    return result.status == 0
"""
        },
        {"ps3-possible-test-1": 0},
    ),
    "scans all dimensions instead of bisecting": (
        {
            "ps3-critical-answer": """
def critical_dimension(feasible, low, high):
    for d in range(low, high + 1):
        if feasible(d):
            return d
    return None
"""
        },
        {"ps3-critical-test-2": 0},
    ),
    "uses the class's own mean, and miscounts dimensions twice": (
        {
            "ps3-pair-answer": """
def class_boundary(means, sigma, k, curve):
    return curve(sigma / np.linalg.norm(means[k]))
""",
            "ps3-coin-answer": """
def noise_probability(d, n, K):
    return float(stats.binom.cdf(d - n - 1, (K - 1) * n, 0.5))
""",
            # Ignores the mean of its own class, too, which is not needed.
            "ps3-sure-answer": """
def sure_dimension(n, K):
    heads = stats.binom.ppf(1 - 1 / n, (K - 1) * n, 0.5)
    return int(n + K + heads)
""",
        },
        {
            "ps3-pair-test-1": 0,
            "ps3-coin-test-1": 0,
            "ps3-sure-test-1": 0,
        },
    ),
}
