"""Claims: which of many processes computes a result, on a folder they share.

A claim is a file beside the result. It is created exclusively, which one
process alone can do (on NFS from version 3 on), and removed once the result
is there. Whoever holds one looks for the result again before it computes.

A process that dies leaves its claim behind. Its own machine sees at once
that it is gone. Other machines wait until the claim, which a living process
touches every few seconds, has not been touched for long by their own clock;
so clocks need not agree. A claim is never broken: who takes over creates the
next one, exclusively again.
"""

import os
import platform
import threading
import time
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path

# Network file systems may show a change only after a minute.
BEAT, SILENCE = 15.0, 150.0

_live = set()
_beating = None


def _file(path, number):
    return f"{path}.claim-{number}"


@contextmanager
def claimed(path, number=0):
    """Claim ``path``: gives False if another process was faster.

    The claim, and those before it, end with the block.
    """
    claim = _file(path, number)
    try:
        file = os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        yield False
        return
    try:
        _live.add(claim)
        try:
            os.write(file, _name(os.getpid()).encode())
        finally:
            os.close(file)
        _keep_beating()
        yield True
    finally:
        for earlier in range(number + 1):
            with suppress(FileNotFoundError):
                os.unlink(_file(path, earlier))
        _live.discard(claim)


class Watch:
    """Which claims of others still stand."""

    def __init__(self):
        self._seen = {}
        self._pause = 0.01

    def wait(self, paths):
        """Wait until of some of ``paths`` the next claim may be tried.

        Its number for each of those; without paths there are none.
        """
        while paths:
            time.sleep(self._pause)
            self._pause = min(2 * self._pause, 1)
            found = {i: self.free(path) for i, path in paths.items()}
            found = {i: n for i, n in found.items() if n is not None}
            if found:
                return found
        return {}

    def free(self, path):
        """Number of the claim that may be tried now; None: one stands."""
        for number in count():
            claim = _file(path, number)
            try:
                # Opening asks the server, where stat may ask a memory.
                with open(claim) as file:
                    owner = file.read()
                    touched = os.fstat(file.fileno()).st_mtime_ns
            except FileNotFoundError:
                return number
            now = time.monotonic()
            last, since = self._seen.get(claim, (None, now))
            if last != (owner, touched):
                since = now
            self._seen[claim] = (owner, touched), since
            if now - since < SILENCE and not _gone(owner, claim):
                return None


def _gone(owner, claim):
    """Whether the claimant is known to have ended; False in doubt."""
    process, _, machine = owner.partition(" on ")
    if machine != _machine():
        return False
    if owner == _name(os.getpid()):
        return claim not in _live
    number, born = process.split()
    return _born(number) != born


@cache
def _name(process):
    return f"{process} {_born(process)} on {_machine()}"


def _born(process):
    """When a process on this machine began; None if it has ended."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else fields[18]


@cache
def _machine():
    """Where a number of a process means the same; None: nobody can say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        return None
    return f"{platform.node()} {boot} {space}"


def _keep_beating():
    global _beating
    # A fork takes the set along, but not the thread.
    if _beating is None or not _beating.is_alive():
        _beating = threading.Thread(target=_beat, daemon=True)
        _beating.start()


def _beat():
    while True:
        time.sleep(BEAT)
        for claim in list(_live):
            with suppress(OSError):
                os.utime(claim)
