"""Files that are there whole or not at all, and tell when they are damaged."""

import hashlib
import io
import os
import uuid
import zipfile
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

_DIGEST = hashlib.sha256().digest_size


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
    content = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        stated = str(arrays.pop("checksum"))
    except (
        EOFError,
        KeyError,
        OSError,
        RuntimeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(
            f"{path} is damaged, or no record of nclib: {error}"
        ) from error
    if stated != _checksum(arrays):
        raise ValueError(f"{path} is damaged: its checksum is wrong")
    return arrays


def _checksum(arrays):
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(repr((name, array.dtype.str, array.shape)).encode())
        # Structured arrays say "|V64" whatever their columns are called.
        digest.update(repr(array.dtype.descr).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
