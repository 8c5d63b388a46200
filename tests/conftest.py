"""Fixtures shared by all tests. Redis is always a real server."""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import settings

from common.settings import RedisSettings
from tests.support import network_guard
from tests.support.inspected_redis import InspectedRedis
from tests.support.keys import immortal_keys
from tests.support.measured import unmeasured
from tests.support.redis_server import RedisServer
from tests.support.stack import Stack, guarded_environment

TESTS = Path(__file__).parent
# no time limit per example, because the machine may be busy; the same examples each time, so a failure can be repeated
settings.register_profile("baton", deadline=None, derandomize=True)
settings.load_profile("baton")

attempts: list[str] = []
network_guard.install(attempts.append)
attempts_below = Path(mkdtemp(prefix="network-guard-")) / "attempts"
os.environ.update(guarded_environment(attempts_below))  # noqa: TID251 - for every process that a test starts


MEASURED_FOLDERS = ("unit", "contract", "integration")
"""Branch coverage is measured in these tests. Measured code is slower, and faults would meet other timing."""


@pytest.fixture(scope="module", autouse=True)
def measurement(request: pytest.FixtureRequest) -> Iterator[None]:
    with nullcontext() if request.path.relative_to(TESTS).parts[0] in MEASURED_FOLDERS else unmeasured():
        yield


@pytest.fixture(autouse=True)
def outside_attempts() -> Iterator[list[str]]:
    """Fail a test that tries to connect to another machine or to look up a name, even if the code catches the error."""
    attempts.clear()
    yield attempts
    below = attempts_below.read_text() if attempts_below.exists() else ""
    attempts_below.unlink(missing_ok=True)
    assert (attempts, below) == ([], ""), "no test may send a packet to another machine"


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for all tests that do not stop or damage it."""
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.stop()


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[InspectedRedis]:
    """An empty Redis. At the end of the test, only a few known keys may have no TTL."""
    redis_server.client.flushall()
    connected = InspectedRedis(RedisSettings.model_validate({"url": redis_server.url}))
    yield connected
    refuse_immortal_keys(redis_server)
    connected.close()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack for one test, which may kill its processes. The test starts the processes that it needs."""
    with Stack(tmp_path) as own:
        yield own
        if own.redis.answers():
            refuse_immortal_keys(own.redis)


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway and a worker of the testing service, shared by the tests of a module. Each test leaves them working."""
    with Stack(tmp_path_factory.mktemp("stack")) as shared:
        shared.gateway()
        shared.worker()
        yield shared
        refuse_immortal_keys(shared.redis)


def refuse_immortal_keys(server: RedisServer) -> None:
    assert immortal_keys(server.client) == []
