"""glibc's treatment of freed memory: return it to the system, or keep it for the next allocation. See mallopt(3).

By default glibc raises its thresholds to 32 MiB as large blocks are freed, and then keeps fragmented memory of audio
and features. Other C libraries have no such call, and do not need it.
"""

import ctypes
from contextlib import suppress

from common.settings import MIB

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGE = 4 * MIB
LARGEST = 32 * MIB
"""glibc accepts no larger threshold."""


def return_freed_memory() -> None:
    """Map each large block separately and unmap it when it is freed, so that a process uses only what it holds."""
    set_thresholds(mapped=LARGE, trimmed=LARGE)


def keep_freed_memory() -> None:
    """For a library that allocates and frees large blocks at every step: else the kernel clears each of them."""
    set_thresholds(mapped=LARGEST, trimmed=2 * LARGEST)


def set_thresholds(*, mapped: int, trimmed: int) -> None:
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, mapped)
        libc.mallopt(M_TRIM_THRESHOLD, trimmed)
