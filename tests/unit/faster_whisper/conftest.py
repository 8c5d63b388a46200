"""A worker process in miniature on a real Redis, the tiny Whisper, and the speech that it knows."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faster_whisper import WhisperModel
from whisper_bench import Bench

from services.faster_whisper import engine
from tests.support.redis_server import RedisServer
from tests.support.sounds import FIXTURES


@pytest.fixture
def bench(redis: object, redis_server: RedisServer, tmp_path: Path) -> Iterator[Bench]:
    """Run tasks as a worker does, with everything of the fixtures under share."""
    own = Bench(redis_server.url, tmp_path / "share")
    yield own
    own.close()


@pytest.fixture
def place(bench: Bench) -> Callable[[str], str]:
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
def model() -> Any:
    """The tiny Whisper, loaded as a task loads it."""
    return engine.load(FIXTURES / "models/whisper", device="cpu", compute_type="int8")


@pytest.fixture(scope="session")
def plain() -> Any:
    """The tiny Whisper, loaded as the library's own documentation does."""
    return WhisperModel(str(FIXTURES / "models/whisper"), device="cpu", compute_type="int8")
