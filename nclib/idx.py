"""Fashion-MNIST's files: found or downloaded once, then read and checked."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

# Published by Zalando Research; a mirror that serves anything else is refused.
SHA256 = {
    "train-images-idx3-ubyte.gz": (
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
    ),
    "train-labels-idx1-ubyte.gz": (
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
    ),
}
MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/"
    "data/fashion/",
)
_REMEDY = (
    "put the four Fashion-MNIST files into a folder yourself and set "
    "NCLIB_DATA (or the argument root) to it"
)


def find(name, root):
    """Path of the file ``name`` (.gz, or unpacked) in the folder ``root``."""
    folder = Path(root).expanduser().absolute()
    if not folder.is_dir():
        raise FileNotFoundError(
            f"the data folder {folder} does not exist; correct root or "
            "NCLIB_DATA, or unset it to download Fashion-MNIST"
        )
    for path in (folder / name, folder / name.removesuffix(".gz")):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{name} is missing from {folder}, packed or unpacked; it should "
        f"hold {', '.join(SHA256)}. Add it, or unset root and NCLIB_DATA to "
        "download all four"
    )


def fetch(name):
    """Path of ``name`` in the user's cache, downloaded unless it is there."""
    import pooch
    import requests

    cache = Path(pooch.os_cache("nclib"))
    reasons = []
    for mirror in MIRRORS:
        try:
            return Path(
                pooch.retrieve(
                    mirror + name,
                    SHA256[name],
                    fname=name,
                    path=cache,
                    downloader=pooch.HTTPDownloader(
                        progressbar=True, timeout=30
                    ),
                )
            )
        except (requests.RequestException, ValueError) as error:
            reasons.append(f"{mirror}: {error}")
        except OSError as error:
            raise PermissionError(
                f"{name} cannot be written to the cache folder {cache} "
                f"({error}); make it writable, or {_REMEDY}"
            ) from error
    raise ConnectionError(
        f"{name} could not be downloaded from any mirror; check the network "
        f"and try again (finished files are kept), or {_REMEDY}. "
        + "; ".join(reasons)
    )


def read(path, ndim):
    """The unsigned bytes of an IDX file with ``ndim`` dimensions."""
    content = path.read_bytes()
    # By content, not by name: some browsers unpack a download silently.
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except EOFError as error:
            raise _damaged(path, "truncated: its gzip ends early") from error
        except (OSError, zlib.error) as error:
            raise _damaged(path, f"corrupt: {error}") from error
    start, magic = 4 + 4 * ndim, bytes([0, 0, 8, ndim])
    if content[:4] != magic[: len(content)]:
        raise _damaged(
            path,
            f"not an IDX file of {ndim}-dimensional bytes: its magic number "
            f"is 0x{content[:4].hex()}, expected 0x{magic.hex()}",
        )
    if len(content) < start:
        raise _damaged(path, "truncated: it ends inside its header")
    shape = tuple(np.frombuffer(content[4:start], ">u4").tolist())
    found, expected = len(content) - start, math.prod(shape)
    if found != expected:
        raise _damaged(
            path,
            f"{'truncated' if found < expected else 'corrupt'}: {found} "
            f"bytes of data, but its header promises {expected}, {shape}",
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _damaged(path, fault):
    return ValueError(f"{path} is {fault}; delete it and fetch it again")
