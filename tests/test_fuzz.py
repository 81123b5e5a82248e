"""Small instances of every kind against exact arithmetic.

`benchmarks/fuzz.py` does the same to as many as one likes.
"""

from dataclasses import replace

import numpy as np
import pytest
from fuzzing import accuracy_of_beta, accuracy_of_farkas, compare, fault
from instances import KINDS

import nclib

INSTANCES = 60
# The share of None that is allowed.
UNDECIDED = dict.fromkeys(KINDS, 0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_is_wrong_and_no_number_worse_than_stated(kind):
    rng = np.random.default_rng([*kind.encode()])
    exact, undecided = set(), 0
    for _ in range(INSTANCES):
        X_in, X_out = KINDS[kind](rng)
        found = compare(X_in, X_out)
        assert found.fault is None, (
            found.fault,
            found.detail,
            X_in.tolist(),
            X_out.tolist(),
        )
        exact.add(found.exact)
        undecided += found.feasible is None
    assert exact == {True, False}
    assert undecided <= UNDECIDED[kind] * INSTANCES


def test_accuracies_of_given_numbers():
    X_in = np.array([[1.0, 0.0], [0.0, 0.5]])
    X_out = np.array([[-1.0, 0.0], [1.0, -0.5], [0.0, 0.0]])
    assert accuracy_of_beta(X_in, X_out, np.array([1.0, 2.0])) == 0
    # In the class 1/4; outside 1/4 of 9/4 at the second sample.
    assert accuracy_of_beta(X_in, X_out, np.array([1.25, 2.0])) == 0.25
    assert accuracy_of_beta(X_in, X_out[1:], np.array([1.0, 1.0])) == 0.5
    assert accuracy_of_beta(X_in[:1], X_out[1:], np.array([1.0, 0.0])) == 1
    # Feature 0: |-4 + 3| of 8 times 1; feature 1: 0; feature 2: all zero.
    X_in = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.0]])
    X_out = np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    u, s = np.array([-4.0, -4.0]), np.array([3.0, 1.0])
    assert accuracy_of_farkas(X_in, X_out, u, s) == 1 / 8
    assert accuracy_of_farkas(X_in, X_out, 9 * u, 9 * s) == 1 / 8


@pytest.fixture
def tampered(monkeypatch):
    """Let decide(...) on X_in = 1, X_out = x answer something else."""

    def ask(x, **changes):
        X_in, X_out = np.ones((1, 1)), np.full((1, 1), x)
        right = nclib.decide(np.vstack([X_in, X_out]), [0, 1], [0])
        assert right.classes[0].verified and fault(X_in, X_out) is None
        classes = {0: replace(right.classes[0], **changes)}
        with monkeypatch.context() as patch:
            patch.setattr(
                nclib, "decide", lambda *_: replace(right, classes=classes)
            )
            return fault(X_in, X_out)

    return ask


@pytest.mark.parametrize(
    "changes",
    [
        {"feasible": False},
        {"feasible": None},
        {"verified": False},
        {"beta": None},
        {"beta": np.array([1.0 + 1e-9]), "accuracy": 9e-10},
        {"beta": np.array([-1.0])},
        {"beta": np.array([np.nan])},
        {"accuracy": np.nan},
        {"accuracy": 2e-6},
        {"farkas": (np.array([-1.0]), np.array([1.0]))},
    ],
)
def test_faults_of_a_feasible_answer_are_noticed(tampered, changes):
    assert tampered(-1.0) is None
    assert tampered(-1.0, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"feasible": True},
        {"feasible": None},
        {"verified": False},
        {"farkas": None},
        {"farkas": (np.array([-1.0]), np.array([1 + 1e-9])), "accuracy": 0.0},
        {"farkas": (np.array([1.0]), np.array([-1.0]))},
        {"farkas": (np.array([1.0]), np.array([1.0]))},
        {"farkas": (np.array([-1.0]), np.array([np.inf]))},
        {"farkas": (np.zeros(1), np.zeros(1))},
        {"accuracy": np.nan},
        {"beta": np.ones(1)},
    ],
)
def test_faults_of_an_infeasible_answer_are_noticed(tampered, changes):
    assert tampered(1.0) is None
    assert tampered(1.0, **changes)


def test_errors_and_warnings_are_noticed(monkeypatch):
    def fail(*_):
        raise RuntimeError("no")

    def warn(*_):
        return np.log(np.zeros(1))

    for wrong in (fail, warn):
        monkeypatch.setattr(nclib, "decide", wrong)
        assert fault(np.ones((1, 1)), np.ones((1, 1))).startswith("raised")
