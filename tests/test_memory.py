"""The memory that is free, read from files as Linux writes them."""

import os

import pytest

from nclib._memory import copies

GIB = 2**30


@pytest.fixture
def system(tmp_path):
    """A machine with 8 GiB free, on which this process takes 1 GiB."""

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")

    pages = GIB // os.sysconf("SC_PAGE_SIZE")
    write("proc/self/statm", f"{3 * pages} {pages} 100 1 0 50 0")
    write("proc/meminfo", f"MemTotal: 1 kB\nMemAvailable: {8 << 20} kB")
    write("proc/self/cgroup", "0::/")
    return tmp_path, write


def test_the_machine(system):
    assert copies(system[0]) == 8


def test_a_job_within_a_group_that_is_smaller(system):
    root, write = system
    write("proc/self/cgroup", "0::/slurm/job_1/step_0")
    groups = "sys/fs/cgroup/slurm"
    write(f"{groups}/job_1/step_0/memory.max", "max")
    write(f"{groups}/job_1/memory.max", 6 * GIB)
    write(f"{groups}/job_1/memory.current", 3 * GIB)
    # Pages of files are given back when needed.
    write(f"{groups}/job_1/memory.stat", f"anon 5\ninactive_file {GIB}")
    assert copies(root) == 4


def test_groups_of_the_first_kind(system):
    root, write = system
    write("proc/self/cgroup", "4:memory:/job\n1:cpu:/job\n0::/")
    group = "sys/fs/cgroup/memory/job"
    write(f"{group}/memory.limit_in_bytes", 2 * GIB)
    write(f"{group}/memory.usage_in_bytes", 3 * GIB)
    write(f"{group}/memory.stat", "total_inactive_file 0")
    assert copies(root) == 0


def test_where_nobody_says(tmp_path):
    assert copies(tmp_path) is None


def test_this_machine():
    fit = copies()
    assert fit is None or fit >= 0
