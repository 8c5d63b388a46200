"""A bug that a loop of the gateway meets is seen, and does not end its work for good."""

import asyncio
from datetime import timedelta

import pytest
import structlog
from typing_extensions import override

from api_gateway.monitor.config import RuntimeConfig
from api_gateway.monitor.leader import Monitor
from api_gateway.runtime.loops import Loops
from api_gateway.runtime.wakeups import Waker
from api_gateway.tasks.dispatcher import Dispatcher
from common.state import keys
from common.state.client import AsyncRedis
from common.worker.app import create_app
from services import catalog, settings
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.redis


class Stumbling:
    """A loop that meets a bug twice."""

    def __init__(self) -> None:
        self.begun = 0
        self.stands = asyncio.Event()

    async def run(self) -> None:
        self.begun += 1
        if self.begun <= 2:
            raise KeyError(self.begun)
        self.stands.set()
        await asyncio.Event().wait()


class Looker:
    """A watch of the monitor that meets no bug."""

    interval = timedelta(0)

    def __init__(self) -> None:
        self.looks = 0

    async def look(self, contact: timedelta) -> None:
        assert contact >= timedelta(0)
        self.looks += 1


class Stumbler(Looker):
    """A watch that meets a bug in its first two looks."""

    @override
    async def look(self, contact: timedelta) -> None:
        await super().look(contact)
        if self.looks <= 2:
            raise OSError("the share is away")


def test_a_loop_that_met_a_bug_begins_again() -> None:
    async def story() -> None:
        loop = Stumbling()
        async with Loops([loop], pause_s=0.01).running():
            async with asyncio.timeout(10):
                await loop.stands.wait()

    with structlog.testing.capture_logs() as told:
        asyncio.run(story())
    assert [(entry["event"], entry["loop"]) for entry in told] == 2 * [("loop_failed", "Stumbling")]


def test_it_is_told_until_it_has_begun_again() -> None:
    async def story() -> None:
        stumbling, loops = Stumbling(), Loops([], pause_s=60)
        keeping = asyncio.create_task(loops.keep(stumbling))
        await asyncio.sleep(0)  # it runs until it waits, which is its pause
        assert loops.failed == {"Stumbling"}
        keeping.cancel()

        stumbling.begun, loops = 2, Loops([stumbling], pause_s=60)
        async with loops.running():
            await stumbling.stands.wait()
            assert not loops.failed

    asyncio.run(story())


def test_one_watch_that_meets_a_bug_leaves_the_others_theirs(redis_server: RedisServer) -> None:
    watches = Stumbler(), Looker()

    async def story() -> list[set[str]]:
        configured = settings(redis={"url": redis_server.url})
        redis = AsyncRedis(configured.redis)
        monitor = Monitor(redis, RuntimeConfig(redis, configured.gpu_lock_monitor, {}), lambda _: watches)
        failed = []
        for _ in range(3):
            await monitor.round()
            failed.append(set(monitor.failed))
        await redis.close()
        return failed

    with structlog.testing.capture_logs() as told:
        failed = asyncio.run(story())
    assert [watch.looks for watch in watches] == [3, 3]
    assert failed == [{"Stumbler"}, {"Stumbler"}, set()], "readiness tells it until a look succeeds"
    assert [(entry["event"], entry["watch"]) for entry in told if "watch" in entry] == 2 * [
        ("watch_failed", "Stumbler")
    ]


def test_a_batch_that_met_a_bug_is_left_to_the_dispatch_list(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> set[str]:
        configured = settings(redis={"url": redis_server.url})
        redis = AsyncRedis(configured.redis)
        dispatcher = Dispatcher(create_app(configured), redis, Waker(redis, (keys.DISPATCH,)), catalog())
        monkeypatch.setattr(dispatcher, "send", no_thread)
        await dispatcher.offer({"task_id": "film"}, 5)
        assert dispatcher.own == {"film"}
        with pytest.raises(RuntimeError):
            await dispatcher.publish_offered()
        await redis.close()
        return dispatcher.own

    assert asyncio.run(story()) == set()


def no_thread(_batch: object) -> None:
    raise RuntimeError("can't start new thread")
