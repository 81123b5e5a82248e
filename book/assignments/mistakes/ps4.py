"""Typical mistakes in problem set 4, and the marks they must get.

For teachers and for the tests; no handout contains this file.
"""

# name: (sources of answer cells, {test cell: points awarded}); every other
# automatic cell must get full marks.
WRONG = {
    "forgets that the features are penalized too": (
        {
            "ps4-gradient-answer": """
def gradient(W1, W, X, y, lambda_W, lambda_H):
    Z = X @ W1
    H = np.maximum(Z, 0)
    logits = H @ W
    E = np.exp(logits - logits.max(axis=1, keepdims=True))
    G = E / E.sum(axis=1, keepdims=True) - np.eye(W.shape[1])[y]
    G = G / len(y)
    return X.T @ (G @ W.T * (Z > 0)), H.T @ G + lambda_W * W
""",
            # The right product h w, split in halves: balanced for equal
            # penalties and n = 2 only.
            "ps4-trap-answer": """
def trap(X, y, lambda_W, lambda_H):
    n = len(y) // 2
    t = np.log(1 / np.sqrt(2 * n * lambda_W * lambda_H) - 1) / 2
    Z = -np.ones((len(y), 2))
    Z[y == 0, 0] = np.sqrt(t)
    W1 = np.linalg.lstsq(X, Z, rcond=None)[0]
    return W1, np.sqrt(t) * np.array([[1.0, -1.0], [0.0, 0.0]])
""",
        },
        {"ps4-gradient-test-2": 0, "ps4-trap-test-1": 0},
    ),
    "second layer sees the first one already updated": (
        {
            "ps4-descend-answer": """
def descend(slopes, W1, W, etas):
    for eta in etas:
        W1 = W1 - eta * slopes(W1, W)[0]
        W = W - eta * slopes(W1, W)[1]
    return W1, W
""",
            "ps4-gram-answer": """
def gram_step(Z, W, M, y, eta, lambda_W, lambda_H):
    def predictions(Z):
        logits = np.maximum(Z, 0) @ W
        E = np.exp(logits - logits.max(axis=1, keepdims=True))
        P = E / E.sum(axis=1, keepdims=True) - np.eye(W.shape[1])[y]
        return P / len(y)

    G_H = predictions(Z) @ W.T + lambda_H * np.maximum(Z, 0)
    Z = Z - eta * (M @ (G_H * (Z > 0)))
    G = np.maximum(Z, 0).T @ predictions(Z) + lambda_W * W
    return Z, W - eta * G
""",
        },
        {"ps4-descend-test-1": 0, "ps4-gram-test-1": 0},
    ),
    "takes a vanishing gradient for a minimum": (
        {
            "ps4-classify-answer": """
def classify(gap, gradient_norm, certified, tol=1e-7):
    if gap < -tol:
        return "impossible"
    if gap <= tol or gradient_norm <= tol:
        return "global minimum"
    return "not stationary"
""",
            # Gauss and Newton's matrix, which is never indefinite.
            "ps4-hessian-answer": """
def hessian(z, w, lambda_W, lambda_H):
    n = len(z)
    a = w[0] - w[1]
    p = 1 / (1 + np.exp(a * z))
    J = np.hstack([a * np.eye(n), np.outer(z, [1.0, -1.0])])
    A = J.T @ np.diag(p * (1 - p) / (2 * n)) @ J
    return A + np.diag([lambda_H] * n + [lambda_W] * 2)
""",
            "ps4-excess-answer": """
def excess(n, lambda_W, lambda_H):
    t = np.log(1 / np.sqrt(2 * n * lambda_W * lambda_H) - 1) / 2
    return (np.log(2) - np.log1p(np.exp(-2 * t))) / 2
""",
        },
        {
            "ps4-classify-test-2": 0,
            "ps4-hessian-test-1": 0,
            "ps4-excess-test-1": 0,
        },
    ),
}
