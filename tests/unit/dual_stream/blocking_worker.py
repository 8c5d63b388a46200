"""A worker of two streams whose Whisper blocks for ever at its third chunk, once: in C, holding the interpreter's lock.

The double stands in the library's class, so all of our own code is the real one.
"""

import ctypes
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import faster_whisper

import services.dual_stream.tasks  # noqa: F401 - registers the task
from services import settings
from services.__main__ import work

WINDOW = 3


def blocking(encode: Callable[..., Any], flag: Path) -> Callable[..., Any]:
    windows = count(1)

    def encode_or_block(self: Any, features: Any) -> Any:
        if next(windows) >= WINDOW and not flag.exists():
            flag.touch()
            hang()
        return encode(self, features)

    return encode_or_block


def hang() -> None:
    """Lock a mutex twice: no signal but SIGKILL ends this."""
    libc, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)


configured = settings()
model = faster_whisper.WhisperModel
model.encode = blocking(model.encode, configured.storage.share / "blocked")
if __name__ == "__main__":  # a spawned child imports this module too, for the double
    work(configured, "dual_stream")
