"""Memory that was freed goes back to the system, so that a process is as large as what it holds."""

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGE = 4 * 1024 * 1024
"""A block of this many bytes is mapped by itself and unmapped when it is freed."""


def give_back_what_is_freed() -> None:
    """Fix glibc's thresholds: by itself it raises them to 32 MiB, and then keeps audio and features, full of holes.

    See mallopt(3). Other C libraries have no such call, and no need of it.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE)
        libc.mallopt(M_TRIM_THRESHOLD, LARGE)
