"""The speech that the tiny models know, for the services that transcribe: each has a `bench` of its own."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.service_bench import ServiceBench
from tests.support.sounds import FIXTURES


@pytest.fixture
def place(bench: ServiceBench) -> Callable[[str], str]:
    """Return a function that puts a fixture under share and gives its name there."""

    def put(name: str) -> str:
        shutil.copy(FIXTURES / name, bench.share / Path(name).name)
        return Path(name).name

    return put


@pytest.fixture(scope="session")
def truth() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((FIXTURES / "truth.json").read_text())
    return told


@pytest.fixture(scope="session")
def plain_whisper() -> Any:
    """The tiny Whisper, loaded as the library's own documentation does."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - heavy, and few tests need it

    return WhisperModel(str(FIXTURES / "models/whisper"), device="cpu", compute_type="int8")
