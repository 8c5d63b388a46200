"""An engine's worst: it blocks for ever in C, and keeps the interpreter's lock."""

import ctypes
from threading import Event


def hang() -> None:
    """Lock a mutex twice: no signal but SIGKILL ends this."""
    libc, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)  # zeros are an unlocked mutex
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)


def stay(*_: object) -> None:
    """Never return, as an unload that does not end."""
    Event().wait()
