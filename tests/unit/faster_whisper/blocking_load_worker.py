"""A worker whose Whisper blocks for ever when it is loaded, once: in C, with the interpreter's lock held."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import faster_whisper

import services.faster_whisper.tasks  # noqa: F401 - registers the task
from services import settings
from services.__main__ import work
from tests.support.hang import hang


def wrap_load(load: Callable[..., None], flag: Path) -> Callable[..., None]:
    def load_or_block(self: Any, *given: Any, **named: Any) -> None:
        if not flag.exists():
            flag.touch()
            hang()
        load(self, *given, **named)

    return load_or_block


configured = settings()
model = faster_whisper.WhisperModel
model.__init__ = wrap_load(model.__init__, configured.storage.share / "blocked")
if __name__ == "__main__":  # a spawned child imports this module too, for the double
    work(configured, "faster_whisper")
