"""A worker process in miniature on a real Redis, with both tiny models and the speech that they know."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.redis_server import RedisServer
from tests.support.service_bench import ServiceBench

STEADY = {"model": "tiny-test", "draft_model": "tiny-test", "temperature": [0]}
"""Above a temperature of 0 the tiny Whisper guesses by chance, so two runs differ."""


@pytest.fixture
def bench(redis: object, redis_server: RedisServer, tmp_path: Path) -> Iterator[ServiceBench]:
    """Run tasks as a worker does."""
    own = ServiceBench("dual_stream", redis_server.url, tmp_path / "share", STEADY)
    yield own
    own.close()
