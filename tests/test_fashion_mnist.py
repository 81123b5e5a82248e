"""Fashion-MNIST: reading, and one clear message for each thing that fails."""

import gzip
import hashlib
import os
import shutil
import socket
import struct
import threading
import time

import numpy as np
import pytest

from nclib import data
from nclib.data import fashion_mnist, images, which_images

IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
Y = np.array([3, 1, 3, 1, 3, 0, 1, 0], np.uint8)
PIXELS = np.random.default_rng(0).integers(0, 256, (8, 28, 28), np.uint8)


def encode(array):
    header = bytes([0, 0, 8, array.ndim])
    return (
        header
        + struct.pack(f">{array.ndim}I", *array.shape)
        + (array.tobytes())
    )


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.delenv("NCLIB_DATA", raising=False)
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / IMAGES).write_bytes(gzip.compress(encode(PIXELS)))
    (folder / LABELS).write_bytes(gzip.compress(encode(Y)))
    for name, array in ((IMAGES, PIXELS), (LABELS, Y)):
        digest = hashlib.sha256(array).hexdigest()
        monkeypatch.setitem(data._CONTENT, name, digest)
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no network: every connection is refused."""
    monkeypatch.delenv("NCLIB_DATA", raising=False)
    monkeypatch.delenv("NCLIB_OFFLINE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    data._downloaded.cache_clear()
    pytest.importorskip("pooch")
    folder = tmp_path / "cache" / "nclib"

    def refuse(*args, **kwargs):
        raise OSError("network refused by the test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return folder


def test_values_labels_and_types(root):
    X, y = fashion_mnist(root=root)
    assert X.shape == (8, 784) and X.dtype == np.float64
    assert y.dtype == np.int64
    np.testing.assert_array_equal(y, Y)
    np.testing.assert_array_equal(X, PIXELS.reshape(8, 784) / 255.0)


def test_first_per_class_keeps_file_order(root):
    X, y = fashion_mnist(2, root=root)
    rows = [0, 1, 2, 3, 5, 7]
    np.testing.assert_array_equal(y, Y[rows])
    np.testing.assert_array_equal(X, PIXELS.reshape(8, 784)[rows] / 255.0)
    with pytest.raises(ValueError, match="at most 2, the size of class 0"):
        fashion_mnist(3, root=root)


def test_unpacked_files_and_environment(root, monkeypatch):
    expected = fashion_mnist(root=root)
    (root / IMAGES).unlink()
    (root / IMAGES.removesuffix(".gz")).write_bytes(encode(PIXELS))
    # A browser may unpack the file and leave it its name.
    (root / LABELS).write_bytes(encode(Y))
    monkeypatch.setenv("NCLIB_DATA", str(root))
    for given, wanted in zip(fashion_mnist(), expected, strict=True):
        np.testing.assert_array_equal(given, wanted)


def test_root_wins_over_environment(root, monkeypatch):
    monkeypatch.setenv("NCLIB_DATA", str(root / "nowhere"))
    assert len(fashion_mnist(root=root).y) == 8


PACKED = gzip.compress(encode(PIXELS))
FLIPPED = bytearray(PACKED)
FLIPPED[len(PACKED) // 2] ^= 0xFF


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (PACKED[: len(PACKED) // 2], "truncated: its gzip ends early"),
        (bytes(FLIPPED), "corrupt"),
        (encode(PIXELS)[:-1], "truncated: 6271 bytes of data"),
        (encode(PIXELS) + b"x", "corrupt: 6273 bytes of data"),
        (encode(PIXELS)[:10], "truncated: it ends inside its header"),
        (b"", "truncated"),
        (b"<html>not found</html>", "magic number is 0x3c68746d"),
        (encode(Y), "magic number is 0x00000801, expected 0x00000803"),
        (encode(PIXELS[:, :14]), r"images of shape \(28, 28\)"),
        (encode(PIXELS[:0]), r"shape \(0, 28, 28\)"),
        (encode(PIXELS[:5]), "one label in 0..9 for each of the 5 images"),
    ],
)
def test_damaged_images_are_refused_by_name(root, content, message):
    (root / IMAGES).write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        fashion_mnist(root=root)
    assert str(root) in str(caught.value)
    assert "delete it and fetch it again" in str(caught.value)


def test_labels_beyond_nine_are_refused(root):
    (root / LABELS).write_bytes(encode(Y + 7))
    with pytest.raises(ValueError, match="with maximum 10"):
        fashion_mnist(root=root)


def test_missing_file_and_folder(root, cache):
    (root / LABELS).unlink()
    with pytest.raises(FileNotFoundError, match=f"{LABELS} is missing from"):
        fashion_mnist(root=root)
    with pytest.raises(FileNotFoundError, match="t10k-images"):
        fashion_mnist(split="test", root=root)
    with pytest.raises(FileNotFoundError, match="gone does not exist"):
        fashion_mnist(root=root / "gone")


@pytest.mark.parametrize("packed", [gzip.compress, bytes])
def test_files_of_another_set_under_the_same_names_are_refused(root, packed):
    # As MNIST's: the same shapes and labels, other pixels.
    (root / IMAGES).write_bytes(packed(encode(PIXELS[::-1].copy())))
    with pytest.raises(ValueError, match="is not the file of Fashion-MNIST"):
        fashion_mnist(root=root)
    (root / IMAGES).write_bytes(packed(encode(PIXELS)))
    (root / LABELS).write_bytes(packed(encode(Y[::-1].copy())))
    with pytest.raises(ValueError, match="labels-idx1-ubyte.gz is not the"):
        fashion_mnist(root=root)


def test_illegal_split(root):
    with pytest.raises(
        ValueError, match="split must be one of 'train', 'test'"
    ):
        fashion_mnist(split="validation", root=root)


def test_no_network(cache):
    with pytest.raises(ConnectionError, match="check the network") as caught:
        fashion_mnist()
    message = str(caught.value)
    assert IMAGES in message and "NCLIB_DATA" in message
    assert all(mirror in message for mirror in data._MIRRORS)
    assert list(cache.iterdir()) == []


def test_second_mirror_is_tried_and_nothing_is_fetched_twice(
    root, cache, monkeypatch
):
    import pooch
    import requests

    fetched = []

    def serve(self, url, output_file, pooch):
        fetched.append(url)
        if url.startswith(data._MIRRORS[0]):
            raise requests.ConnectionError("the first mirror is down")
        shutil.copy(root / url.rsplit("/")[-1], output_file)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", serve)
    for name in (IMAGES, LABELS):
        digest = hashlib.sha256((root / name).read_bytes()).hexdigest()
        monkeypatch.setitem(data._SHA256, name, digest)
    np.testing.assert_array_equal(fashion_mnist().y, Y)
    assert fetched == [m + n for n in (IMAGES, LABELS) for m in data._MIRRORS]
    (cache / LABELS).unlink()
    fashion_mnist()
    assert len(fetched) == 6, "only the missing file is fetched again"
    (cache / LABELS).write_bytes(b"damaged")
    fashion_mnist()
    assert len(fetched) == 8, "a damaged file in the cache is replaced"


@pytest.fixture
def served(root, cache, monkeypatch):
    """The files of ``root`` are what the mirrors serve; lists their calls."""
    import pooch

    fetched = []

    def serve(self, url, output_file, pooch):
        fetched.append(url.rsplit("/")[-1])
        shutil.copy(root / fetched[-1], output_file)

    for name in (IMAGES, LABELS):
        digest = hashlib.sha256((root / name).read_bytes()).hexdigest()
        monkeypatch.setitem(data._SHA256, name, digest)
    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", serve)
    monkeypatch.setattr(data, "_reachable", lambda: True)
    return fetched


def test_images_come_from_the_folder_the_cache_or_a_download(
    root, cache, served, monkeypatch, capsys
):
    monkeypatch.setenv("NCLIB_DATA", str(root))
    (X, y), name = images(2)
    assert name == "Fashion-MNIST" and X.shape == (6, 784) and not served
    monkeypatch.delenv("NCLIB_DATA")
    assert which_images(download=False) == "digits" and not served
    (again, _), name = images(2)
    np.testing.assert_array_equal(again, X)
    assert name == "Fashion-MNIST" and served == [IMAGES, LABELS]
    assert capsys.readouterr().err.count("\n") == 1
    # From the cache, which needs no network.
    monkeypatch.setenv("NCLIB_OFFLINE", "1")
    assert which_images(download=False) == images(2)[1] == "Fashion-MNIST"
    assert served == [IMAGES, LABELS]
    # A damaged file there does not count, and may not be replaced now.
    (cache / LABELS).write_bytes(b"damaged")
    assert images(2)[1] == "digits" and served == [IMAGES, LABELS]
    with pytest.raises(ConnectionError, match="NCLIB_OFFLINE forbids"):
        fashion_mnist(2)


def test_digits_take_the_place_of_what_cannot_be_had(
    cache, monkeypatch, capsys
):
    asked = []
    monkeypatch.setattr(data, "_reachable", lambda: asked.append(None))
    (X, _), name = images(3)
    assert name == "digits" and X.shape == (30, 64) and len(asked) == 1
    with pytest.raises(ValueError, match="the digits have only 174"):
        images(175)
    # Not asked again, by another process neither, for an hour.
    assert which_images() == "digits" and len(asked) == 1
    assert "No Fashion-MNIST, so digits" in capsys.readouterr().err
    data._downloaded.cache_clear()
    assert which_images() == which_images() == "digits" and len(asked) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "fashion-mnist-not-reached" in said
    an_hour_ago = time.time() - 3601
    os.utime(cache / "fashion-mnist-not-reached", (an_hour_ago, an_hour_ago))
    data._downloaded.cache_clear()
    assert which_images() == "digits" and len(asked) == 2


def test_nothing_is_asked_offline(cache, monkeypatch):
    monkeypatch.setattr(data, "_reachable", pytest.fail)
    monkeypatch.setenv("NCLIB_OFFLINE", "1")
    assert which_images() == "digits"
    assert not cache.exists()


def test_a_network_that_answers_nothing_is_given_up_soon(monkeypatch):
    import requests

    over = threading.Event()
    monkeypatch.setattr(requests, "head", lambda *_, **__: over.wait(30))
    started = time.monotonic()
    assert not data._reachable(seconds=0.2)
    assert time.monotonic() - started < 5
    over.set()
    assert data._reachable(seconds=5)


def test_wrong_hash_is_refused(root, cache, monkeypatch):
    import pooch

    def serve(self, url, output_file, pooch):
        shutil.copy(root / url.rsplit("/")[-1], output_file)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", serve)
    with pytest.raises(ConnectionError, match="(?i)sha256"):
        fashion_mnist()
    assert list(cache.iterdir()) == [], "nothing unchecked is kept"


@pytest.mark.parametrize("fault", ["permissions", "read-only", "a file"])
def test_read_only_cache(cache, monkeypatch, fault):
    if fault == "a file":
        cache.parent.mkdir()
        cache.parent.joinpath("nclib").write_text("in the way")
    else:
        # A superuser may write anywhere, so the refusal is put in by hand.
        number = 13 if fault == "permissions" else 30

        def refuse(*args, **kwargs):
            raise OSError(number, os.strerror(number), str(cache))

        monkeypatch.setattr(os, "makedirs", refuse)
    with pytest.raises(PermissionError, match="make it writable, or") as e:
        fashion_mnist()
    assert str(cache) in str(e.value) and "NCLIB_DATA" in str(e.value)


@pytest.mark.skipif(
    not os.environ.get("NCLIB_DATA"), reason="NCLIB_DATA is not set"
)
@pytest.mark.parametrize(("split", "size"), [("train", 6000), ("test", 1000)])
def test_official_files(split, size):
    X, y = fashion_mnist(split=split)
    assert X.shape == (10 * size, 784) and (X.min(), X.max()) == (0.0, 1.0)
    # The data set is published as exactly balanced.
    np.testing.assert_array_equal(np.bincount(y), np.full(10, size))
    few = fashion_mnist(3, split)
    rows = np.sort(
        [np.flatnonzero(y == c)[i] for c in range(10) for i in range(3)]
    )
    np.testing.assert_array_equal(few.X, X[rows])
    prefix = {"train": "train", "test": "t10k"}[split]
    for part in ("images-idx3", "labels-idx1"):
        name = f"{prefix}-{part}-ubyte.gz"
        path = data._find(name, os.environ["NCLIB_DATA"])
        if path.suffix == ".gz":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert digest == data._SHA256[name]
