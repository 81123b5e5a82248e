"""The law of every sample size: both of its sides, and what they draw."""

import numpy as np
import pytest
from scipy.stats import sem

from nclib._projection import nonnegative_least_squares
from nclib.asymptotics import phase_boundary
from nclib.cones import _program, cone_distances, cones, sampled_dimensions
from nclib.data import GaussianMixture, pad_means, two_cluster_means
from nclib.feasibility import decide

OPPOSED = two_cluster_means(1, np.pi)


def test_the_law_of_both_sides_for_unequal_classes():
    # Each difference has 5 standard errors: false alarm 6e-7, ten of them.
    # Dropping the coin moves the transform at x = 1 by more than a third;
    # p in place of p + 1/2 moves the mean by 1/2, 6 errors.
    for i, (means, sizes) in enumerate(
        ((OPPOSED, (3, 5)), (two_cluster_means(2, 1.0), (5, 3)))
    ):
        p = means.shape[1]
        d = sampled_dimensions(means, 0.5, sizes, 250, 70 + i)
        D = cone_distances(means, 0.5, sizes, 4000, 80 + i)
        error = np.hypot(sem(d), sem(D))
        assert abs(d.mean() - p - 0.5 - D.mean()) < 5 * error
        for x in (0.1, 0.3, 1.0, 3.0):
            rho = (1 + 2 * x) ** -0.5
            left = rho ** (d - p) * (1 + 1 / rho) / 2
            right = np.exp(-x * D)
            error = np.hypot(sem(left), sem(right))
            assert abs(left.mean() - right.mean()) < 5 * error


def test_dimensions_are_those_of_decided_data():
    means, sigma, sizes = two_cluster_means(2, 2.0), 0.6, (6, 9)
    model = GaussianMixture(pad_means(means, 15), sigma)
    for k in (0, 1):
        dims = sampled_dimensions(means, sigma, sizes, 12, 90, k)
        seeds = np.random.SeedSequence(90).spawn(12)
        for d, seed in zip(dims, seeds, strict=True):
            X, y = model.sample(sizes, seed)
            assert decide(X[:, :d], y, [k]).classes[k].feasible is True
            below = decide(X[:, : d - 1], y, [k]).classes[k]
            assert below.feasible is False


def test_distances_are_those_of_least_squares():
    for own_first in (True, False):
        rng = np.random.default_rng(7)
        sizes, p = (4, 6), 2
        own = np.repeat([own_first, not own_first], sizes)
        S = rng.standard_normal((40, 10, p)) + np.repeat(
            [[1.0, 0.5], [-1.0, 2.0]], sizes, axis=0
        )
        g = rng.standard_normal((40, 10))
        target = np.broadcast_to(-1.0 * own[:, None], (40, 10, 1))
        free, x = _program(np.concatenate([S, target], axis=2), g, own)
        bound, _ = _program(S, g, own)
        found = np.where(x[:, -1] >= 0, free, bound)
        for i in range(40):
            cone = np.column_stack([S[i], -S[i], own, -np.eye(10)[:, ~own]])
            s = nonnegative_least_squares(cone, g[i])
            distance = np.sum((g[i] - cone @ s) ** 2)
            assert found[i] == pytest.approx(distance, abs=1e-8)


@pytest.mark.parametrize(
    ("means", "rank"),
    [
        ([[1e20, 0.0], [0.0, 1.0]], 2),
        ([[1.0, 0.0], [1.0, 1e-16]], 1),
        ([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 1.0, 1.0]], 2),
        (np.zeros((3, 2)), 0),
    ],
)
def test_the_rank_is_that_of_the_boundary(means, rank):
    means = np.array(means)
    for cone in cones(means, 0.7, 5, None):
        assert cone.rank == phase_boundary(means, 0.7, cone.k).rank == rank
        assert np.allclose(cone.axes @ cone.axes.T, np.eye(rank))
        assert np.allclose(0.7 * cone.margins @ cone.axes, means)


def test_a_class_is_divided_by_its_noise():
    rng = np.random.default_rng(3)
    means, noise = rng.standard_normal((3, 4)), (0.5, 1.0, 3.0)
    for loud, plain in zip(
        cones(means, 0.4, (6, 5, 7), None, noise),
        cones(means / np.array(noise)[:, None], 0.4, (6, 5, 7), None),
        strict=True,
    ):
        assert np.array_equal(loud.margins, plain.margins)
        assert np.array_equal(loud.sizes, plain.sizes)


@pytest.mark.parametrize("sampler", [sampled_dimensions, cone_distances])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(draws=0), "draws must be at least 1, got 0"),
        (dict(draws="4"), "draws must be an integer"),
        (dict(seed=-1), "seed must be at least 0"),
    ],
)
def test_samplers_refuse(sampler, change, message):
    wanted = dict(draws=4, seed=0) | change
    with pytest.raises((TypeError, ValueError), match=message):
        sampler(np.eye(2), 0.5, 5, **wanted)
