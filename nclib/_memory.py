"""How many processes the memory holds, a container's limit respected."""

import os
from pathlib import Path

# Controllers of a line of /proc/self/cgroup: where its limits are found.
_FILES = {
    "": ("", "memory.max", "memory.current", "inactive_file"),
    "memory": (
        "memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
}


def copies(root="/"):
    """How many more processes as large as this one the memory holds.

    None where the system does not say, as on all but Linux.
    """
    root = Path(root)
    try:
        pages = int((root / "proc/self/statm").read_text().split()[1])
        rows = (root / "proc/meminfo").read_text().splitlines()
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    available = next(r for r in rows if r.startswith("MemAvailable:"))
    free = [1024 * int(available.split()[1])]
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers in _FILES:
            free += _rooms(root / "sys/fs/cgroup", path, *_FILES[controllers])
    return min(free) // (pages * os.sysconf("SC_PAGE_SIZE"))


def _rooms(mount, path, name, limit, usage, reclaimable):
    """What each group that holds this process has left."""
    place = mount / name / path.lstrip("/")
    while True:
        try:
            most = (place / limit).read_text().strip()
            if most != "max":
                used = int((place / usage).read_text())
                for row in (place / "memory.stat").read_text().splitlines():
                    if row.split()[0] == reclaimable:
                        used -= int(row.split()[1])
                yield max(int(most) - used, 0)
        except OSError:
            # The topmost group has no limit, and others may be hidden.
            pass
        if place == mount / name:
            return
        place = place.parent
