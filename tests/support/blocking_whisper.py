"""A worker of the service named by its argument. Its Whisper hangs for ever at the third window, once.

The test double replaces a method of the library, so all of Baton's own code is real.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import faster_whisper

from services import settings
from services.__main__ import work
from tests.support.hang import hang

WINDOW = 3


def wrap_encode(encode: Callable[..., Any], flag: Path) -> Callable[..., Any]:
    windows = count(1)

    def encode_or_block(self: Any, features: Any) -> Any:
        if next(windows) >= WINDOW and not flag.exists():
            flag.touch()
            hang()
        return encode(self, features)

    return encode_or_block


configured = settings()
model = faster_whisper.WhisperModel
model.encode = wrap_encode(model.encode, configured.storage.share / "blocked")
if __name__ == "__main__":  # a spawned child also imports this module, to install the double
    (service,) = sys.argv[1:]
    import_module(f"services.{service}.tasks")
    work(configured, service)
