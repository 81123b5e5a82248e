"""Files that are there whole or not at all, and tell when they are damaged."""

import hashlib
import io
import math
import os
import uuid
import warnings
import zipfile
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

_DIGEST = hashlib.sha256().digest_size
# What a file may unpack to unless more is asked for.
MOST_BYTES = 2**30
_CHUNK = 2**24
_LONGEST_CHECKSUM = 4096


@contextmanager
def replacing(path, flush=True):
    """Open a binary file that takes the place of ``path`` once it is whole.

    Whatever goes wrong, a full disk say, leaves nothing behind and ``path``
    as it was. Its permissions are those of any new file. A loss of power
    may damage it as long as the system has not written it out, which it
    does at once with ``flush``.
    """
    partial = f"{path}.{uuid.uuid4().hex}.partial"
    try:
        with open(partial, "xb") as file:
            yield file
            if flush:
                file.flush()
                os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException as error:
        with suppress(FileNotFoundError):
            os.unlink(partial)
        error.add_note(f"while writing {path}, which is unchanged")
        raise


def check_writable(path):
    """Raise the OSError now that would come when a file is written there."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    with open(partial, "xb"):
        pass
    partial.unlink()


def write_array(path, array, flush=True):
    """Write an array of numbers, behind its checksum."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    content = content.getvalue()
    with replacing(path, flush) as file:
        file.write(hashlib.sha256(content).digest() + content)


def read_array(path):
    """Read what `write_array` wrote; ValueError where it is damaged."""
    with open(path, "rb") as file:
        content = file.read()
    digest, content = content[:_DIGEST], content[_DIGEST:]
    if hashlib.sha256(content).digest() != digest:
        raise ValueError(f"{path} is damaged: its checksum is wrong")
    return np.load(io.BytesIO(content), allow_pickle=False)


def write_arrays(path, arrays):
    """Write named arrays into one .npz file, with their checksum."""
    arrays = {name: np.asarray(value) for name, value in arrays.items()}
    checksum = np.array(_checksum(arrays))
    with replacing(path) as file:
        np.savez_compressed(file, checksum=checksum, **arrays)


def read_arrays(path):
    """Read what `write_arrays` wrote; ValueError where it is damaged."""
    with Archive(path) as archive:
        for name in archive.names:
            archive.read(name)
        return archive.whole()


class Archive:
    """The arrays of an .npz file, none unpacked before its size is known.

    Whatever the file holds, each method returns or raises one ValueError
    that names it: nothing is unpickled, nothing written, no name of the
    archive is taken for a path, and what it says of sizes is checked before
    memory is set aside.

    Parameters
    ----------
    path : path
    most : int, optional
        Bytes that may be unpacked in all.
    """

    def __init__(self, path, most=MOST_BYTES):
        self._path, self._left, self._arrays = path, most, {}
        self._file = open(path, "rb")
        try:
            with self._refusing():
                self._zip = zipfile.ZipFile(self._file)
                found = self._zip.namelist()
                self.names = [name.removesuffix(".npy") for name in found]
                if len(set(found)) < len(found):
                    raise ValueError("two arrays have one name")
        except ValueError:
            self._file.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    @contextmanager
    def _refusing(self):
        try:
            yield
        except Exception as error:
            # A parser fed with random bytes raises whatever it likes.
            raise ValueError(
                f"{self._path} is damaged, or not what nclib reads: "
                f"{one_line(error)}"
            ) from error

    def read(self, name, dtype=None, shape=None, most=None):
        """One array, of this dtype, shape and number of bytes if given."""
        with self._refusing():
            entry = self._zip.getinfo(f"{name}.npy")
            if entry.compress_type not in (
                zipfile.ZIP_STORED,
                zipfile.ZIP_DEFLATED,
            ):
                raise ValueError(f"{name} is packed in an unknown way")
            most = self._left if most is None else min(most, self._left)
            if entry.file_size > most:
                raise ValueError(
                    f"{name} would unpack to {entry.file_size} bytes, more "
                    f"than the {most} that are allowed"
                )
            self._left -= entry.file_size
            with self._zip.open(entry) as stream:
                array = read_npy(stream, name, entry.file_size, dtype, shape)
        self._arrays[name] = array
        return array

    def whole(self):
        """All arrays read, once nothing is left and the checksum is right."""
        if "checksum" not in self._arrays:
            self.read("checksum", shape=(), most=_LONGEST_CHECKSUM)
        with self._refusing():
            arrays = dict(self._arrays)
            stated = str(arrays.pop("checksum"))
            if other := set(self.names) - set(self._arrays):
                raise ValueError(f"it holds {len(other)} unexpected arrays")
            if stated != _checksum(arrays):
                raise ValueError("its checksum is wrong")
        return arrays


def read_npy(stream, name, size, dtype=None, shape=None):
    """An array in NumPy's format from a stream of ``size`` bytes.

    What the header says is compared with the size, and with what is
    expected, before memory is set aside for it.
    """
    start = stream.tell()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"{name} has the unknown format {version}")
        header = np.lib.format.read_array_header_1_0(stream)
    found, fortran, kind = header
    if kind.hasobject:
        raise ValueError(f"{name} holds pickled objects, which are not read")
    if any(type(side) is not int or side < 0 for side in found):
        raise ValueError(f"{name} has the impossible shape {found}")
    count = math.prod(found) * kind.itemsize
    if count != size - (stream.tell() - start):
        raise ValueError(
            f"{name} is of shape {found} in its header, which is not its size"
        )
    if shape is not None and found != shape:
        raise ValueError(f"{name} must have shape {shape}, got {found}")
    if dtype is not None and kind != dtype:
        raise ValueError(f"{name} must be of dtype {dtype}, got {kind}")
    content = bytearray(count)
    place = memoryview(content)
    while len(place):
        part = stream.readinto(place[:_CHUNK])
        if not part:
            raise ValueError(f"{name} ends early")
        place = place[part:]
    return np.ndarray(found, kind, content, order="F" if fortran else "C")


def one_line(error):
    """What an error says, on one line that a terminal can show."""
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(c if c.isprintable() else "?" for c in text)[:300]


def _checksum(arrays):
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(repr((name, array.dtype.str, array.shape)).encode())
        # Structured arrays say "|V64" whatever their columns are called.
        digest.update(repr(array.dtype.descr).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
