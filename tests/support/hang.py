"""An engine's worst: it blocks for ever in C, and keeps the interpreter's lock."""

import ctypes


def hang() -> None:
    """Lock a mutex twice: no signal but SIGKILL ends this."""
    libc, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)  # zeros are an unlocked mutex
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)
