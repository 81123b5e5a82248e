"""Theorem 6: the kernel, the random layer, and how wide is wide enough."""

import math
from dataclasses import replace

import mpmath
import numpy as np
import pytest

from nclib import kernels
from nclib.feasibility import decide
from nclib.kernels import (
    chernoff_width,
    collapse_width,
    h_infinity,
    label_widths,
    random_features,
    random_first_layer,
    rank_width,
    smallest_eigenvalue,
    theorem_6_width,
)


def sphere(N, d, seed):
    X = np.random.default_rng(seed).standard_normal((N, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def circle(*angles):
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_variants_differ_by_constants_and_theorem_6_prints_uncentered():
    X = sphere(9, 3, 2)
    H = h_infinity(X)
    uncentered = h_infinity(X, "theorem_6")
    np.testing.assert_allclose(np.diag(H), 0.5 - 0.5 / np.pi, rtol=1e-15)
    np.testing.assert_allclose(np.diag(uncentered), 0.5, rtol=1e-15)
    np.testing.assert_allclose(uncentered - H, 0.5 / np.pi, rtol=1e-14)
    np.testing.assert_allclose(
        uncentered - h_infinity(X, "lemma_9"), 2 / np.pi, rtol=1e-14
    )
    np.testing.assert_array_equal(H, H.T)


@pytest.mark.parametrize("small", [0.0, 1e-12, 1e-9, 1e-7, 1e-4, 0.1])
def test_kernel_is_exact_near_zero_and_pi(small):
    with mpmath.workdps(40):
        for angle in (small, math.pi - small):
            H = h_infinity(circle(0.0, angle))
            theta = mpmath.mpf(angle)
            exact = (
                mpmath.sin(theta) + (mpmath.pi - theta) * mpmath.cos(theta) - 1
            ) / (2 * mpmath.pi)
            assert abs(H[0, 1] - exact) < 3e-16


def test_smallest_eigenvalue_by_cholesky():
    for N, d in [(40, 2), (60, 5), (60, 40)]:
        H = h_infinity(sphere(N, d, N + d))
        smallest = smallest_eigenvalue(H)
        # Cholesky agrees: the matrix less 0.9 of it has a factor, less 1.1
        # of it has none.
        np.linalg.cholesky(H - 0.9 * smallest * np.eye(N))
        with pytest.raises(np.linalg.LinAlgError):
            np.linalg.cholesky(H - 1.1 * smallest * np.eye(N))


def test_dependent_or_equal_points_need_infinite_width():
    half = np.array([0.3, 1.1, 2.2])
    singular = circle(*half, *(half + np.pi))
    for variant in ("theorem_6", "corrected"):
        assert theorem_6_width(singular, variant) == math.inf
    assert chernoff_width(singular) == math.inf
    assert theorem_6_width(circle(*half, *(half + np.pi + 0.3))) < math.inf
    X = circle(0.2, 1.0, 1.0)
    assert theorem_6_width(X) == chernoff_width(X) == math.inf
    assert rank_width(X, 0, 500) is None


@pytest.mark.parametrize("seed", range(20))
def test_equal_rows_are_seen_through_rounding(seed):
    # The eigenvalue is zero, and comes out as up to some 1e-15; and the
    # product of equal unit rows as up to 1 + 2e-16.
    X = sphere(60, 30, seed)
    X[1] = X[0]
    assert np.isfinite(h_infinity(X)).all()
    assert theorem_6_width(X) == math.inf


def test_one_opposite_pair_is_harmless():
    # S = I/2, and H = S - J/(2 pi) has the eigenvalues 1/2 and 1/2 - 1/pi.
    X = circle(0.7, 0.7 + np.pi)
    np.testing.assert_allclose(
        h_infinity(X, "theorem_6"), np.eye(2) / 2, atol=1e-16
    )
    assert smallest_eigenvalue(h_infinity(X)) == pytest.approx(
        0.5 - 1 / np.pi, rel=1e-14
    )
    # |X|^2 = 2.
    assert theorem_6_width(X) == pytest.approx(32 * math.log(2))
    assert rank_width(X, 0, 50) < 10


def test_theorem_6_width_by_its_formula():
    X = sphere(30, 6, 4)
    for variant in ("corrected", "theorem_6"):
        smallest = np.linalg.eigvalsh(h_infinity(X, variant))[0]
        top = np.linalg.svd(X, compute_uv=False)[0]
        assert theorem_6_width(X, variant) == pytest.approx(
            top**4 * 30 * math.log(30) / smallest**2, rel=1e-9
        )
    assert theorem_6_width(X) == theorem_6_width(X, "theorem_6")
    assert theorem_6_width(X, "lemma_9") == math.inf


@pytest.mark.parametrize("failure", [None, 0.5, 1e-9])
@pytest.mark.parametrize("case", ["orthogonal", "bundle", "sphere"])
def test_chernoff_width_is_where_its_proof_stops(case, failure):
    N = 25
    X = {
        "orthogonal": np.eye(N),
        "bundle": np.hstack([np.eye(N), np.ones((N, 1))]) / math.sqrt(2),
        "sphere": sphere(N, 6, 1),
    }[case]
    width = chernoff_width(X, failure)
    S = h_infinity(X, "theorem_6")
    slope = math.sqrt(
        np.linalg.eigvalsh(X @ X.T)[-1] / np.linalg.eigvalsh(S)[0]
    )

    def missed(r):
        # Whitened features longer than r are dropped. Their length exceeds
        # sqrt(N) + slope t with chance exp(-t^2/2); fourth moments are at
        # most 1 + 4 slope^2; then Cauchy-Schwarz and Chernoff.
        tail = math.exp(-(((r - math.sqrt(N)) / slope) ** 2) / 2)
        left = 1 - math.sqrt((1 + 4 * slope**2) * tail)
        return left, N * math.exp(-width * left / r**2)

    # The r at which a quarter is dropped.
    r = math.sqrt(N) + slope * math.sqrt(2 * math.log(16 * (1 + 4 * slope**2)))
    left, chance = missed(r)
    assert left == pytest.approx(0.75, rel=1e-12)
    wanted = 1 / N**2 if failure is None else failure
    assert chance == pytest.approx(wanted, rel=1e-9)


def test_chernoff_width_lies_between_truth_and_theorem():
    for N, d in [(60, 5), (60, 20), (60, 60), (150, 10)]:
        X = sphere(N, d, N + d)
        assert rank_width(X, 0, 20 * N) < chernoff_width(X)
        assert chernoff_width(X) < theorem_6_width(X) / 10
    # At the largest: 22, proved for every data set.
    for X in (np.eye(2), np.eye(3), circle(0.0, np.pi)):
        ratio = chernoff_width(X) / theorem_6_width(X)
        assert 1 < ratio < 22
    X = sphere(30, 6, 4)
    by_failure = [chernoff_width(X, p) for p in (0.9, 0.1, 1e-3, 1e-12)]
    assert by_failure == sorted(by_failure)
    assert chernoff_width(X, 30.0**-2) == pytest.approx(chernoff_width(X))
    # The eigenvalue enters once, up to a logarithm; |X| likewise.
    near, far = (circle(0, angle) for angle in (1e-3, 1e-1))
    smallest = [
        smallest_eigenvalue(h_infinity(Y, "theorem_6")) for Y in (near, far)
    ]
    growth = chernoff_width(near) / chernoff_width(far)
    assert 1 < growth / (smallest[1] / smallest[0]) < 5


def test_first_layer_scale_and_nesting():
    d, d1 = 50, 4000
    W1 = random_first_layer(d, d1, 5)
    assert W1.shape == (d, d1)
    # Chi-square with 200,000 degrees of freedom: sd 0.0032, and 5 of them
    # have chance 6e-7.
    assert abs((W1**2).sum() / d - 1.0) < 0.016
    narrow = random_first_layer(d, 37, 5)
    np.testing.assert_allclose(
        narrow * math.sqrt(37), W1[:, :37] * math.sqrt(d1), rtol=1e-14
    )


def test_the_smallest_layers():
    assert random_first_layer(1, 1, 0).shape == (1, 1)
    X = np.array([[1.0], [-1.0]])
    # One neuron fires at exactly one of the two: seed 0 at the first.
    assert random_features(X, 1, 0)[0] > 0
    assert rank_width(X[:1], 0, 1) == 1
    assert collapse_width(X, [0, 1], 0, 1, classes=[0]) == 1
    assert collapse_width(X, [0, 1], 0, 1) is None
    assert kernels.sphere(1, 1, 0).shape == (1, 1)


def test_features_are_relu_and_nested():
    X = np.random.default_rng(6).standard_normal((20, 8))
    H = random_features(X, 300, 7)
    np.testing.assert_allclose(
        H, np.maximum(X @ random_first_layer(8, 300, 7), 0.0), atol=1e-15
    )
    np.testing.assert_allclose(
        random_features(X, 12, 7) * math.sqrt(12),
        H[:, :12] * math.sqrt(300),
        atol=1e-13,
    )


def test_rank_width_is_the_threshold():
    X = sphere(12, 2, 8)
    width = rank_width(X, 9, 4000)
    assert width > 12, "the plane needs more than N neurons"
    for d1, full in [(width - 1, False), (width, True), (width + 50, True)]:
        rank = np.linalg.matrix_rank(random_features(X, d1, 9))
        assert (rank == 12) == full
    assert rank_width(X, 9, width - 1) is None
    assert rank_width(X, 9, width) == width
    # Norms change no rank, in floating point neither.
    scales = 10.0 ** np.random.default_rng(0).uniform(-9, 9, (12, 1))
    assert rank_width(X * scales, 9, 4000) == width


@pytest.mark.parametrize("sizes", [[14, 10, 6], [10, 10, 10]])
@pytest.mark.parametrize("seed", range(4))
def test_collapse_width_is_the_threshold(seed, sizes):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat([3, 5, 8], sizes))
    X = rng.standard_normal((30, 7))
    width = collapse_width(X, y, seed, 60)
    occurs = [
        decide(random_features(X, d1, seed), y).occurs
        for d1 in range(1, width + 3)
    ]
    assert occurs == [False] * (width - 1) + [True] * 3
    # Theorem 6 asks for rank N and gets collapse, but asks too much: 30 is 5
    # standard deviations of the width away, false alarm 1e-6 for all draws.
    assert width < rank_width(X, seed, 200)
    each = [
        collapse_width(X, y, seed, 60, classes=[label]) for label in (3, 5, 8)
    ]
    assert max(each) == width
    assert collapse_width(X, y, seed, width - 1) is None
    assert collapse_width(X, y, seed, width) == width


def test_separation_first_helps_and_then_hurts_in_low_dimension():
    # Clusters further apart are easier to tell apart, but a neuron is linear
    # on a cluster unless its hyperplane cuts it, and n = 40 samples in six
    # dimensions cannot all be mapped to 1 by a linear function. Of one draw
    # the widths differ by 13 and 150, with standard deviations 3.2 and 35;
    # in the mean of three that is 7 of them: false alarm below 1e-10.
    y = np.repeat([0, 1], 40)
    axis = np.where(y == 0, 1.0, -1.0)[:, None] * np.eye(1, 6)
    widths = []
    for seed in range(3):
        noise = np.random.default_rng(seed).standard_normal((80, 6))
        widths.append(
            [
                collapse_width(norm * axis + noise, y, seed, 1000)
                for norm in (0.0, 2.0, 20.0)
            ]
        )
    none, some, much = np.mean(widths, axis=0)
    assert some < none < much


def test_what_cannot_be_decided_counts_as_infeasible(monkeypatch):
    X, y = sphere(16, 8, 3), np.arange(16) % 2
    width = collapse_width(X, y, 0, 60)

    def hesitant(features, y, **options):
        answer = decide(features, y, **options)
        if features.shape[1] < width + 5:
            for label, c in answer.classes.items():
                answer.classes[label] = replace(c, feasible=None)
        return answer

    monkeypatch.setattr(kernels, "decide", hesitant)
    assert collapse_width(X, y, 0, 60) == width + 5
    assert collapse_width(X, y, 0, width + 4) is None


def test_label_widths_are_collapse_widths():
    # Of their first class, a sample of it; every draw has data and a layer
    # of its own, and the same seed gives the same.
    widths = label_widths(3, 8, 4, d=12, seed=5)
    assert widths.shape == (4,) and len(set(widths)) > 1
    np.testing.assert_array_equal(widths, label_widths(3, 8, 4, d=12, seed=5))
    assert (widths != label_widths(3, 8, 4, d=12, seed=6)).any()
    np.testing.assert_array_equal(
        label_widths(2, 30, 5), label_widths(2, 30, 5, 50, 0, [0])
    )
    # In the plane 4 K n neurons may not be enough: no number then.
    assert np.isnan(label_widths(2, 60, 6, d=2)).any()
    assert (label_widths(3, 8, 4, 12, 5, range(3)) >= widths).all()
    y = np.repeat(np.arange(3), 8)
    for child, width in zip(
        np.random.SeedSequence([6, 3, 8, 5]).spawn(4), widths, strict=True
    ):
        data, layer = child.spawn(2)
        X = kernels.sphere(24, 12, data)
        H = random_features(X, 24 * 4, layer)
        for d1, feasible in ((width * 8 - 1, False), (width * 8, True)):
            found = decide(H[:, : round(d1)], y, classes=[0])
            assert found.classes[0].feasible is feasible


def test_sphere_is_uniform_and_circle_is_the_circle():
    X = kernels.sphere(4000, 3, 1)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-15)
    # Archimedes: each coordinate is uniform on [-1, 1]. Its mean and its
    # mean square have sd 0.0091 and 0.0047; five of them, six comparisons.
    assert np.abs(X.mean(axis=0)).max() < 0.046
    assert np.abs((X**2).mean(axis=0) - 1 / 3).max() < 0.024
    np.testing.assert_array_equal(X, sphere(4000, 3, 1))
    np.testing.assert_array_equal(kernels.circle(0.1, 2.0), circle(0.1, 2.0))


def test_progress_is_shown_only_when_asked(capsys):
    X = sphere(10, 5, 13)
    y = np.arange(10) % 2
    quiet = rank_width(X, 0, 50), collapse_width(X, y, 0, 50)
    assert capsys.readouterr().err == ""
    assert quiet == (
        rank_width(X, 0, 50, progress=True),
        collapse_width(X, y, 0, 50, progress=True),
    )
    shown = capsys.readouterr()
    assert "collapse width" in shown.err and "rank width" in shown.err


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda X, y: h_infinity(2 * X), ValueError, "unit rows, got norm 2"),
        (lambda X, y: h_infinity(X, "gp"), ValueError, "variant must be one"),
        (lambda X, y: h_infinity(X[0]), ValueError, "X must have two"),
        (lambda X, y: smallest_eigenvalue(X), ValueError, "square and symm"),
        (
            lambda X, y: smallest_eigenvalue(np.triu(np.ones((3, 3)))),
            ValueError,
            "square and symmetric",
        ),
        (lambda X, y: random_features(X, 0, 0), ValueError, "d1 must be at"),
        (lambda X, y: random_features(X, 2.5, 0), TypeError, "d1 must be an"),
        (lambda X, y: random_first_layer(0, 3, 0), ValueError, "d must be at"),
        (lambda X, y: chernoff_width(2 * X), ValueError, "unit rows"),
        (lambda X, y: chernoff_width(X, 0.0), ValueError, "failure must be"),
        (lambda X, y: chernoff_width(X, 1.0), ValueError, "failure must be"),
        (lambda X, y: chernoff_width(X, "a"), TypeError, "failure must be"),
        (lambda X, y: theorem_6_width(X, "gp"), ValueError, "variant must"),
        (lambda X, y: rank_width(0 * X, 0, 9), ValueError, "zeros in row 0"),
        (lambda X, y: rank_width(X, 0, 0), ValueError, "max_width must be"),
        (
            lambda X, y: collapse_width(X, y[1:], 0, 9),
            ValueError,
            "y must have one label a row",
        ),
        (
            lambda X, y: collapse_width(X, y, 0, 9, classes=[7]),
            ValueError,
            "classes must list labels of y",
        ),
        (
            lambda X, y: collapse_width(X, y, 0, 9, classes=[]),
            ValueError,
            "classes must list labels of y",
        ),
    ],
)
def test_bad_input_gets_one_clear_error(call, error, message):
    X = sphere(6, 3, 14)
    with pytest.raises(error, match=message):
        call(X, np.arange(6) % 2)


@pytest.mark.parametrize(
    ("extra", "label"), [(2.0, 0), (4.0, 1), (0.0, 0)], ids=str
)
def test_no_width_mends_samples_on_one_ray(extra, label):
    # A layer without biases answers t x with t times what it answers x; for
    # powers of two that holds to the last bit.
    rng = np.random.default_rng(1)
    X = rng.standard_normal((6, 6))
    y = np.array([0, 0, 0, 1, 1, 1])
    mended = np.column_stack([X, np.ones(6)])
    assert decide(X, y).occurs
    place = 1 if label == 0 else 3
    X[place] = mended[place, :6] = extra * X[0]
    for width in (10, 300, 3000):
        answer = decide(random_features(X, width, 1), y)
        assert answer.occurs is False and answer.classes[0].verified
    assert collapse_width(X, y, 0, 300) is None
    assert collapse_width(mended, y, 0, 300) <= 20
