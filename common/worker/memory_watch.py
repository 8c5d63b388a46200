"""Memory of the task processes, as their parent sees it, and whether one of them grows from task to task."""

from collections import deque
from collections.abc import Iterable
from contextlib import suppress

import psutil

from common.settings import MIB
from common.worker.presence import Growth

TASKS = 10
"""Number of tasks after which growth can be told from the differences between tasks."""
LEAST_GROWTH = 64 * MIB


class MemoryWatch:
    """The parent's; it measures a process only while that process exists."""

    def __init__(self) -> None:
        self.after_tasks: dict[int, deque[int]] = {}

    def record(self, pid: int) -> None:
        """Measure a process that has just ended a task."""
        if used := rss_of(pid):
            self.after_tasks.setdefault(pid, deque(maxlen=TASKS)).append(used)

    def measure(self, pids: Iterable[int]) -> dict[int, int]:
        """Return the resident memory of these processes in bytes, and forget all others."""
        found = {pid: used for pid in pids if (used := rss_of(pid))}
        for pid in self.after_tasks.keys() - found.keys():
            self.after_tasks.pop(pid, None)
        return found

    def growing(self) -> list[Growth]:
        return [
            Growth(pid=pid, tasks=TASKS, before=sizes[0], now=sizes[-1])
            for pid, sizes in list(self.after_tasks.items())
            if is_growing(list(sizes))
        ]


def is_growing(sizes: list[int]) -> bool:
    """Return whether the later half of the sizes is above the earlier one, by more than tasks differ."""
    half = TASKS // 2
    if len(sizes) < TASKS or min(sizes[half:]) <= max(sizes[:half]):
        return False
    return sum(sizes[half:]) - sum(sizes[:half]) > half * LEAST_GROWTH


def rss_of(pid: int) -> int:
    """Return the resident memory of a process in bytes; 0 if it is gone."""
    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0
