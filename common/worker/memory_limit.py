"""How much memory a task process may use before it is replaced: set, or a share of the machine's or container's."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from common.settings import MIB, WorkerSettings

SHARE = 0.8
"""Of the memory of the machine or the container, for all task processes of a worker together."""
CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def memory_limit_mib(settings: WorkerSettings) -> int | None:
    """Return the limit of one process; None if there is none."""
    if settings.max_memory_mib is not None:
        return settings.max_memory_mib or None
    return max(int(available_bytes() * SHARE) // settings.concurrency // MIB, 1)


def available_bytes() -> int:
    """Return the memory that this process and its siblings can use at most."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *cgroup_limits(CGROUPS, OWN_CGROUPS)])


def cgroup_limits(root: Path, own: Path) -> Iterator[int]:
    """Yield the memory limits of this process's control groups and their parents (see cgroups(7)).

    A container that has its own view of the groups sees its limit at the root.
    """
    with suppress(OSError):
        for line in own.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "":  # version 2
                yield from limits_of(root, path, "memory.max")
            elif "memory" in controllers.split(","):  # version 1
                yield from limits_of(root / "memory", path, "memory.limit_in_bytes")


def limits_of(root: Path, path: str, name: str) -> Iterator[int]:
    group = root / path.lstrip("/")
    for folder in (group, *group.parents):
        if folder == root.parent:
            return
        with suppress(OSError, ValueError):  # the root of version 2 has no such file; "max" is no limit
            yield int((folder / name).read_text())
