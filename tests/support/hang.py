"""An engine's worst: it blocks for ever in C, and keeps the interpreter's lock."""

import ctypes
from collections import deque
from itertools import repeat
from threading import Event
from time import process_time

SAMPLE = 10_000_000


def hang() -> None:
    """Lock a mutex twice: no signal but SIGKILL ends this."""
    libc, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)  # zeros are an unlocked mutex
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)


def spin(seconds: float) -> None:
    """Compute for about so many CPU seconds in one call that never releases the interpreter's lock."""
    began = process_time()
    deque(repeat(None, SAMPLE), maxlen=0)
    deque(repeat(None, round(SAMPLE * seconds / (process_time() - began))), maxlen=0)


def stay(*_: object) -> None:
    """Never return, as an unload that does not end."""
    Event().wait()
