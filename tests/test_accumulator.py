"""The accumulator against the full call, exact sums, and loops."""

import functools
import itertools
import math
import operator
import pickle
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from helpers import peak_memory

import nclib
from nclib import accumulator
from nclib.metrics import CONVENTIONS


def problem(seed, counts, D, shift=1.0, spread=1.0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    means = shift * rng.random((len(counts), D))
    H = np.maximum(means[y] + spread * rng.normal(size=(len(y), D)), 0)
    return H, rng.normal(size=(D, len(counts))), y


def streamed(H, y, cuts, K=None, **options):
    K = len(np.unique(y)) if K is None else K
    result = nclib.Accumulator(K, H.shape[1], **options)
    for part in np.split(np.arange(len(y)), cuts):
        if len(part):
            result.update(H[part], y[part])
    return result


def random_cuts(rng, N):
    return np.sort(rng.integers(0, N, rng.integers(0, 12)))


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(
    ("counts", "D"),
    [((30, 30), 5), ((9, 4, 20), 12), ((3, 1, 5, 2), 2), ((2, 3), 40)],
)
def test_equals_the_full_call_however_it_is_cut(convention, counts, D):
    H, W, y = problem(3, counts, D)
    rng = np.random.default_rng(0)
    expected = nclib.nc_metrics(H, W, y, convention)
    N = len(y)
    for cuts in [range(1, N), [], *(random_cuts(rng, N) for _ in range(20))]:
        got = streamed(H, y, cuts, sizes=counts).metrics(W, convention)
        np.testing.assert_allclose(got, expected, rtol=1e-10)
        assert np.isnan(streamed(H, y, cuts).metrics()[2:]).all()


@pytest.mark.parametrize("spread", [1e-3, 1e-7])
def test_equals_the_full_call_near_collapse(spread):
    H, W, y = problem(5, (400, 300, 200), 20, 10.0, spread)
    got = streamed(H, y, range(7, 900, 7)).metrics(W)
    np.testing.assert_allclose(got, nclib.nc_metrics(H, W, y), rtol=1e-10)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("weights = n * (m / (n + m))", "weights = n * (m / (n + m + 1))"),
        ("weights = n * (m / (n + m))", "weights = 0 * n"),
        ("+= (m / (n + m))[:, None] * delta", "+= (m / n.clip(1))[:, None]"),
        ("1 / self.counts.sum()", "1 / (self.counts.sum() - 1)"),
        ("np.repeat(m > 1, m)", "np.repeat(m > 2, m)"),
        ("self._first - self._first[0] + self._shift", "self._first"),
        ("np.sqrt(self._sizes[codes])", "self._sizes[codes]"),
        ("4 * self._epsilon", "4e16 * self._epsilon"),
    ],
)
def test_a_changed_constant_is_seen(right, wrong, tmp_path):
    source = accumulator.__file__
    text = open(source, encoding="utf-8").read()
    assert text.count(right) == 1
    changed = {"__name__": "changed"}
    exec(compile(text.replace(right, wrong), source, "exec"), changed)
    H, W, y = problem(3, (9, 4, 20), 12)
    result = changed["Accumulator"](3, 12, sizes=(9, 4, 20))
    for part in np.split(np.arange(33), [2, 5, 11, 20]):
        result.update(H[part], y[part])
    gaps = []
    for convention in CONVENTIONS:
        got = result.metrics(W, convention)
        expected = nclib.nc_metrics(H, W, y, convention)
        gaps.append(np.abs(np.subtract(got, expected)).max())
    assert not max(gaps) < 1e-6


def test_merges_in_any_order():
    H, W, y = problem(6, (25, 17, 8, 40), 9)
    parts = np.split(np.arange(len(y)), [13, 14, 51])
    expected = nclib.nc_metrics(H, W, y)
    for order in itertools.permutations(range(4)):
        several = [streamed(H[parts[i]], y[parts[i]], [], K=4) for i in order]
        whole = functools.reduce(operator.add, several)
        pairs = (several[0] + several[1]) + (several[2] + several[3])
        for merged in (whole, pairs):
            assert merged.counts.tolist() == [25, 17, 8, 40]
            np.testing.assert_allclose(merged.metrics(W), expected, rtol=1e-10)
            np.testing.assert_allclose(
                merged.geometry(W), streamed(H, y, []).geometry(W), rtol=1e-10
            )


def test_a_sum_leaves_its_parts_alone_and_may_go_on():
    H, W, y = problem(6, (25, 17), 5)
    first, second = streamed(H[:9], y[:9], [], 2), nclib.Accumulator(2, 5)
    before = pickle.dumps(first)
    total = first + second
    total.update(H[9:], y[9:])
    assert pickle.dumps(first) == before and not second.counts.any()
    for whole in (total, second + total):
        np.testing.assert_allclose(
            whole.metrics(W), nclib.nc_metrics(H, W, y), rtol=1e-10
        )
    twice = total + total
    np.testing.assert_allclose(twice.metrics(W), total.metrics(W), rtol=1e-10)


def test_workers_of_sorted_data_see_different_classes():
    H, W, y = problem(7, (30, 20, 10), 6)
    order = np.argsort(y)
    H, y = H[order], y[order]
    parts = [streamed(H[y == k], y[y == k], [3], K=3) for k in range(3)]
    merged = parts[2] + parts[0] + parts[1]
    np.testing.assert_allclose(
        merged.metrics(W), nclib.nc_metrics(H, W, y), rtol=1e-10
    )


def test_pickles_to_the_same_bits_and_goes_on():
    H, W, y = problem(8, (14, 9), 7)
    half = streamed(H[:11], y[:11], [4], 2, sizes=(14, 9))
    copy = pickle.loads(pickle.dumps(half))
    for each in (half, copy):
        each.update(H[11:], y[11:])
    for convention in CONVENTIONS:
        assert copy.metrics(W, convention) == half.metrics(W, convention)
    assert copy.geometry(W) == half.geometry(W)


def exact_nc1(H, y):
    """NC1 of two classes in rational arithmetic.

    With two classes Sigma_B = delta delta^T / 4, whose pseudo-inverse is
    4 delta delta^T / |delta|^4.
    """
    rows = [[Fraction(v) for v in h] for h in H.tolist()]
    groups = [
        [h for h, k in zip(rows, y, strict=True) if k == c] for c in (0, 1)
    ]
    means = [[sum(c) / len(g) for c in zip(*g, strict=True)] for g in groups]
    delta = [b - a for a, b in zip(*means, strict=True)]
    total = sum(
        sum((v - m) * d for v, m, d in zip(h, mean, delta, strict=True)) ** 2
        for group, mean in zip(groups, means, strict=True)
        for h in group
    )
    return float(2 * total / len(rows) / sum(d * d for d in delta) ** 2)


def naive_nc1(H, y):
    """The same from sums and sums of products, as is often done."""
    means = np.array([H[y == k].mean(axis=0) for k in (0, 1)])
    within = H.T @ H / len(y) - np.einsum(
        "k,ki,kj->ij", np.bincount(y) / len(y), means, means
    )
    delta = means[1] - means[0]
    return 2 * delta @ within @ delta / (delta @ delta) ** 2


@pytest.mark.parametrize("apart", [3.0, 1e8, 1e-3])
def test_means_of_1e8_with_a_spread_of_1_do_not_cancel(apart):
    rng = np.random.default_rng(4)
    y = np.arange(600) % 2
    H = 1e8 + apart * y[:, None] + rng.normal(size=(600, 4))
    exact = exact_nc1(H, y)
    one = streamed(H, y, range(5, 600, 5))
    two = streamed(H[:77], y[:77], [8]) + streamed(H[77:], y[77:], [100])
    for got in (one, two):
        assert got.metrics().nc1 == pytest.approx(exact, rel=1e-10)
        spread = [
            math.fsum((H[y == k] - 1e8 - m).ravel() ** 2) / 300
            for k, m in enumerate(got.means - 1e8)
        ]
        np.testing.assert_allclose(got._squares / 300, spread, rtol=1e-10)
    if apart == 3.0:
        assert abs(naive_nc1(H, y) / exact - 1) > 1e-2


def test_classes_missing_from_batches_and_under_names():
    H, W, y = problem(9, (12, 8, 5), 6)
    names = np.array(["cat", "dog", "emu"])
    H, y = H[np.argsort(y)], np.sort(y)
    expected = nclib.nc_metrics(H, W, y)
    for classes, labels in (
        (names, names[y]),
        ([-7, 3, 10**12], np.array([-7, 3, 10**12])[y]),
        (None, y.astype(np.uint8)),
    ):
        got = streamed(H, labels, range(1, 25), classes=classes)
        np.testing.assert_allclose(got.metrics(W), expected, rtol=1e-10)
        near = got.nearest(got.means)
        assert near.tolist() == got.classes.tolist()
    # The columns of W follow the classes, whatever their order.
    turned = streamed(H, names[y], [9], classes=["emu", "cat", "dog"])
    np.testing.assert_allclose(
        turned.metrics(W[:, [2, 0, 1]]), expected, rtol=1e-10
    )


def test_a_class_never_seen_is_named():
    H, W, y = problem(9, (12, 8), 6)
    some = streamed(H, y, [], K=9)
    assert np.isnan(some.means[2:]).all()
    for call in (some.metrics, some.geometry):
        with pytest.raises(
            ValueError, match=r"no sample of \[2, 3, 4, 5, 6\]"
        ):
            call()


def test_tensors():
    torch = pytest.importorskip("torch")
    H, W, y = problem(4, (20, 30), 7)
    tensors = torch.tensor(H, requires_grad=True), torch.tensor(y)
    W = torch.tensor(W, requires_grad=True)
    for kind in ("double", "float", "half", "bfloat16"):
        converted = getattr(tensors[0], kind)()
        got = nclib.Accumulator(2, 7)
        for part in (slice(0, 13), slice(13, 50)):
            got.update(converted[part], tensors[1][part])
        np.testing.assert_allclose(
            got.metrics(W), nclib.nc_metrics(converted, W, y), rtol=1e-10
        )
    layer = torch.nn.Linear(7, 2).double()
    with torch.no_grad():
        logits = layer(tensors[0])
        near = got.nearest(tensors[0])
        share = np.mean(logits.argmax(1).numpy() == near)
    batches = tensors[0].split(11)
    assert share == got.agreement(batches, layer.weight.T, layer.bias)


def test_nothing_imports_torch():
    code = (
        "import sys, numpy as np; from nclib.accumulator import Accumulator; "
        "a = Accumulator(2, 4); a.update(np.eye(4), [0, 0, 1, 1]); "
        "a.metrics(np.ones((4, 2))); a.geometry(); "
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def literal(H, W, y):
    """The definitions with loops, one mean and one pair at a time."""
    K = W.shape[1]
    means = [H[y == k].mean(axis=0) for k in range(K)]
    center = sum(means) / K
    M = np.array([m - center for m in means])
    C = np.eye(K) - np.ones((K, K)) / K

    def frame(rows):
        norms = [np.sqrt(r @ r) for r in rows]
        average = sum(norms) / K
        deviation = np.sqrt(sum((v - average) ** 2 for v in norms) / (K - 1))
        angles = [
            abs(rows[j] @ rows[k] / (norms[j] * norms[k]) + 1 / (K - 1))
            for j in range(K)
            for k in range(K)
            if j != k
        ]
        return deviation / average, sum(angles) / len(angles)

    def distance(A):
        return np.linalg.norm(A / np.linalg.norm(A) - C / np.sqrt(K - 1))

    spread = [((H[y == k] - means[k]) ** 2).sum(1).mean() for k in range(K)]
    pairs = [
        (spread[j] + spread[k]) / (2 * ((means[j] - means[k]) ** 2).sum())
        for j in range(K)
        for k in range(K)
        if j != k
    ]
    dual = np.linalg.norm(W.T / np.linalg.norm(W) - M / np.linalg.norm(M)) ** 2
    return (
        *frame(M),
        distance(M @ M.T),
        sum(pairs) / len(pairs),
        *frame(W.T),
        dual,
        distance(M @ W),
    )


@pytest.mark.parametrize("counts", [(30, 30), (9, 4, 20), (3, 1, 5, 2)])
def test_geometry_is_its_definition(counts):
    H, W, y = problem(10, counts, 8)
    got = streamed(H, y, [3, 4])
    np.testing.assert_allclose(
        got.geometry(W), literal(H, W, y), rtol=1e-10, atol=1e-14
    )
    assert got.geometry()[:4] == got.geometry(W)[:4]
    assert np.isnan(got.geometry()[4:]).all()
    if len(set(counts)) > 1:
        papyan = got.geometry(W, "papyan")
        assert papyan.cdnv == got.geometry(W).cdnv
        assert abs(papyan.simplex - got.geometry(W).simplex) > 1e-3


@pytest.mark.parametrize("K", [2, 3, 10])
def test_geometry_vanishes_at_collapse(K):
    # Orthogonal means: a simplex only once they are centered.
    H, y = 3.7 * np.eye(K)[np.repeat(np.arange(K), 4)], np.repeat(range(K), 4)
    W = 0.2 * (np.eye(K) - 1 / K)
    got = streamed(H, y, [5])
    assert max(got.geometry(W)) < 1e-14
    assert got.agreement([H], W) == 1
    # One mean twice as long; two centered means always are a simplex.
    H[:4] *= 2
    longer = streamed(H, y, [5]).geometry(W)
    assert (longer.simplex > 0.1) == (K > 2)
    assert longer.self_duality > 0.01


def test_cdnv_of_two_classes_by_hand():
    H = np.array([[0.0, 1], [0, -1], [4, 0], [4, 0]])
    got = streamed(H, np.array([0, 0, 1, 1]), [1])
    assert got.geometry().cdnv == pytest.approx(1 / (2 * 16), rel=1e-15)
    together = streamed(np.vstack([H[:2]] * 2), np.array([0, 0, 1, 1]), [1])
    assert together.geometry().cdnv == np.inf
    assert together.metrics().dead


def test_agreement_is_a_count():
    H, W, y = problem(11, (30, 30, 30), 6)
    got = streamed(H, y, [])
    bias = np.array([0.3, -1.0, 0.0])
    means = np.array([H[y == k].mean(axis=0) for k in range(3)])
    hits = sum(
        np.argmax(h @ W + bias)
        == np.argmin([(h - m) @ (h - m) for m in means])
        for h in H
    )
    assert 0 < hits < 90
    assert got.agreement(np.split(H, 9), W, bias) == hits / 90
    # The classifier of the nearest mean itself.
    own = -0.5 * (means**2).sum(axis=1)
    assert got.agreement(np.split(H, 9), means.T, own) == 1
    with pytest.raises(ValueError, match="at least one batch"):
        got.agreement([], W)
    with pytest.raises(ValueError, match="H must have two dimensions"):
        got.agreement(H, W)


def test_orthogonality_to_another_mean():
    H = np.repeat(np.eye(4)[:2], 3, axis=0)
    got = streamed(H, np.repeat([0, 1], 3), [])
    assert got.orthogonality([0, 0, 5.0, 1]) == 0
    assert got.orthogonality([2.0, 2, 0, 0]) == pytest.approx(np.sqrt(0.5))
    assert got.orthogonality([-1.0, 0, 0, 0]) == 0.5
    other = nclib.Accumulator(1, 4)
    other.update(7 * np.eye(4), np.zeros(4, int))
    assert other.mean.tolist() == [1.75] * 4
    assert got.orthogonality(other.mean) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="K must be at least 2"):
        other.metrics()


def test_linear_weight_is_recognized():
    H, W, y = problem(12, (20, 20, 20), 5)
    got = streamed(H, y, [])
    for call in (
        got.metrics,
        got.geometry,
        lambda W: got.agreement([H], W),
        lambda W: nclib.nc_metrics(H, W, y),
    ):
        with pytest.raises(ValueError, match=r"as linear.weight: pass W.T"):
            call(W.T)


def test_a_square_linear_weight_is_noticed(recwarn):
    rng = np.random.default_rng(0)
    y = np.repeat(range(6), 20)
    means = rng.normal(size=(6, 6))
    H = means[y] + 0.01 * rng.normal(size=(120, 6))
    # Every class mean has its largest logit at its own class.
    W = np.linalg.inv(means)
    got = streamed(H, y, [])
    got.metrics(W), got.geometry(W), nclib.nc_metrics(H, W, y)
    assert not recwarn.list
    for call in (
        got.metrics,
        got.geometry,
        lambda W: nclib.nc_metrics(H, W, y),
    ):
        with pytest.warns(UserWarning, match="pass linear.weight.T"):
            call(W.T)


def test_memory_is_one_matrix_and_a_few_batches():
    K, D, B = 50, 700, 64
    rng = np.random.default_rng(0)

    def run():
        result = nclib.Accumulator(K, D)
        for _ in range(30):
            result.update(rng.random((B, D)), rng.integers(0, K, B))
        return result

    result, peak = peak_memory(run)
    kept = 8 * (D * D + 2 * K * D)
    assert peak < kept + 10 * 8 * B * D
    assert len(pickle.dumps(result)) < kept + 10_000


def test_a_refused_batch_changes_nothing():
    H, W, y = problem(13, (5, 5), 3)
    got = streamed(H, y, [])
    before = pickle.dumps(got)
    for bad_H, bad_y, words in (
        (np.full((2, 3), np.nan), [0, 1], "H must be finite"),
        (np.ones((2, 4)), [0, 1], r"shape \(B, 3\)"),
        (np.ones(3), [0], "H must have two dimensions"),
        (np.ones((2, 3)), [0, 2], "y must hold labels out of classes.*got 2"),
        (np.ones((2, 3)), [0], "y must have one label a row of H"),
        (1e160 * np.ones((1, 3)), [0], "between 1e-140 and 1e"),
        (1e-160 * np.ones((1, 3)), [0], "between 1e-140 and 1e"),
    ):
        with pytest.raises(ValueError, match=words):
            got.update(bad_H, bad_y)
    for bad_y in ([0.0, 1.0], ["a", "b"]):
        with pytest.raises(TypeError, match="y must hold"):
            got.update(np.ones((2, 3)), bad_y)
    assert pickle.dumps(got) == before


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((0, 3), {}, ValueError, "K must be at least 1"),
        ((2, 3.0), {}, TypeError, "D must be an integer"),
        ((2, 3), {"classes": [1, 1]}, ValueError, "2 different labels"),
        ((2, 3), {"classes": [0.5, 1]}, TypeError, "integers or strings"),
        ((2, 3), {"sizes": [1]}, ValueError, r"sizes .* shape \(2,\)"),
        ((2, 3), {"sizes": [0, 1]}, ValueError, "sizes must be at least 1"),
    ],
)
def test_bad_construction(arguments, options, error, words):
    with pytest.raises(error, match=words):
        nclib.Accumulator(*arguments, **options)


def test_what_cannot_be_merged_or_weighed():
    H, W, y = problem(14, (6, 9), 3)
    got = streamed(H, y, [])
    for other in (
        nclib.Accumulator(3, 3),
        nclib.Accumulator(2, 3, classes=[1, 0]),
        nclib.Accumulator(2, 3, sizes=[6, 9]),
    ):
        with pytest.raises(ValueError, match="accumulators must agree in"):
            got + other
    with pytest.raises(TypeError):
        got + 1
    with pytest.raises(ValueError, match="sizes must be given"):
        got.metrics(W, "unweighted")
    with pytest.raises(ValueError, match="convention must be one of"):
        got.metrics(W, "papian")
    half = nclib.Accumulator(2, 3, sizes=[6, 10])
    half.update(H, y)
    with pytest.raises(ValueError, match="got 10 for class 1 with 9"):
        half.metrics(W, "unweighted")
    # Equal classes need no sizes.
    H, W, y = problem(14, (7, 7), 3)
    assert streamed(H, y, []).metrics(W, "unweighted").nc1 == pytest.approx(
        nclib.nc_metrics(H, W, y, "unweighted").nc1, rel=1e-10
    )


def test_classes_of_two_kinds_are_no_labels():
    # NumPy would make strings of all, and no sample would be of class 1.
    with pytest.raises(TypeError, match="classes must .* got dtype object"):
        nclib.Accumulator(2, 3, classes=["cat", 1])
