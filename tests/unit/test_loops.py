"""A bug that a loop of the gateway meets is seen, and does not end its work for good."""

import asyncio
from datetime import timedelta

import structlog

from api_gateway.loops import Loops
from api_gateway.monitor.config import RuntimeConfig
from api_gateway.monitor.leader import Monitor
from common.redis import AsyncRedis
from services import settings
from tests.support.redis_server import RedisServer


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
    """A watch of the monitor that meets a bug each time, or none."""

    interval = timedelta(0)

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails
        self.looks = 0

    async def look(self, contact: timedelta) -> None:
        assert contact >= timedelta(0)
        self.looks += 1
        if self.fails:
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
    async def story() -> tuple[Looker, Looker]:
        configured = settings(redis={"url": redis_server.url})
        redis = AsyncRedis(configured.redis)
        watches = Looker(fails=True), Looker(fails=False)
        monitor = Monitor(redis, RuntimeConfig(redis, configured.gpu_lock_monitor, {}), lambda _: watches)
        await monitor.round()
        await monitor.round()
        await redis.close()
        return watches

    with structlog.testing.capture_logs() as told:
        failing, fine = asyncio.run(story())
    assert (failing.looks, fine.looks) == (2, 2)
    assert [(entry["event"], entry["watch"]) for entry in told] == 2 * [("watch_failed", "Looker")]
