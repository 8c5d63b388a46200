"""What glibc does with freed memory: give it back, or keep it for the next block. See mallopt(3).

By itself it raises its thresholds to 32 MiB as large blocks are freed, and then keeps audio and features, full of
holes. Other C libraries have no such call, and no need of it.
"""

import ctypes
from contextlib import suppress

from common.settings import MIB

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGE = 4 * MIB
LARGEST = 32 * MIB
"""More than this glibc takes for no threshold."""


def give_back_what_is_freed() -> None:
    """Map each large block by itself and unmap it when it is freed, so that a process is as large as what it holds."""
    set_thresholds(mapped=LARGE, trimmed=LARGE)


def keep_what_is_freed() -> None:
    """For a library that takes and frees large blocks at every step: the kernel would clear each of them anew."""
    set_thresholds(mapped=LARGEST, trimmed=2 * LARGEST)


def set_thresholds(*, mapped: int, trimmed: int) -> None:
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, mapped)
        libc.mallopt(M_TRIM_THRESHOLD, trimmed)
