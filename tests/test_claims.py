"""Claims: one claimant each, the dead replaced, the living left alone."""

import os
import subprocess
import sys
import threading
import time

import pytest
from helpers import ROOT

from nclib import _claims
from nclib._claims import Watch, claimed


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "a.result")


def claims(path):
    folder, name = os.path.split(path)
    return sorted(f for f in os.listdir(folder) if f.startswith(name))


def test_one_of_many_gets_the_claim(path):
    gate, won = threading.Barrier(16), []

    def try_it(number):
        gate.wait()
        with claimed(path) as mine:
            won.append(mine)
            gate.wait()

    threads = [threading.Thread(target=try_it, args=(k,)) for k in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 15 + [True]
    assert claims(path) == []


def test_a_claim_ends_with_its_block(path):
    watch = Watch()
    with pytest.raises(KeyboardInterrupt), claimed(path) as mine:
        assert mine and watch.free(path) is None
        raise KeyboardInterrupt
    assert watch.free(path) == 0 and claims(path) == []


def test_who_dies_on_this_machine_is_replaced_at_once(path):
    program = (
        "import sys, time; from nclib._claims import claimed\n"
        "with claimed(sys.argv[1]):\n"
        "    print('got it', flush=True); time.sleep(600)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, path],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    try:
        assert other.stdout.readline() == b"got it\n"
        assert Watch().free(path) is None
        other.kill()
        # Not yet waited for: dead, though its number is still taken.
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert Watch().free(path) == 1
    finally:
        other.kill()
        other.communicate()
    with claimed(path, 1) as mine:
        assert mine
        with claimed(path, 1) as second:
            assert not second
        # Another that believes the first still stands does not get past.
        assert Watch().free(path) is None
    assert claims(path) == []


def test_a_number_that_another_process_took_is_no_life(path):
    own = _claims._name(os.getpid())
    born, machine = own.split(" ", 1)[1].split(" on ")
    with open(f"{path}.claim-0", "w") as file:
        file.write(f"{os.getppid()} 1 on {machine}")
    assert Watch().free(path) == 1
    # What this very process left behind, too.
    with open(f"{path}.claim-0", "w") as file:
        file.write(own)
    assert Watch().free(path) == 1


@pytest.mark.parametrize("owner", ["7 8 on another machine", "", "\0\0"])
def test_another_machine_is_given_time(path, owner, monkeypatch):
    monkeypatch.setattr(_claims, "SILENCE", 0.3)
    claim = f"{path}.claim-0"
    with open(claim, "w") as file:
        file.write(owner)
    # Clocks that disagree by a day are no sign of anything.
    watch, yesterday = Watch(), time.time() - 86_400
    for beat in range(4):
        os.utime(claim, (0, yesterday + beat))
        assert watch.free(path) is None
        time.sleep(0.1)
    time.sleep(0.3)
    assert watch.free(path) == 1
    assert Watch().free(path) is None


def test_the_living_touch_their_claims(path, monkeypatch):
    monkeypatch.setattr(_claims, "BEAT", 0.01)
    monkeypatch.setattr(_claims, "_beating", None)
    with claimed(path):
        claim = f"{path}.claim-0"
        os.utime(claim, (0, 0))
        end = time.monotonic() + 30
        while not os.stat(claim).st_mtime:
            assert time.monotonic() < end
            time.sleep(0.01)
