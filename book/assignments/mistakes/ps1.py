"""Typical mistakes in problem set 1, and the marks they must get.

For teachers and for the tests; no handout contains this file.
"""

# name: (sources of answer cells, {test cell: points awarded}); every other
# automatic cell must get full marks.
WRONG = {
    "centers at the mean of all samples": (
        {
            "ps1-nc1-answer": """
def nc1(H, y):
    K = y.max() + 1
    means = np.array([H[y == k].mean(axis=0) for k in range(K)])
    within = H - means[y]
    between = means - H.mean(axis=0)
    Sigma_W = within.T @ within / len(H)
    Sigma_B = between.T @ between / K
    return np.trace(Sigma_W @ np.linalg.pinv(Sigma_B)) / K
"""
        },
        {"ps1-nc1-test-3": 0},
    ),
    "asks for gradient zero where a feature is zero": (
        {
            "ps1-kkt-answer": """
def kkt_residual(H, grad_H, grad_W):
    return max(np.abs(grad_H).max(), np.abs(grad_W).max())
"""
        },
        {"ps1-kkt-test-1": 0},
    ),
    "takes a / b from the printed (4.5), with too short a root": (
        {
            "ps1-minimizer-answer": """
def minimizer(K, n, D, lambda_W, lambda_H):
    lam = np.sqrt(lambda_W * lambda_H)
    a = np.log((K - 1) / (lam * np.sqrt(n * K * (K - 1))) - (K - 1))
    b = np.sqrt((K - 1) / (n * K)) * lambda_W / lambda_H * a
    means = np.sqrt(b) * np.eye(K, D)
    W = a / b * means.T @ (np.eye(K) - 1 / K)
    return np.repeat(means, n, axis=0), W
"""
        },
        {"ps1-minimizer-test-2": 0, "ps1-minimizer-test-3": 0},
    ),
}
