"""Typical mistakes in problem set 5, and the marks they must get.

For teachers and for the tests; no handout contains this file.
"""

# name: (sources of answer cells, {test cell: points awarded}); every other
# automatic cell must get full marks.
WRONG = {
    "subtracts the squared center, as Lemma 9 does": (
        {
            "ps5-kernel-answer": """
def limit_kernel(X, c):
    cosine = np.clip(X @ X.T, -1.0, 1.0)
    theta = np.arccos(cosine)
    second = (np.sin(theta) + (np.pi - theta) * cosine) / (2 * np.pi)
    return second - c**2
"""
        },
        {"ps5-kernel-test-2": 0},
    ),
    "takes the shortest collapsed neuron for the best": (
        {
            "ps5-best-answer": """
def best_neuron(X_in, X_out, mu):
    rows = np.vstack([X_in, -X_out])
    goal = np.r_[np.ones(len(X_in)), np.zeros(len(X_out))]
    # Shortest beta with X_in beta = 1, X_out beta <= 0: its multipliers.
    signs = np.r_[np.full(len(X_in), -np.inf), np.zeros(len(X_out))]
    root = np.linalg.cholesky(rows @ rows.T)
    found = scipy.optimize.lsq_linear(
        root.T, np.linalg.solve(root, goal), (signs, np.inf), tol=1e-14,
        method="bvls",
    )
    return rows.T @ found.x
"""
        },
        {"ps5-best-test-2": 0},
    ),
    "counts every silent neuron as a wrong vote, as the proof does": (
        {
            "ps5-tie-answer": """
def pair_errors(beta1, beta2, mu, sigma):
    m = mu / sigma
    strict = 0.5 * (norm.cdf(-(m @ beta1) / np.linalg.norm(beta1))
                    + norm.cdf((m @ beta2) / np.linalg.norm(beta2)))
    tie = 0.5 * (both_positive(-beta1, -beta2, m)
                 + both_positive(-beta1, -beta2, -m))
    return strict, strict + tie / 2, strict + tie
"""
        },
        {"ps5-tie-test-1": 0},
    ),
}
