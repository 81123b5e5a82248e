"""Both engines find the same side, and only what they say they find."""

import numpy as np
import pytest
import scipy.optimize

from nclib._projection import (
    active_set,
    interior,
    nonnegative_least_squares,
    strictly_inside,
)


def unit_columns(rng, m, N):
    G = rng.standard_normal((m, N))
    return G / np.linalg.norm(G, axis=0)


def misses_optimality(A, b, s):
    gradient = (b - A @ s) @ A
    return max(gradient.max(), np.abs(gradient[s > 0]).max(initial=0.0))


def test_both_engines_agree_and_show_what_they_promise():
    rng = np.random.default_rng(1)
    seen = {True: 0, False: 0}
    for _ in range(300):
        m = int(rng.integers(2, 12))
        G = unit_columns(rng, m, int(rng.integers(1, 3 * m)))
        e = np.eye(m)[-1]
        verdict, r, s = active_set(G, e)
        assert misses_optimality(G, e, s) < 1e-12
        for feasible, answer, room in interior(G, e, 3):
            assert feasible == verdict and room > 0
            seen[feasible] += 1
            if feasible:
                assert answer @ e > 0
                norm = np.linalg.norm(answer)
                assert (answer @ G).max() == pytest.approx(-room * norm)
                # The projection makes the smallest angle with e.
                assert answer @ e / norm <= np.linalg.norm(r) * (1 + 1e-9)
            else:
                assert (answer > 0).all()
                error = np.linalg.norm(G @ answer - e)
                assert error < 0.01 * answer.min()
                assert error < 1e-13 * answer.sum()
    assert min(seen.values()) > 100


def test_the_room_of_an_answer_is_what_columns_may_move():
    # Columns moved by half the room leave the answer's side as it is;
    # deterministic for r, an estimate for s.
    rng = np.random.default_rng(2)
    kept = {True: 0, False: 0}
    for _ in range(100):
        G = unit_columns(rng, 6, int(rng.integers(6, 16)))
        e = np.eye(6)[-1]
        feasible, answer, room = next(interior(G, e, 1))
        shift = unit_columns(rng, 6, G.shape[1])
        moved = G + 0.5 * room * shift
        if feasible:
            assert (answer @ moved).max() < 0
            worst = answer / np.linalg.norm(answer)
            moved = G + 1.01 * room * worst[:, None]
            assert (answer @ moved).max() > 0
        else:
            assert active_set(moved, e)[0] is False
        kept[feasible] += 1
    assert min(kept.values()) > 20


def test_interior_gives_up_where_neither_side_has_an_interior():
    # Opposite columns pin r from both sides: feasible, without room.
    G = np.array([[1.0, -1.0], [0.0, 0.0]])
    e = np.array([0.0, 1.0])
    assert list(interior(G, e, 3)) == []
    verdict, r, _ = active_set(G, e)
    assert verdict is True and r.tolist() == [0.0, 1.0]
    assert strictly_inside(G, e, r).tolist() == [0.0, 1.0]


def test_strictly_inside_leaves_only_what_must_hold_with_equality():
    e = np.array([0.0, 0.0, 0.0, 1.0])
    G = np.array(
        [
            [1.0, -1.0, 0.0, 0.6, 0.6],
            [0.0, 0.0, 1.0, 0.8, -0.8],
            [0.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.0],
        ]
    )
    r = strictly_inside(G[:, :4], e, e)
    # Columns 0 and 1 are opposite; 2 and 3 can be left behind.
    values = r @ G[:, :4]
    assert np.abs(values[:2]).max() < 1e-15
    assert values[2:].max() < -0.1 and e @ r > 0
    # With column 4 the second coordinate is pinned too.
    assert np.abs(strictly_inside(G, e, e) @ G).max() < 1e-15


def test_few_columns_at_a_time_find_the_same_projection():
    rng = np.random.default_rng(3)
    for trial in range(20):
        G = unit_columns(rng, 8, 200) - 0.6 * np.eye(8)[:, -1:]
        G /= np.linalg.norm(G, axis=0)
        e = np.eye(8)[-1]
        _, r, _ = active_set(G, e)
        for likely in (np.ones(200), rng.uniform(size=200)):
            _, priced, s = active_set(G, e, likely)
            assert misses_optimality(G, e, s) < 1e-12
            assert np.allclose(priced, r, atol=1e-12), trial


# Found at random; scipy 1.17's nnls stops short of the minimum on each.
THIRD = 3.0**-0.5
HALF = 0.5**0.5
STUBBORN = [
    (
        [
            [0.0, 0.0, 0.0],
            [HALF, -THIRD, 0.0],
            [-HALF, 0.0, THIRD],
            [0.0, THIRD, -THIRD],
            [0.0, -THIRD, THIRD],
        ],
        [-2.0, 0.0, 1.0, 2.0, -1.0],
    ),
    (
        [
            [0.0, 0.0, 0.0, 0.5],
            [HALF, -0.5, THIRD, -0.5],
            [0.0, -0.5, THIRD, 0.0],
            [0.0, 0.5, -THIRD, -0.5],
            [-HALF, 0.5, 0.0, -0.5],
        ],
        [-1.0, 0.0, 1.0, -1.0, 0.0],
    ),
    (
        [
            [THIRD, HALF, 0.5, THIRD, HALF, -0.5],
            [THIRD, HALF, 0.5, 0.0, 0.0, -0.5],
            [-THIRD, 0.0, 0.5, -THIRD, -HALF, 0.5],
            [0.0, 0.0, -0.5, THIRD, 0.0, -0.5],
        ],
        [-2.0, 0.0, 2.0, 0.0],
    ),
]


@pytest.mark.parametrize("A, b", STUBBORN)
def test_a_point_that_is_not_the_minimum_is_not_taken_for_it(A, b):
    A, b = np.array(A), np.array(b)
    s = nonnegative_least_squares(A, b)
    assert (s >= 0).all() and misses_optimality(A, b, s) < 1e-9
    # An independent minimizer finds nothing lower.
    other = scipy.optimize.minimize(
        lambda x: np.sum((A @ x - b) ** 2),
        np.ones(A.shape[1]),
        jac=lambda x: 2 * A.T @ (A @ x - b),
        bounds=[(0, None)] * A.shape[1],
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-12},
    )
    assert np.sum((A @ s - b) ** 2) <= other.fun + 1e-9


def test_nonnegative_least_squares_on_tiny_degenerate_systems():
    rng = np.random.default_rng(4)
    for _ in range(4000):
        m, N = rng.integers(2, 6), rng.integers(1, 7)
        A = rng.integers(-1, 2, size=(m, N)).astype(float)
        b = rng.integers(-2, 3, size=m).astype(float)
        s = nonnegative_least_squares(A, b)
        assert (s >= 0).all() and misses_optimality(A, b, s) < 1e-9


def test_no_method_means_an_error_not_an_answer(monkeypatch):
    from nclib import _projection

    for engine in ("_lawson_hanson", "_bounded_variables"):
        monkeypatch.setattr(
            _projection, engine, lambda A, b: np.ones(A.shape[1])
        )
    with pytest.raises(RuntimeError, match="optimality"):
        nonnegative_least_squares(np.eye(2), np.array([2.0, -1.0]))
    verdict, r, s = active_set(np.eye(2), np.array([2.0, -1.0]))
    assert verdict is None and not s.any() and np.isnan(r).all()


def test_nonnegative_least_squares_without_columns():
    s = nonnegative_least_squares(np.zeros((3, 0)), np.ones(3))
    assert s.shape == (0,)


def test_a_support_that_is_not_stationary_is_not_a_minimum(monkeypatch):
    from nclib import _projection

    monkeypatch.setattr(
        _projection, "_lawson_hanson", lambda A, b: np.array([2.0, 0.0])
    )
    s = nonnegative_least_squares(np.eye(2), np.array([1.0, -1.0]))
    assert s == pytest.approx([1.0, 0.0], abs=1e-9)


@pytest.mark.parametrize("angle", [1e-4, 1e-6, 1e-8])
def test_a_short_projection_is_orthogonal_to_its_last_digits(angle):
    rng = np.random.default_rng(5)
    Q = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    g = np.sin(angle) * Q[0] + np.cos(angle) * Q[1]
    verdict, r, _ = active_set(g[:, None], Q[1])
    assert verdict is True
    assert np.linalg.norm(r) == pytest.approx(np.sin(angle), rel=1e-6)
    assert abs(r @ g) < 1e-15 * np.linalg.norm(r)
