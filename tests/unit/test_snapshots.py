"""One snapshot a second, for however many watch; none when nobody does."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from api_gateway.http.sse import new_frames
from api_gateway.monitor import snapshots as module
from api_gateway.monitor.config import RuntimeConfig
from api_gateway.monitor.snapshots import Snapshots
from api_gateway.monitor.system_reader import SystemReader
from api_gateway.runtime.event_hub import EventFrame, EventHub
from common.files.storage import Storage
from common.settings import RedisSettings, TaskSettings
from common.state.client import AsyncRedis
from common.state.events import EVERY_TASK
from common.state.store import StateStore
from services import catalog, settings
from tests.support.inspected_redis import InspectedRedis
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.redis

BACKLOG = 16
EXTRA = EventFrame("", b"extra", closes=False)
Work = Callable[[Snapshots, EventHub], Awaitable[None]]
Inside = Callable[[Work], None]


@pytest.fixture
def inside(redis: InspectedRedis, redis_server: RedisServer) -> Inside:
    """Run something with snapshots over a real Redis, in which nothing else asks anything."""

    async def run(work: Work) -> None:
        connected = connection(redis_server.port)
        hub = EventHub(connected, connected, BACKLOG)
        try:
            await work(Snapshots(system(connected), hub), hub)
        finally:
            await connected.close()

    return lambda work: asyncio.run(run(work))


def connection(port: int) -> AsyncRedis:
    return AsyncRedis(RedisSettings.model_validate({"url": f"redis://127.0.0.1:{port}/0"}))


def system(redis: AsyncRedis) -> SystemReader:
    config = RuntimeConfig(redis, settings().gpu_lock_monitor, {})
    return SystemReader(redis, StateStore(TaskSettings()), Storage(Path()), catalog(), config)


@pytest.fixture
def script_count(redis: InspectedRedis) -> Callable[[], int]:
    """Return how many scripts were run: each snapshot runs some, and nothing else here does."""
    redis.client.config_resetstat()

    def count() -> int:
        stats = redis.client.info("commandstats")
        return sum(stats[name]["calls"] for name in ("cmdstat_evalsha", "cmdstat_eval") if name in stats)

    return count


@pytest.fixture
def short_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PERIOD_S", 0.001)
    monkeypatch.setattr(module, "SHARED_FOR_S", 0.0)


def test_who_comes_together_shares_one(inside: Inside, script_count: Callable[[], int]) -> None:
    async def work(snapshots: Snapshots, _: EventHub) -> None:
        first = await snapshots.latest()
        once = script_count()
        assert once > 0
        snapshots.taken_at -= 1
        seen = await asyncio.gather(*(snapshots.latest() for _ in range(20)))
        assert {id(each) for each in seen} == {id(seen[0])}
        assert seen[0].at > first.at
        assert script_count() <= 2 * once  # the first run of a script is two calls

    inside(work)


@pytest.mark.usefixtures("short_periods")
def test_nobody_who_watches_costs_nothing(inside: Inside, script_count: Callable[[], int]) -> None:
    async def work(snapshots: Snapshots, hub: EventHub) -> None:
        running = asyncio.create_task(snapshots.run())
        await asyncio.sleep(0.05)
        assert script_count() == 0
        async with hub.listen(EVERY_TASK) as queue:
            told = await queue.get()
            assert told
            assert told.data.startswith(b"event: snapshot")
        async with snapshots.taking:  # the one that is just taken is the last
            before = script_count()
        await asyncio.sleep(0.05)
        assert script_count() == before > 0
        running.cancel()

    inside(work)


def test_streams_end_when_there_is_no_snapshot_to_be_had(inside: Inside) -> None:
    async def work(_: Snapshots, hub: EventHub) -> None:
        lost = connection(free_port())
        async with hub.listen(EVERY_TASK) as one, hub.listen(EVERY_TASK) as other, hub.listen("film") as apart:
            await Snapshots(system(lost), hub).send()
            assert (await one.get(), await other.get()) == (None, None)
            assert apart.empty()
        await lost.close()

    inside(work)


def test_who_does_not_read_is_dropped_and_disturbs_nobody(inside: Inside) -> None:
    async def work(snapshots: Snapshots, hub: EventHub) -> None:
        async with hub.listen(EVERY_TASK) as deaf, hub.listen(EVERY_TASK) as reader:
            for _ in range(2 * BACKLOG):
                hub.broadcast(EVERY_TASK, EXTRA)
                assert await reader.get() == EXTRA
            hub.drop(EVERY_TASK)
            assert await reader.get() is None
            read = [deaf.get_nowait() for _ in range(deaf.qsize())]
        assert read == [EXTRA] * (BACKLOG - 1) + [None]
        await snapshots.send()  # to nobody

    inside(work)


def test_a_frame_without_an_id_is_always_news() -> None:
    frames = [EventFrame(name, name.encode(), closes=False) for name in ("1-0", "", "2-0", "", "2-0", "1-5", "3-0")]

    async def read() -> list[str]:
        queue: asyncio.Queue[EventFrame | None] = asyncio.Queue()
        for each in (*frames, None):
            queue.put_nowait(each)
        return [each.id async for each in new_frames(queue, (1, 0))]

    assert asyncio.run(read()) == ["", "2-0", "", "3-0"]
