"""Typical mistakes in problem set 2, and the marks they must get.

For teachers and for the tests; no handout contains this file.
"""

# name: (sources of answer cells, {test cell: points awarded}); every other
# automatic cell must get full marks.
WRONG = {
    "judges by allclose with its default relative tolerance": (
        {
            "ps2-check-beta-answer": """
def check_beta(X_in, X_out, beta, tol):
    says_one = np.allclose(X_in @ beta, 1, atol=tol)
    return bool(says_one and np.all(X_out @ beta <= tol))
"""
        },
        {"ps2-check-beta-test-1": 0, "ps2-check-beta-test-2": 0},
    ),
    "leaves linprog's variables nonnegative": (
        {
            "ps2-beta-answer": """
def find_beta(X_in, X_out):
    result = linprog(
        np.zeros(X_in.shape[1]),
        A_ub=X_out, b_ub=np.zeros(len(X_out)),
        A_eq=X_in, b_eq=np.ones(len(X_in)),
    )
    return result.x if result.status == 0 else None
"""
        },
        {"ps2-beta-test-1": 0, "ps2-beta-test-2": 0, "ps2-digits-test": 0},
    ),
    "gives every neuron the height of a single one": (
        {
            "ps2-network-answer": """
def first_layer(betas, D, b):
    serves = np.arange(D) % len(betas)
    return np.sqrt(b) * betas[serves].T
"""
        },
        {"ps2-network-test-2": 0},
    ),
}
