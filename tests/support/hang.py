"""The worst failure of an engine: it blocks for ever in C while it holds the GIL."""

import ctypes
from collections import deque
from itertools import repeat
from threading import Event
from time import process_time

SAMPLE = 10_000_000


def hang() -> None:
    """Lock a mutex twice: only SIGKILL ends this."""
    libc, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)  # an unlocked mutex is all zeros
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)


def spin(seconds: float) -> None:
    """Compute for about this many CPU seconds in one call that never releases the GIL."""
    began = process_time()
    deque(repeat(None, SAMPLE), maxlen=0)
    deque(repeat(None, round(SAMPLE * seconds / (process_time() - began))), maxlen=0)


def stay(*_: object) -> None:
    """Never return, like an unload that hangs."""
    Event().wait()
