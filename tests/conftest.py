"""Fixtures that every kind of test may use. Redis is always a real one."""

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
# no time limit of an example on a busy machine, and the same examples each time: a red run can be repeated
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
def left_the_machine() -> Iterator[list[str]]:
    """Fail a test that tries to connect to another machine or to look up a name, whatever becomes of the error."""
    attempts.clear()
    yield attempts
    below = attempts_below.read_text() if attempts_below.exists() else ""
    attempts_below.unlink(missing_ok=True)
    assert (attempts, below) == ([], ""), "no test may send a packet off this machine"


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for all tests that do not hurt it."""
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.stop()


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[InspectedRedis]:
    """An empty Redis; at the end no key but the named few may live for ever."""
    redis_server.client.flushall()
    connected = InspectedRedis(RedisSettings.model_validate({"url": redis_server.url}))
    yield connected
    refuse_immortal_keys(redis_server)
    connected.close()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack of this test's own, whose processes it may kill: start what is needed from it."""
    with Stack(tmp_path) as own:
        yield own
        if own.redis.answers():
            refuse_immortal_keys(own.redis)


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway and a worker of the testing service that a module's tests share, and leave in order."""
    with Stack(tmp_path_factory.mktemp("stack")) as shared:
        shared.gateway()
        shared.worker()
        yield shared
        refuse_immortal_keys(shared.redis)


def refuse_immortal_keys(server: RedisServer) -> None:
    assert immortal_keys(server.client) == []
