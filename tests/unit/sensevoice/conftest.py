"""A worker process in miniature on a real Redis, the tiny SenseVoice, and the speech that it knows."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.sensevoice import engine
from tests.support.redis_server import RedisServer
from tests.support.service_bench import ServiceBench
from tests.support.sounds import FIXTURES


@pytest.fixture
def bench(redis: object, redis_server: RedisServer, tmp_path: Path) -> Iterator[ServiceBench]:
    """Run tasks as a worker does."""
    own = ServiceBench("sensevoice", redis_server.url, tmp_path / "share", {"model": "tiny-test"})
    yield own
    own.close()


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
