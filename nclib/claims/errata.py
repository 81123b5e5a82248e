"""Claims of the errata that belong to no chapter's own checks."""

import numpy as np

from nclib.ledger import claim
from nclib.relaxation import kkt_certificate

PAGE = "errata"


@claim(
    "erratum-12",
    "Lemma 9, proof, eq. (4.16)",
    "The gradient of w -> relu(<w, x_i>) tends to x_i on the active side of "
    "the kink, not to the point z of the kink itself; the conclusion a_i = 0 "
    "is unaffected",
    hypotheses="x_i not zero; gradients by differences",
    page=PAGE,
    strength="identity",
    kind="erratum",
)
def erratum_12(scale):
    rng = np.random.default_rng(12)
    active, silent, miss, jump = 0.0, 0.0, np.inf, np.inf
    for _ in range(50):
        x, z = rng.standard_normal((2, 5))
        z -= (z @ x) / (x @ x) * x
        for side in (1, -1):
            w = z + side * 1e-4 * x
            steps = 1e-6 * np.eye(5)
            ahead = np.maximum((w + steps) @ x, 0)
            behind = np.maximum((w - steps) @ x, 0)
            gradient = (ahead - behind) / 2e-6
            if side == 1:
                active = max(active, np.abs(gradient - x).max())
                miss = min(miss, np.linalg.norm(gradient - z))
                up = gradient
            else:
                silent = max(silent, np.abs(gradient).max())
                jump = min(jump, np.linalg.norm(up - gradient))
    holds = active < 1e-8 and silent == 0 and miss > 0.1 and jump > 0.1
    return holds, (
        f"50 kinks: the gradient is x_i to {active:.0e} on the active side "
        f"and 0 on the other; it differs from z by {miss:.2f} or more"
    )


@claim(
    "erratum-36",
    "Theorem 2(a), proof, uniqueness",
    "Strict complementarity does not make the minimizer of a semidefinite "
    "program unique; complementarity with B and the equality of the softmax "
    "gradients do",
    hypotheses="K = 2 to 5, a > 0, cross-entropy; unique as matrices of inner "
    "products",
    page=PAGE,
    strength="identity",
    kind="erratum",
)
def erratum_36(scale):
    # min tr X over X >= 0 with tr X = 1: dual y = 1, S = I - y I = 0.
    both = [np.diag([0.5, 0.5]), np.diag([0.25, 0.75])]
    S = np.zeros((2, 2))
    strict = all(
        np.linalg.matrix_rank(X) + np.linalg.matrix_rank(S) == 2
        and np.trace(X) == 1
        and np.linalg.norm(S @ X) == 0
        for X in both
    )
    spread = np.linalg.norm(both[0] - both[1])
    cases, least, loose, error = 0, np.inf, 0, 0.0
    for K, n in ((2, 3), (3, 2), (3, 4), (5, 2)):
        lam = 0.2 / np.sqrt(n * K * (K - 1))
        proof = kkt_certificate(K, n, lam, lam)
        N, ranks = K * n, proof.rank_S + proof.rank_Q
        values, vectors = np.linalg.eigh(proof.S)
        kernel = vectors[:, : K + N - proof.rank_S]
        size = kernel.shape[1]
        # Every other minimizer is kernel M kernel^T with the same values
        # <B, V> = 0, hence V = 0 where B > 0, and Z up to shifts of rows.
        columns, bare = [], []
        center = np.eye(K) - 1 / K
        for i in range(size):
            for j in range(i + 1):
                M = np.zeros((size, size))
                M[i, j] = M[j, i] = 1
                Q = kernel @ M @ kernel.T
                on_B = Q[K:, K:][proof.B > 0]
                logits = (Q[K:, :K] @ center).ravel()
                columns.append(np.r_[on_B, logits])
                bare.append(np.r_[np.trace(proof.S @ Q)])
        singular = np.linalg.svd(np.transpose(columns), compute_uv=False)
        least = min(least, singular[-1] / singular[0])
        loose = max(loose, size * (size + 1) // 2)
        error = max(error, np.abs(bare).max())
        cases += ranks == K + N
    holds = strict and spread > 0.1 and cases == 4 and least > 1e-3
    return holds and error < 1e-10, (
        f"min tr X with tr X = 1: two minimizers, a distance {spread:.2f} "
        f"apart, both strictly complementary; in Theorem 2, {cases} cases: "
        f"up to {loose} directions lie in the kernel of S, none survives "
        f"both conditions (least singular value ratio {least:.3f})"
    )
