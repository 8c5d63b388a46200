"""A worker process in miniature on a real Redis, the tiny SenseVoice, and the speech that it knows."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sensevoice_bench import Bench

from services.sensevoice import engine
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
def model() -> engine.Recognizer:
    """The tiny SenseVoice, loaded as a task loads it."""
    return engine.load(FIXTURES / "models/sensevoice", threads=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the tiny model's folder, to be changed."""
    copied = tmp_path / "model"
    shutil.copytree(FIXTURES / "models/sensevoice", copied)
    return copied
