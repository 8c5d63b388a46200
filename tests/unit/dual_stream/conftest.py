"""A worker process in miniature on a real Redis, with both tiny models and the speech that they know."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dual_bench import Bench

from tests.support.redis_server import RedisServer
from tests.support.sounds import FIXTURES


@pytest.fixture
def bench(redis: object, redis_server: RedisServer, tmp_path: Path) -> Iterator[Bench]:
    """Run tasks as a worker does."""
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
