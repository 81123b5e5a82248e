"""What comes in as it comes: taken for what it is, or refused by name."""

from itertools import repeat

import numpy as np
import pytest
import scipy.sparse

import nclib
from nclib.kernels import collapse_width

RNG = np.random.default_rng(0)
CLUSTERS = np.repeat(3 * np.eye(2, 12), 6, axis=0)
X = CLUSTERS + RNG.normal(size=(12, 12))
Y = np.repeat([0, 1], 6)
NAMES = np.where(Y == 0, "cat", "dog")
HOLE = np.ma.masked_array(X, mask=X > X.max() - 1e-9)
EXPLODED = np.full((12, 4), 1e200), np.full((4, 2), 1e200)


def frame(kind):
    """Tables of pandas, by name."""
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(X)
    if kind == "mixed":
        table[3] = table[3] > 0
    elif kind == "Float64":
        table = table.astype("Float64")
    elif kind == "Int64":
        table = pd.DataFrame(np.round(100 * X)).astype("Int64")
    elif kind == "missing":
        table = table.astype("Float64")
        table.iloc[2, 3] = pd.NA
    elif kind == "category":
        table[3] = pd.Categorical(["a", "b"] * 6)
    elif kind == "text":
        table[3] = NAMES
    elif kind == "long":
        table[3] = 2**53 + 1 + np.arange(12)
    return table


def series(kind):
    """Columns of labels of pandas."""
    pd = pytest.importorskip("pandas")
    if kind == "missing":
        return pd.Series([None, *Y[1:].tolist()], dtype="Int64")
    return pd.Series(NAMES if kind == "category" else Y).astype(kind)


def tensor(**options):
    return pytest.importorskip("torch").tensor(X, **options)


# The call, and what its answer must be equal to.
TAKEN = {
    "float16": lambda: (nclib.decide(X.astype(np.float16), Y), [0, 1]),
    "booleans": lambda: (nclib.decide(X > 0, Y > 0), [False, True]),
    "sparse matrix": lambda: (
        nclib.decide(scipy.sparse.csr_matrix(X), Y),
        [0, 1],
    ),
    "sparse array": lambda: (
        nclib.decide(scipy.sparse.coo_array(X), Y),
        [0, 1],
    ),
    "list of strings": lambda: (
        nclib.decide(X, NAMES.tolist()),
        ["cat", "dog"],
    ),
    "array of strings": lambda: (nclib.decide(X, NAMES), ["cat", "dog"]),
    "objects that are strings": lambda: (
        nclib.decide(X, NAMES.astype(object)),
        ["cat", "dog"],
    ),
    "objects that are integers": lambda: (
        nclib.decide(X, Y.astype(object)),
        [0, 1],
    ),
    "one class by its name": lambda: (
        nclib.decide(X, NAMES, classes="dog"),
        ["dog"],
    ),
    "one class by its number": lambda: (nclib.decide(X, Y, classes=0), [0]),
    "bool and float columns": lambda: (
        nclib.decide(frame("mixed"), Y),
        [0, 1],
    ),
    "Float64 columns": lambda: (nclib.decide(frame("Float64"), Y), [0, 1]),
    "Int64 columns": lambda: (nclib.decide(frame("Int64"), Y), [0, 1]),
    "Int64 labels": lambda: (nclib.decide(X, series("Int64")), [0, 1]),
    "categories": lambda: (
        nclib.decide(X, series("category")),
        ["cat", "dog"],
    ),
    "a tensor with a gradient": lambda: (
        nclib.decide(tensor(requires_grad=True), Y),
        [0, 1],
    ),
}
MASK = "must not be a masked array, whose mask would be lost"
ONE_LABEL = "y must have one label a row of X, shape (12,), got shape"
LABELS = "y must hold labels that are all integers or all strings, got"
OVERFLOW = "init must have a finite risk, and X finite inner products"
REFUSED = {
    "masked X": (lambda: nclib.decide(HOLE, Y), f"X {MASK}"),
    "masked X, nothing hidden": (
        lambda: nclib.decide(np.ma.masked_array(X), Y),
        f"X {MASK}",
    ),
    "masked y": (
        lambda: nclib.decide(X, np.ma.masked_array(Y, mask=Y == 0)),
        f"y {MASK}",
    ),
    "masked H": (
        lambda: nclib.nc_metrics(HOLE, np.ones((12, 2)), Y),
        f"H {MASK}",
    ),
    "masked batch": (
        lambda: nclib.Accumulator(2, 12).update(HOLE, Y),
        f"H {MASK}",
    ),
    "masked means": (lambda: nclib.phase_boundary(HOLE, 0.5), f"means {MASK}"),
    "masked mu": (
        lambda: nclib.best_collapsed_neuron(X, Y, HOLE[0], 0),
        f"mu {MASK}",
    ),
    "masked sigma": (
        lambda: nclib.phase_boundary(X, np.ma.masked),
        f"sigma {MASK}",
    ),
    "masked first layer": (
        lambda: nclib.train(X, Y, epochs=1, first_layer=HOLE),
        f"first_layer {MASK}",
    ),
    "one-hot": (
        lambda: nclib.decide(X, np.eye(2)[Y]),
        f"{ONE_LABEL} (12, 2); it looks one-hot: take y.argmax(axis=1)",
    ),
    "one-hot of a list": (
        lambda: nclib.upfm_risk(
            X, np.ones((12, 2)), np.eye(2, dtype=int)[Y].tolist(), 1, 1
        ),
        "it looks one-hot: take y.argmax(axis=1)",
    ),
    "one column": (
        lambda: nclib.collapsed_network(X, Y[:, None], 1e-3, 1e-6),
        f"{ONE_LABEL} (12, 1); it is one column: take y[:, 0]",
    ),
    "scores": (lambda: nclib.decide(X, X[:, :2]), f"{ONE_LABEL} (12, 2)"),
    "floats as labels": (
        lambda: nclib.decide(X, Y + 0.5),
        f"{LABELS} float",
    ),
    "labels of two kinds": (
        lambda: nclib.decide(X, ["cat"] * 6 + [1] * 6),
        f"{LABELS} int, str",
    ),
    "a label that is missing": (
        lambda: nclib.train(X, [None] + ["cat"] * 5 + ["dog"] * 6),
        f"{LABELS} NoneType, str",
    ),
    "generator": (
        lambda: nclib.decide((row for row in X), Y),
        "X must be an array, got a generator, which can be read only once",
    ),
    "generator of labels": (
        lambda: nclib.decide(X, iter(Y.tolist())),
        "y must be an array, got a list_iterator",
    ),
    "map": (
        lambda: nclib.GaussianMixture(map(list, X), 0.5),
        "means must be an array, got a map",
    ),
    "ragged": (
        lambda: nclib.decide([[1, 2], [3]], [0, 1]),
        "X must be an array whose rows are of one length",
    ),
    "a dictionary": (lambda: nclib.decide({"a": X}, Y), "X must be a real"),
    "complex": (lambda: nclib.decide(X + 0j, Y), "dtype complex128"),
    "dates": (lambda: nclib.decide(X.astype("M8[s]"), Y), "dtype datetime64"),
    "sparse and huge": (
        lambda: nclib.decide(scipy.sparse.csr_array((10**6, 10**5)), Y),
        "X is sparse, and too large to be made dense, shape (1000000, 100000)",
    ),
    "missing value": (
        lambda: nclib.decide(frame("missing"), Y),
        "X must not have missing values, got one in row 2 of column 3",
    ),
    "missing label": (
        lambda: nclib.decide(X, series("missing")),
        "y must not have missing values, got one in row 0",
    ),
    "category as a number": (
        lambda: nclib.decide(frame("category"), Y),
        "column 3 has categories; pandas.get_dummies makes columns of them",
    ),
    "text in a column": (
        lambda: nclib.decide(frame("text"), Y),
        "column 3 of X must be a real array",
    ),
    "long integers in a column": (
        lambda: nclib.decide(frame("long"), Y),
        "column 3 of X holds integers beyond 2**53",
    ),
    "no class of that name": (
        lambda: nclib.decide(X, NAMES, classes="cow"),
        "classes must list labels of y, ['cat', 'dog'], got 'cow'",
    ),
    "a list for a class": (
        lambda: collapse_width(X, Y, 0, 99, classes=[[0]]),
        "classes must list labels of y, [0, 1], got [[0]]",
    ),
    "a number where labels are names": (
        lambda: nclib.exact_margin(X, NAMES, 0),
        "label must be one of ['cat', 'dog'], got 0",
    ),
    "flow overflows": (
        lambda: nclib.flow(1e200 * X, Y, T=1, width=4),
        OVERFLOW,
    ),
    "minimise overflows": (
        lambda: nclib.minimise(1e200 * X, Y, width=4),
        OVERFLOW,
    ),
    "minimise overflows in X alone": (
        lambda: nclib.minimise(
            1e160 * X, Y, init=(X[:, :4] / 1e30, X[:4, :2])
        ),
        OVERFLOW,
    ),
    "train overflows": (lambda: nclib.train(1e30 * X, Y, width=4), OVERFLOW),
    "flow overflows from init": (
        lambda: nclib.flow(X, Y, T=1, width=4, init=EXPLODED),
        OVERFLOW,
    ),
    "minimise overflows from init": (
        lambda: nclib.minimise(X, Y, width=4, init=EXPLODED),
        OVERFLOW,
    ),
    "no checkpoint": (
        lambda: nclib.train(X, Y, checkpoint=""),
        "checkpoint must name a file, got ''",
    ),
    "a folder as checkpoint": (
        lambda: nclib.train(X, Y, checkpoint="somewhere/"),
        "checkpoint must name a file, got 'somewhere/'",
    ),
    "a number as checkpoint": (
        lambda: nclib.train(X, Y, checkpoint=5),
        "checkpoint must be the path of a file, got 5 (int)",
    ),
    "a device without values": (
        lambda: nclib.train(X, Y, device="meta"),
        "device must name a device that PyTorch can use here, got 'meta'",
    ),
    "negative infinity": (
        lambda: nclib.phase_boundary(np.eye(3), np.float32("-inf")),
        "sigma must be finite, got -inf",
    ),
}


@pytest.mark.parametrize("name", TAKEN)
def test_taken(name):
    decision, labels = TAKEN[name]()
    assert list(decision.classes) == labels
    assert list(map(type, decision.classes)) == list(map(type, labels))
    assert decision.verified


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_sentence(name):
    call, message = REFUSED[name]
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_is_the_array_of_its_numbers():
    for kind in ("mixed", "Float64"):
        table = frame(kind)
        columns = [np.array(table[c].tolist(), float) for c in table]
        ours = nclib.nc_metrics(table, np.ones((12, 2)), Y)
        assert ours == nclib.nc_metrics(
            np.column_stack(columns), np.ones((12, 2)), Y
        )


def test_names_and_numbers_get_the_same_answers():
    numbers, names = nclib.decide(X, Y), nclib.decide(X, NAMES)
    for number, name in ((0, "cat"), (1, "dog")):
        np.testing.assert_array_equal(
            numbers.classes[number].beta, names.classes[name].beta
        )
    one = nclib.best_collapsed_neuron(X, Y, CLUSTERS[0], 0)
    two = nclib.best_collapsed_neuron(X, NAMES, CLUSTERS[0], "cat")
    assert one.ratio == two.ratio
    assert nclib.exact_margin(X, Y, 1) == nclib.exact_margin(X, NAMES, "dog")
    runs = [nclib.train(X, y, width=4, epochs=3) for y in (Y, NAMES)]
    np.testing.assert_array_equal(runs[0].history, runs[1].history)
    widths = [collapse_width(X, y, 0, 99) for y in (Y, NAMES)]
    assert widths[0] == widths[1]
    counted = nclib.Accumulator(2, 12, classes=["cat", "dog"])
    counted.update(X, NAMES.astype(object))
    assert counted.counts.tolist() == [6, 6]


def test_infinite_noise_of_any_type():
    means = np.eye(3)
    deltas = {
        nclib.phase_boundary(means, kind("inf")).delta
        for kind in (float, np.float32, np.float64)
    }
    assert deltas == {2.0}


def test_an_iterator_is_not_consumed():
    labels = iter(repeat(0, 3))
    with pytest.raises(TypeError, match="only once"):
        nclib.decide(X, labels)
    assert len(list(labels)) == 3
