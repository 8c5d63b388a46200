"""What a task says while Redis takes nothing: the oldest of it is dropped, never the newest."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from common.settings import HeartbeatSettings
from common.state import keys
from common.state.context import Progress
from common.state.events import Event
from common.state.record import Record
from common.worker.app import WorkerApp, create_worker
from common.worker.heartbeat import MOST_UNSENT, Heartbeat
from services import settings
from tests.support.delivery import submit
from tests.support.redis_server import RedisServer
from tests.support.testing_service import ECHO


class Talking(Heartbeat):
    """Its task says something more just while it sends."""

    more: Event | None = None

    @override
    def send(self, progress: Progress | None, events: list[Event]) -> str:
        if self.more:
            self.queue_event(self.more)
        return super().send(progress, events)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that the test may fill."""
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.stop()


@pytest.fixture
def worker(own_server: RedisServer, tmp_path: Path) -> Iterator[WorkerApp]:
    share = {"share": str(tmp_path), "min_free_bytes": 0}
    app = create_worker(settings(redis={"url": own_server.url}, storage=share), "testing")
    yield app
    app.process.redis.close()


RARELY = HeartbeatSettings(interval=timedelta(seconds=60), timeout=timedelta(seconds=600))


def make_event(number: int) -> Event:
    return Event("fragment", {"number": number})


def test_the_newest_of_too_much_is_told_when_redis_takes_it(worker: WorkerApp, own_server: RedisServer) -> None:
    submit(worker, ECHO.name, text="")
    record = worker.process.redis.run(worker.process.store.claim("t", ECHO.queue, worker.process.name))
    assert isinstance(record, Record)
    heartbeat = Talking(worker.process.redis, worker.process.store, record, RARELY)
    for number in range(MOST_UNSENT):
        heartbeat.queue_event(make_event(number))
    own_server.client.config_set("maxmemory", 1)
    heartbeat.more = make_event(MOST_UNSENT)
    heartbeat.beat()
    heartbeat.more = None
    own_server.client.config_set("maxmemory", 0)
    heartbeat.beat()
    told = own_server.client.xrevrange(keys.events("t"), count=1)
    assert told[0][1]["data"] == make_event(MOST_UNSENT).json
