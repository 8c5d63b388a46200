"""A worker process in miniature on a real Redis, the tiny Whisper, and the speech that it knows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.faster_whisper import engine
from tests.support.redis_server import RedisServer
from tests.support.service_bench import ServiceBench
from tests.support.sounds import FIXTURES

STEADY = {"model": "tiny-test", "temperature": [0]}
"""Above a temperature of 0 the tiny model guesses by chance, so two runs differ."""


@pytest.fixture
def bench(redis: object, redis_server: RedisServer, tmp_path: Path) -> Iterator[ServiceBench]:
    """Run tasks as a worker does."""
    own = ServiceBench("faster_whisper", redis_server.url, tmp_path / "share", STEADY)
    yield own
    own.close()


@pytest.fixture(scope="session")
def model() -> Any:
    """The tiny Whisper, loaded as a task loads it."""
    return engine.load(FIXTURES / "models/whisper", device="cpu", compute_type="int8")
