"""The law of arrival, and the record of starts it was fitted to."""

import numpy as np
import pytest
from scipy.special import expit

import nclib
from nclib.arrival import PULL, arrival_noise, arrival_share
from nclib.figures import arrivals
from nclib.figures.arrivals import KINDS, Arrivals, Setting
from nclib.figures.record import kept_record


@pytest.fixture(scope="module")
def record():
    return Arrivals.load(kept_record("arrivals.npz"))


def test_the_share_is_that_of_the_story():
    """Silent pairs drawn one by one: pull, self-pull and climb."""
    n, d, sigma, K, D = 30, 75, 0.45, 2, 12
    rng = np.random.default_rng(1)
    draws = 20_000
    h = np.linalg.norm(nclib.upfm_minimizer(K, n, 1e-3, 1e-6).H[0])
    tau = np.sqrt((1 + sigma**2 * d) / (3 * d))
    climb = tau * rng.standard_normal((draws, n))
    noise = sigma**2 * np.sqrt(d / n)
    pull = 1 + np.sqrt(2) * noise * rng.standard_normal((draws, n))
    silent = climb + h / PULL * pull / (1 + 2 * sigma**2 * d / n) < 0
    perfect = 1 - silent.any(axis=1)
    # One minus (one minus the share of perfect neurons) to the D / K.
    share = (1 - (1 - perfect.mean()) ** (D / K)) ** K
    p = arrival_share(n, d, sigma, K=K, width=D)
    # Five standard errors of the share of perfect neurons, propagated.
    error = np.sqrt(perfect.var() / draws)
    slope = D * (1 - perfect.mean()) ** (D / K - 1)
    assert 0.05 < p < 0.95
    assert abs(share - p) < 5 * slope * error
    # Powerful enough to see a constant that is off by a tenth.
    assert (
        abs(share - arrival_share(n, d, sigma, K=K, width=D, pull=1.1 * PULL))
        > 5 * slope * error
    )


def test_what_helps_and_what_does_not():
    at = dict(n=60, d=180, sigma=0.4)
    base = arrival_share(**at)
    assert arrival_share(**{**at, "sigma": 0.44}) < base
    assert arrival_share(**{**at, "n": 80, "d": 240}) < base
    assert arrival_share(**at, width=100) > base
    assert arrival_share(**at, lambda_W=2e-3) > base
    assert arrival_share(**at, lambda_H=2e-6) < base
    assert arrival_share(**at, scale=2.0) < base
    assert arrival_share(**at, K=4) < base


def test_limits():
    assert arrival_share(20, 60, 1e-4) == pytest.approx(1, abs=1e-9)
    assert arrival_share(300, 900, 5.0) == 0
    # The zero network is the floor: everybody arrives.
    assert arrival_share(20, 60, 1.0, lambda_W=1.0, lambda_H=1.0) == 1


def test_half_of_them_arrive_there():
    for n, ratio, change in ((40, 3, {}), (300, 2, dict(width=10))):
        sigma = arrival_noise(n, ratio, **change)
        assert arrival_share(n, n * ratio, sigma, **change) == pytest.approx(
            0.5, abs=1e-6
        )


def test_where_there_is_no_such_noise():
    assert arrival_noise(20, 3, lambda_W=1.0, lambda_H=1.0) == np.inf
    with pytest.raises(
        ValueError, match=r"setting must let .*'scale': 1000000.0"
    ):
        arrival_noise(20, 3, scale=1e6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(sigma=0.0), "sigma must be greater than 0"),
        (dict(width=1), "width must be at least 2"),
        (dict(lambda_H=-1.0), "lambda_H"),
        (dict(pull="5"), "pull must be a real number"),
    ],
)
def test_what_is_refused(change, message):
    with pytest.raises((TypeError, ValueError), match=message):
        arrival_share(**{**dict(n=20, d=60, sigma=0.4), **change})


def test_the_constant_is_the_one_of_the_record(record):
    rows = record.at(K=2)
    rows = rows[(rows["d"] >= 2 * rows["n"])]
    rows = rows[np.isin(rows["n"], arrivals.FITTED)]
    assert arrivals.fitted_pull(rows) == pytest.approx(PULL, rel=0.01)


def test_the_fit_finds_the_constant_that_made_the_ends():
    rng = np.random.default_rng(2)
    settings = [
        Setting(n, 3 * n, sigma)
        for n in (20, 60)
        for sigma in (0.2, 0.3, 0.4, 0.5, 0.7)
        for _ in range(200)
    ]
    rows = np.zeros(len(settings), arrivals.COLUMNS)
    for name in Setting._fields:
        rows[name] = [getattr(s, name) for s in settings]
    chance = arrivals.predicted(rows, pull=6.5)
    rows["kind"] = rng.random(len(rows)) > chance
    assert arrivals.fitted_pull(rows) == pytest.approx(6.5, rel=0.06)


def test_half_is_the_middle_of_the_curve():
    rng = np.random.default_rng(3)
    rows = np.zeros(4000, arrivals.COLUMNS)
    rows["sigma"] = np.repeat([0.3, 0.36, 0.43, 0.53], 1000)
    x = np.log(rows["sigma"] / 0.4)
    rows["kind"] = rng.random(len(rows)) < expit(12 * x)
    place, error = arrivals.half(rows)
    assert abs(place - 0.4) < 5 * error < 0.02


def test_side_by_side_is_gradient_descent():
    X, y = nclib.GaussianMixture(nclib.simplex_means(3, 9), 0.4).sample(4, 0)
    rng = np.random.default_rng(4)
    starts = rng.standard_normal((5, 9, 6)), rng.standard_normal((5, 6, 3))
    W1, W, risk = arrivals.side_by_side(X, y, *starts, 0.02, 0.03, 0.1, 20)
    for j in range(5):
        run = nclib.train(
            X,
            y,
            init=(starts[0][j], starts[1][j]),
            # A third of the epochs have the first step.
            epochs=90,
            batch_size=None,
            lambda_W=0.02,
            lambda_H=0.03,
            dtype="float64",
        )
        (row,) = run.history[run.history["epoch"] == 20]
        assert row["risk"] == pytest.approx(risk[j], abs=1e-12)
        net = nclib.ShallowNet(W1[j], W[j])
        assert net.risk(X, y, 0.02, 0.03) == pytest.approx(risk[j], abs=1e-12)


def test_silent_pairs_are_counted():
    y = np.array([0, 0, 1, 1])
    H = np.array([[1.0, 0, 0, 0], [0, 0, 0, 1e-9], [0, 2, 0, 0], [0, 2, 0, 0]])
    W = np.eye(4)[:, :2] + 1.0
    assert arrivals.alive(H, W).tolist() == [True, True, False, False]
    # Neuron 0 serves class 0 and misses its second sample.
    assert arrivals.missing(H, W, y) == 1


def test_the_record_is_what_it_says(record):
    runs = record.runs
    assert [tuple(s) for s in arrivals.everything()] == [
        tuple(row)[: len(Setting._fields)] for row in runs.tolist()
    ]
    yes, no = runs[runs["kind"] == 0], runs[runs["kind"] == 1]
    assert KINDS[:2] == ("global", "spurious")
    assert (yes["bound"] < 1e-6).all() and (no["bound"] > 0).all()
    # Nothing that is proved to be stuck is nearer than it was proved to be.
    assert (no["gap"] > 0.9 * no["bound"]).mean() > 0.99


@pytest.mark.parametrize("way", sorted(arrivals.WAYS))
def test_every_way_starts_where_it_says(way, monkeypatch):
    """And what it returns is what was certified."""
    monkeypatch.setattr(arrivals, "FLOW_TIME", 50)
    monkeypatch.setattr(arrivals, "EPOCHS", 60)
    setting = Setting(6, 18, 0.3, width=8, way=way)
    X, y, run, found = arrivals.follow(setting, 0)
    longer = way.startswith("constant")
    assert X.shape == (12, 18 + longer) and run.status == "completed"
    if longer:
        size = (X[:, :-1] ** 2).sum(axis=1).mean()
        assert np.ptp(X[:, -1]) == 0
        assert X[0, -1] ** 2 / size == pytest.approx(float(way.split()[1]))
    if found.kind == "global":
        assert abs(run.gap) < 1e-6
    again = arrivals.follow(setting, 0)[2]
    assert again.gap == run.gap
