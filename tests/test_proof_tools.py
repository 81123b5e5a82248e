"""The tools of the proofs against brute force and known values."""

import numpy as np
import pytest
from scipy.optimize import minimize

from nclib.proof_tools import (
    distortion,
    extreme_frame,
    extreme_gram,
    frame,
    gordon_bound,
    least_norms,
    lemma_10,
    mean_norms,
)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("sign", [1, -1])
def test_lemma_10_by_search(d, sign):
    rng = np.random.default_rng(d)
    for _ in range(20):
        v1, v2 = rng.standard_normal((2, d))
        v2 = v2 if sign * (v1 @ v2) > 0 else -v2
        # A basis of the vectors at a right angle to v1; none for d = 1.
        basis = np.linalg.svd(v1[None])[2][1:]

        def cosine(x, basis=basis, v1=v1, v2=v2):
            point = v1 + x @ basis
            return point @ v2 / np.linalg.norm(point)

        # Along the projection of v2 the value is a function of one number.
        along = basis @ v2
        lengths = np.concatenate([[0], -np.geomspace(1e-3, 1e6, 4000)])
        least = min(cosine(t * along) for t in lengths)
        assert lemma_10(v1, v2) == pytest.approx(least, abs=1e-4)
        assert lemma_10(3 * v1, 2 * v2) == pytest.approx(2 * least, abs=2e-4)


def test_least_norms_by_search():
    rng = np.random.default_rng(2)
    Z = rng.standard_normal((12, 4, 3))
    for z, found in zip(Z, least_norms(Z), strict=True):

        def length(x, z=z):
            s = x**2
            return np.linalg.norm(s @ z) / np.linalg.norm(s)

        starts = rng.standard_normal((30, 4))
        searched = min(
            minimize(length, x, method="Nelder-Mead", tol=1e-10).fun
            for x in starts
        )
        # A search stays above the minimum, and comes near it.
        assert found - 1e-6 <= searched <= found + 1e-3


def test_the_mean_norms_satisfy_their_recursion():
    # E|h_m| E|h_{m+1}| = m, and E|h_1| is the mean of a half normal.
    norms = mean_norms(400)
    assert norms[0] == pytest.approx(np.sqrt(2 / np.pi), rel=1e-14)
    np.testing.assert_allclose(
        norms[:-1] * norms[1:], np.arange(1, 400), rtol=1e-12
    )


def test_gordon_bound_in_the_smallest_cases():
    # g_+ of one number is half a half normal; of two, half of the plane's
    # draws have one positive entry and a quarter has both.
    half = np.sqrt(2 / np.pi)
    assert gordon_bound(1, 1) == pytest.approx(half / 2, rel=1e-13)
    two = half / 2 + np.sqrt(np.pi / 2) / 4
    assert gordon_bound(2, 3) == pytest.approx(2 * half - two, rel=1e-13)
    assert gordon_bound(20_000, 30_000) == pytest.approx(
        np.sqrt(30_000) - np.sqrt(10_000), abs=0.02
    )


def test_distortion_is_the_worst_of_both_sides():
    images = np.array([[3.0, 4.0], [0.9, 0.0], [0.0, 1.05]])
    assert distortion(images[1:], np.ones(2), 1.0) == pytest.approx(0.1)
    assert distortion(images, np.array([5, 1, 1]), 1.0) == pytest.approx(0.1)
    assert distortion(2 * images[1:], np.ones(2), 2.0) == pytest.approx(0.1)


@pytest.mark.parametrize("K", [2, 3, 8])
def test_the_extreme_frame_uses_all_that_is_allowed(K):
    eps, m, d = 0.03, 12, 30
    V = extreme_frame(K, eps, m, d)
    np.testing.assert_allclose(V @ V.T, np.eye(K), atol=1e-12)
    inside = V[:, :m] * np.sqrt(d / m)
    np.testing.assert_allclose(
        inside @ inside.T, extreme_gram(K, eps), atol=1e-12
    )
    # Single lengths shrink as far as (5.3) lets them, sums grow as far.
    lengths = np.linalg.norm(inside, axis=1)
    np.testing.assert_allclose(lengths, 1 - eps, rtol=1e-12)
    pair = np.linalg.norm(inside[0] + inside[1]) / np.sqrt(2)
    assert pair == pytest.approx(1 + eps, rel=1e-12)


def test_a_frame_has_no_direction_of_its_own():
    rng = np.random.default_rng(7)
    draws = np.array([frame(rng, 6, 2) for _ in range(4000)])
    assert np.abs(np.swapaxes(draws, 1, 2) @ draws - np.eye(2)).max() < 1e-12
    # The projection on the span has the mean (m/d) I. Squares of its entries
    # are at most 1, so that six standard errors are 6 / sqrt(4000) at most.
    mean = (draws @ np.swapaxes(draws, 1, 2)).mean(axis=0)
    assert np.abs(mean - np.eye(6) / 3).max() < 6 / np.sqrt(4000)
