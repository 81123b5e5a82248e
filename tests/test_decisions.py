"""Decisions travel: saved, verified elsewhere, never verified wrongly."""

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
import zlib

import numpy as np
import pytest
from helpers import ROOT

import nclib
from nclib import _files
from nclib.__main__ import main
from nclib._tables import read_data
from nclib.decisions import Decision, OtherData, fingerprint

YES, NO, OPEN, BAD, OTHER = 0, 1, 2, 3, 4


def small(seed=0):
    """Three classes, of which one can collapse."""
    rng = np.random.default_rng(seed)
    # Even numbers over 8, so that the midpoint is exact.
    X = 2 * rng.integers(-500, 501, (15, 15)) / 8
    y = np.repeat([3, 5, 8], 5)
    X[5] = (X[10] + X[11]) / 2
    return X, y


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with data and their proof, and the decision."""
    folder = tmp_path_factory.mktemp("proofs")
    X, y = small()
    np.savez(folder / "data.npz", X=X, y=y)
    decision = nclib.decide(X, y)
    answers = [c.feasible for c in decision.classes.values()]
    assert answers == [True, False, False] and decision.verified
    decision.save(folder / "proof.npz")
    return folder, decision


def same(one, other):
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other, equal_nan=True)


def test_round_trip(saved):
    folder, decision = saved
    again = Decision.load(folder / "proof.npz")
    assert again.occurs is False
    assert again.fingerprint == decision.fingerprint
    assert again.to_dict() == decision.to_dict()
    for label, c in decision.classes.items():
        other = again.classes[label]
        assert same(c.beta, other.beta)
        assert (c.farkas is None) == (other.farkas is None)
        for one, two in zip(c.farkas or (), other.farkas or (), strict=True):
            assert same(one, two)
    # No pickle anywhere.
    with np.load(folder / "proof.npz", allow_pickle=False) as file:
        assert all(file[name].dtype.kind in "fuU" for name in file.files)


def test_check_proves_without_solving(saved, monkeypatch):
    folder, _ = saved
    for name in ("decide_class", "_candidates", "decide"):
        monkeypatch.setattr(f"nclib.feasibility.{name}", None)
    proof = Decision.load(folder / "proof.npz")
    checked = proof.check(*small())
    assert checked.verified and checked.occurs is False
    assert all(c.accuracy < 1e-6 for c in checked.classes.values())


def test_labels_may_be_words(tmp_path, capsys):
    X, codes = small()
    names = np.array(["shirt", "caf\u00e9", "a, b"])
    y = names[np.unique(codes, return_inverse=True)[1]]
    decision = nclib.decide(X, y)
    assert list(decision.classes) == sorted(names.tolist())
    decision.save(tmp_path / "proof.npz")
    lines = [
        ",".join([*map(str, x), f'"{k}"']) for x, k in zip(X, y, strict=True)
    ]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["verify", str(tmp_path / "proof.npz"), str(path)]) == NO
    assert "class a, b: proved" in capsys.readouterr().out
    # As pandas hands them over; a number is no word.
    assert fingerprint(X, y.astype(object)) == decision.fingerprint
    assert fingerprint(X, codes.astype(str)) != fingerprint(X, codes)


def test_parts_of_an_answer_are_no_answer(tmp_path):
    X, y = nclib.digits(10)
    nclib.decide(X, y, classes=[2, 7]).save(tmp_path / "proof.npz")
    proof = Decision.load(tmp_path / "proof.npz").check(X, y)
    assert proof.verified and proof.occurs is None
    assert list(proof.classes) == [2, 7]


def test_what_was_not_proved_can_be(tmp_path):
    X, y = nclib.digits(20)
    nclib.decide(X, y, verify=False).save(tmp_path / "proof.npz")
    proof = Decision.load(tmp_path / "proof.npz")
    assert not proof.verified
    assert proof.check(X, y).verified


def test_an_answer_without_numbers_is_not_proved_again(tmp_path):
    X = [[1.0, 0.0], [0.0, 0.0]]
    decision = nclib.decide(X, [0, 1])
    bare = {
        label: nclib.ClassDecision(
            **(vars(c) | dict(beta=None, farkas=None, accuracy=np.nan))
        )
        for label, c in decision.classes.items()
    }
    Decision(False, bare, decision.fingerprint).save(tmp_path / "proof.npz")
    checked = Decision.load(tmp_path / "proof.npz").check(X, [0, 1])
    assert checked.occurs is None and not checked.verified
    assert "decide again" in checked.classes[0].message


def test_the_fingerprint_is_of_the_numbers():
    X, y = small()
    one = fingerprint(X, y)
    same_data = [
        (np.asfortranarray(X), y),
        (X.astype(">f8"), y.astype(np.int8)),
        (X.tolist(), y.tolist()),
        (np.repeat(X, 2, axis=0)[::2], y),
    ]
    assert {fingerprint(*data) for data in same_data} == {one}
    zeros = np.array([[0.0, 1.0], [1.0, 1.0]])
    signed = np.array([[-0.0, 1.0], [1.0, 1.0]])
    assert fingerprint(zeros, [0, 1]) == fingerprint(signed, [0, 1])
    assert fingerprint(zeros, [0, 1]) == fingerprint(zeros, [False, True])
    least = X.copy()
    least[7, 4] = np.nextafter(least[7, 4], 9)
    other_data = [
        (least, y),
        (X, y + 1),
        (X, np.roll(y, 1)),
        (X[::-1], y),
        (X.reshape(-1, 3), np.repeat(y, 5)),
        (X[:, ::-1], y),
        (X[:-1], y[:-1]),
    ]
    found = {fingerprint(*data) for data in other_data}
    assert len(found) == len(other_data) and one not in found


def test_a_proof_for_other_data_is_refused(saved, tmp_path, capsys):
    folder, decision = saved
    X, y = small()
    with pytest.raises(OtherData, match="other data"):
        decision.check(X, y + 1)
    np.savez(tmp_path / "other.npz", X=X, y=y[::-1])
    status = main(
        ["verify", str(folder / "proof.npz"), str(tmp_path / "other.npz")]
    )
    error = capsys.readouterr().err
    assert status == OTHER and error.count("\n") == 1
    assert "is about other data: their fingerprint is 15x15:" in error


@pytest.mark.parametrize("seed", range(3))
def test_certificates_of_one_answer_prove_no_other(seed):
    # Forged by who knows the format: every certificate under every verdict.
    X, y = small(seed)
    decision = nclib.decide(X, y)
    rng = np.random.default_rng(seed)
    for label, c in decision.classes.items():
        n = int((y == label).sum())
        lies = [
            dict(feasible=True, beta=rng.standard_normal(15), farkas=None),
            dict(feasible=True, beta=np.zeros(15), farkas=None),
            dict(
                feasible=False,
                beta=None,
                farkas=(-np.ones(n) / n, np.ones(len(y) - n)),
            ),
            dict(
                feasible=False,
                beta=None,
                farkas=(np.full(n, -1e300), np.full(len(y) - n, 1e-300)),
            ),
        ]
        if c.beta is not None:
            lies.append(dict(feasible=True, beta=1.01 * c.beta, farkas=None))
        else:
            u, s = c.farkas
            lies.append(dict(feasible=False, beta=None, farkas=(u, 1.01 * s)))
            lies.append(dict(feasible=False, beta=None, farkas=(-u, s)))
        for lie in lies:
            forged = nclib.ClassDecision(**(vars(c) | lie))
            checked = Decision(None, {label: forged}, decision.fingerprint)
            answer = checked.check(X, y).classes[label]
            assert answer.feasible is None and not answer.verified


def corrupted(content, count, seed):
    """Copies with one byte changed to another, anywhere."""
    rng = np.random.default_rng(seed)
    for place in rng.integers(len(content), size=count):
        changed = bytearray(content)
        changed[place] ^= rng.integers(1, 256)
        yield bytes(changed)


def test_a_thousand_changed_bytes_of_a_proof(saved, tmp_path):
    folder, decision = saved
    X, y = small()
    path, refused, harmless = tmp_path / "proof.npz", 0, 0
    content = (folder / "proof.npz").read_bytes()
    for changed in corrupted(content, 1000, seed=17):
        path.write_bytes(changed)
        try:
            checked = Decision.load(path, decision.fingerprint).check(X, y)
        except ValueError as error:
            assert str(path) in str(error) or "other data" in str(error)
            refused += 1
            continue
        # Dates and the like: every number is as it was.
        assert checked.occurs is False and checked.verified
        found = Decision.load(path)
        assert found.to_dict() == decision.to_dict()
        harmless += 1
    assert refused > 500 and refused + harmless == 1000


@pytest.mark.parametrize("kind", ["npz", "npy", "csv"])
def test_a_thousand_changed_bytes_of_the_data(kind, saved, tmp_path):
    _, decision = saved
    X, y = small()
    path, refused, harmless = tmp_path / f"data.{kind}", 0, 0
    if kind == "npz":
        np.savez(path, X=X, y=y)
    elif kind == "npy":
        np.save(path, np.column_stack([X, y]))
    else:
        np.savetxt(path, np.column_stack([X, y]), fmt="%.18g", delimiter=",")
    content = path.read_bytes()
    found = read_data(path)
    assert fingerprint(*found) == decision.fingerprint
    for changed in corrupted(content, 1000, seed=18):
        path.write_bytes(changed)
        try:
            found = read_data(path)
            checked = decision.check(*found)
        except (ValueError, TypeError):
            refused += 1
            continue
        assert same(found[0], X) and same(found[1], y)
        assert checked.occurs is False and checked.verified
        harmless += 1
    assert refused > 400 and refused + harmless == 1000


def members(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(entries, method=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as file:
        for name, data in entries:
            file.writestr(name, data)
    return content.getvalue()


def npy(header, data=b"", version=b"\x01\x00"):
    header = header.encode("latin1") + b"\n"
    size = struct.pack("<H", len(header))
    return b"\x93NUMPY" + version + size + header + data


def described(shape, descr="'<f8'"):
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"


class Executed:
    def __reduce__(self):
        return os.mkdir, ("executed",)


def hostile_proofs(proof):
    """Name to content: what a verifier may be sent."""
    content, entries = proof.read_bytes(), members(proof)
    arrays = _files.read_arrays(proof)
    header = json.loads(arrays["header"].tobytes())

    def forged(**changes):
        path = proof.with_name("forged.npz")
        values = arrays | changes
        _files.write_arrays(path, {k: v for k, v in values.items() if len(v)})
        return path.read_bytes()

    def headed(change):
        text = header | change if isinstance(change, dict) else change
        if not isinstance(text, (str, bytes)):
            text = json.dumps(text)
        text = text if isinstance(text, bytes) else text.encode()
        return forged(header=np.frombuffer(text, np.uint8))

    def first(**change):
        entries = header["classes"]
        return headed(dict(classes=[entries[0] | change, *entries[1:]]))

    objects = io.BytesIO()
    np.save(objects, np.array([Executed()]), allow_pickle=True)
    bomb = described((2**27,), "'|u1'")
    yield "empty", b""
    yield "one byte", content[:1]
    yield "half", content[: len(content) // 2]
    yield "all but the last byte", content[:-1]
    yield "wrong magic", b"PX" + content[2:]
    yield "noise", np.random.default_rng(0).bytes(5000)
    yield "a pickle", pickle.dumps(Executed())
    yield "text", b"neural collapse occurs: True\n"
    yield "an empty archive", packed([])
    yield "pickled header", packed([("header.npy", objects.getvalue())])
    yield "no checksum", packed((entries | {"checksum.npy": b""}).items())
    yield "zip bomb", packed([("header.npy", npy(bomb, bytes(2**27)))])
    yield "huge shape", packed([("header.npy", npy(described((2**60,))))])
    yield "negative shape", packed([("header.npy", npy(described((-8,))))])
    yield "shape of text", packed([("header.npy", npy(described("('x',)")))])
    yield (
        "code in the header",
        packed([("header.npy", npy("__import__('os').mkdir('executed')"))]),
    )
    yield "nested header", packed([("header.npy", npy("(" * 9000))])
    yield (
        "unknown version",
        packed([("header.npy", npy(described((0,)), version=b"\x09\x00"))]),
    )
    yield (
        "path escape",
        packed([*entries.items(), ("../../executed.npy", b"x")]),
    )
    yield "absolute path", packed([*entries.items(), ("/executed.npy", b"x")])
    yield "two of one name", twice(entries)
    yield "bzip2", packed(entries.items(), zipfile.ZIP_BZIP2)
    yield "lzma", packed(entries.items(), zipfile.ZIP_LZMA)
    yield "a lie about sizes", shrunk(content)
    yield "encrypted", locked(content)
    yield "other arrays", packed([("X.npy", npy(described((0,))))])
    yield "a missing array", forged(beta_0=np.empty(0))
    yield "one array more", forged(gamma_0=np.ones(15))
    yield "float32", forged(beta_0=arrays["beta_0"].astype("f4"))
    yield "integers", forged(beta_0=np.ones(15, int))
    yield "a text for numbers", forged(beta_0=np.array(["1"] * 15))
    yield "a column", forged(beta_0=arrays["beta_0"][:, None])
    yield "one number more", forged(beta_0=np.ones(16))
    yield "not JSON", headed("{'occurs': True}")
    yield "not text", headed(b"\xff\xfe\x00")
    yield "deep JSON", headed("[" * 100_000)
    yield "a list", headed("[1, 2]")
    yield "another format", headed(dict(format=2))
    yield "no classes", headed(dict(classes=[]))
    yield "a class twice", headed(dict(classes=header["classes"][:1] * 2))
    yield "an escape sequence", headed(dict(fingerprint="\x1b[2J\nyes"))
    yield "contradiction", headed(dict(occurs=True))
    yield "feasible as text", first(feasible="yes")
    yield "a list as label", first(label=[3])
    yield "sizes that do not add up", first(sizes={"beta": 2**62})
    yield "a negative size", first(sizes={"beta": -15})
    yield "a message that is none", first(message=7)
    yield "infinite accuracy", first(accuracy=float("inf"))


def twice(entries):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file, pytest.warns(UserWarning):
        for name, data in [*entries.items(), *entries.items()]:
            file.writestr(name, data)
    return content.getvalue()


def shrunk(content):
    """The sizes of the first array halved wherever they stand."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        entry = file.infolist()[0]
    size = struct.pack("<I", entry.file_size)
    return content.replace(size, struct.pack("<I", entry.file_size // 2))


def locked(content):
    """Every member said to be encrypted."""
    content = bytearray(content)
    for magic, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(magic)
        while place >= 0:
            content[place + flags] |= 1
            place = content.find(magic, place + 1)
    return bytes(content)


def test_hostile_proofs(saved, tmp_path, monkeypatch, capsys):
    folder, _ = saved
    monkeypatch.chdir(tmp_path)
    path, told = tmp_path / "hostile.npz", {}
    for name, content in hostile_proofs(folder / "proof.npz"):
        path.write_bytes(content)
        status = main(["verify", str(path), str(folder / "data.npz")])
        found = capsys.readouterr()
        assert status in (BAD, OTHER), name
        assert not found.out and found.err.count("\n") == 1, name
        assert found.err[:-1].isprintable() and "hostile.npz" in found.err
        told[name] = found.err
    assert len(told) > 40
    assert "pickled objects" in told["pickled header"]
    assert "would unpack to" in told["zip bomb"]
    assert not (tmp_path / "executed").exists()
    assert os.listdir(tmp_path) == ["hostile.npz"]


def test_wrong_numbers_prove_nothing(saved, tmp_path, capsys):
    # Well formed, and with the right checksum.
    folder, _ = saved
    arrays = _files.read_arrays(folder / "proof.npz")
    beta, u, s = (arrays[name] for name in ("beta_0", "u_1", "s_1"))
    wrong = dict(
        nan=dict(beta_0=np.full_like(beta, np.nan)),
        infinity=dict(beta_0=np.full_like(beta, np.inf)),
        zero=dict(beta_0=np.zeros_like(beta)),
        long=dict(beta_0=1e300 * beta),
        reversed=dict(beta_0=beta[::-1]),
        negative=dict(s_1=-s),
        positive=dict(u_1=-u),
        swapped=dict(u_1=np.roll(u, 1)),
        undefined=dict(u_1=np.full_like(u, np.nan)),
    )
    path = tmp_path / "proof.npz"
    for name, change in wrong.items():
        _files.write_arrays(path, arrays | change)
        status = main(["verify", str(path), str(folder / "data.npz")])
        found = capsys.readouterr()
        # Class 8 is infeasible whatever the others are.
        assert status == NO, name
        assert "2 answers proved" in found.out and "not proved" in found.out
    both = arrays | dict(s_1=-s, s_2=-arrays["s_2"])
    _files.write_arrays(path, both)
    assert main(["verify", str(path), str(folder / "data.npz")]) == OPEN


def hostile_data(X, y):
    """File name to content: what `decide` may be given."""

    def arrays(**values):
        content = io.BytesIO()
        np.savez(content, **values)
        return content.getvalue()

    objects = np.array([Executed(), 1], dtype=object)
    whole = arrays(X=X, y=y)
    yield "empty.npz", b""
    yield "half.npz", whole[: len(whole) // 2]
    yield "flipped.npz", whole[:200] + b"\x00\xff" + whole[202:]
    yield "pickle.npz", pickle.dumps(Executed())
    yield "text.npz", b"1,2,0\n"
    yield "no_y.npz", arrays(X=X)
    yield "objects.npz", arrays(X=X, y=objects)
    yield "words.npz", arrays(X=np.array([["a", "b"], ["c", "d"]]), y=[0, 1])
    yield "nan.npz", arrays(X=np.full((2, 2), np.nan), y=[0, 1])
    yield "line.npz", arrays(X=X.ravel(), y=y)
    yield "short.npz", arrays(X=X, y=y[:3])
    yield "one_class.npz", arrays(X=X, y=0 * y)
    yield "complex.npz", arrays(X=X * 1j, y=y)
    yield (
        "huge.npz",
        packed([("X.npy", npy(described((2**40, 9)))), ("y.npy", b"")]),
    )
    yield "empty.npy", b""
    yield "pickle.npy", pickle.dumps(Executed())
    yield "huge.npy", npy(described((2**40, 9)))
    yield "short.npy", npy(described((4, 4)), bytes(100))
    yield "vector.npy", npy(described((4,)), bytes(32))
    yield "fractions.npy", npy(described((2, 2)), np.full(4, 0.5).tobytes())
    yield "empty.csv", b""
    yield "header.csv", b"a,b,label\n"
    yield "ragged.csv", b"1,2,0\n3,4\n"
    yield "semicolons.csv", b"1;2;0\n3;4;1\n"
    yield "gap.csv", b"1,2,0\n,4,1\n"
    yield "word.csv", b"1,2,0\n3,four,1\n"
    yield "underscore.csv", b"1,2,0\n3,1_0,1\n"
    yield "nan.csv", b"1,2,0\n3,nan,1\n"
    yield "fractions.csv", b"1,2,0.5\n3,4,1\n"
    yield "mixed.csv", b"1,2,0\n3,4,cat\n"
    yield "index.csv", b",a,label\n0,1,0\n1,2,1\n"
    yield "nul.csv", b"1,2,0\n3,\x00,1\n"
    yield "latin.csv", "1,2,0\n3,4,\xe9\n".encode("latin1")
    yield "quote.csv", b'1,2,0\n3,"4,1\n'
    yield "long.csv", b"1,2,0\n" + b"3" * 200_000 + b",4,1\n"
    yield "data.txt", b"1,2,0\n3,4,1\n"


def test_hostile_data(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    count = 0
    for name, content in hostile_data(*small()):
        (tmp_path / name).write_bytes(content)
        status = main(["decide", name])
        found = capsys.readouterr()
        assert status == BAD, name
        assert not found.out and found.err.count("\n") == 1, name
        assert found.err[:-1].isprintable(), name
        count += 1
    assert count > 30 and not (tmp_path / "executed").exists()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.npz").mkdir()
    for name in ("pipe.csv", "folder.npz", "missing.npz"):
        assert main(["decide", name]) == BAD
        assert capsys.readouterr().err.count("\n") == 1


def test_no_failure_looks_like_an_answer(saved, monkeypatch, capsys):
    folder, _ = saved

    def broken(*_):
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("nclib.__main__.decide", broken)
    assert main(["decide", str(folder / "data.npz")]) == 5
    assert "a defect" in capsys.readouterr().err

    def large(*_):
        raise MemoryError

    monkeypatch.setattr("nclib.__main__.decide", large)
    assert main(["decide", str(folder / "data.npz")]) == BAD
    assert "memory" in capsys.readouterr().err
    for wrong in (["decide"], ["prove"], ["verify", "one.npz"]):
        with pytest.raises(SystemExit) as exit:
            main(wrong)
        assert exit.value.code == BAD


def test_half_an_installation_says_no_to_nothing(saved):
    folder, _ = saved
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "import runpy, sys; sys.modules['joblib'] = None; "
            "sys.argv[1:] = ['decide', 'data.npz']; "
            "runpy.run_module('nclib', run_name='__main__')",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == BAD, run.stderr
    assert run.stderr.count("\n") == 1 and "joblib" in run.stderr


def test_a_proof_that_cannot_be_written_is_told_first(
    saved, tmp_path, monkeypatch, capsys
):
    folder, _ = saved
    monkeypatch.setattr("nclib.__main__.decide", None)
    for path in (tmp_path / "missing" / "proof.npz", tmp_path):
        command = ["decide", str(folder / "data.npz"), "--save", str(path)]
        assert main(command) == BAD
        assert capsys.readouterr().err.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_json(saved, capsys):
    folder, decision = saved
    assert main(["decide", str(folder / "data.npz"), "--json"]) == NO
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == NO and found["occurs"] is False
    assert found["fingerprint"] == decision.fingerprint
    paths = [str(folder / "proof.npz"), str(folder / "data.npz")]
    assert main(["verify", *paths, "--json"]) == NO
    again = json.loads(capsys.readouterr().out)
    assert again["verified"] is True
    for one, two in zip(found["classes"], again["classes"], strict=True):
        assert one["label"] == two["label"]
        assert one["feasible"] == two["feasible"]
        assert two["margin"] is None


def test_the_checksum_is_that_of_zlib_too(saved):
    # A change that the archive's own sums do not notice, ours does.
    folder, _ = saved
    entries = members(folder / "proof.npz")
    changed = bytearray(entries["beta_0.npy"])
    changed[-1] ^= 1
    assert zlib.crc32(bytes(changed)) != zlib.crc32(entries["beta_0.npy"])
    path = folder / "repacked.npz"
    path.write_bytes(
        packed((entries | {"beta_0.npy": bytes(changed)}).items())
    )
    with pytest.raises(ValueError, match="checksum is wrong"):
        Decision.load(path)


def test_bytes_are_no_labels():
    with pytest.raises(TypeError, match="all integers or all strings"):
        nclib.decide(np.eye(4), np.array([b"a", b"b", b"a", b"b"]))
