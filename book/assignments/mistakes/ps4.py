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
"""
        },
        {"ps4-gradient-test-2": 0},
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
"""
        },
        {"ps4-classify-test-2": 0},
    ),
}
