"""Delays some imports while a file exists.

The delay is inside the import's lock, as on a busy machine with a cold disk: what a thread imports then keeps every
other thread, and every process forked meanwhile, from importing it.
"""

import os
import sys
import time
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

NAMED_BY = "CHAOS_SLOW_IMPORTS"
"""The environment variable that names the file."""

DELAY_S = 1.5
SLOW = {
    "av",
    "billiard.spawn",
    "common.worker.interface",
    "ctranslate2",
    "encodings.idna",
    "onnxruntime",
    "openai",
    "pysubs2",
    "rapidocr",
    "redis.asyncio",
}


class SlowImports:
    def __init__(self, switch: Path) -> None:
        self.switch = switch

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find nothing, after a delay: the finders behind this one do."""
        if fullname in SLOW and self.switch.exists():
            time.sleep(DELAY_S)
        return None


def install() -> None:
    if named := os.environ.get(NAMED_BY):  # noqa: TID251 - no setting of Baton's
        sys.meta_path.insert(0, SlowImports(Path(named)))
