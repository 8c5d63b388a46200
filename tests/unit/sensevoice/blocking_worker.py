"""A worker whose SenseVoice blocks for ever at its third segment, once: in C, with the interpreter's lock held.

The double stands in the library's class, so all of our own code is the real one.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import onnxruntime

import services.sensevoice.tasks  # noqa: F401 - registers the task
from services import settings
from services.__main__ import work
from tests.support.hang import hang

SEGMENT = 3
INPUTS = 4
"""Of SenseVoice; the VAD, which runs in the same library, has three."""


def wrap_run(run: Callable[..., Any], flag: Path) -> Callable[..., Any]:
    segments = count(1)

    def run_or_block(self: Any, outputs: Any, fed: dict[str, Any]) -> Any:
        if len(fed) == INPUTS and next(segments) >= SEGMENT and not flag.exists():
            flag.touch()
            hang()
        return run(self, outputs, fed)

    return run_or_block


configured = settings()
session = onnxruntime.InferenceSession
session.run = wrap_run(session.run, configured.storage.share / "blocked")
if __name__ == "__main__":  # a spawned child imports this module too, for the double
    work(configured, "sensevoice")
