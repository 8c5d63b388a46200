"""The monitor finds out that Redis's clock was set, and shifts what is due; tests put the step into its readings."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from typing_extensions import override

from api_gateway.callbacks.encryption import TargetCipher
from api_gateway.monitor.alerts import Alerts
from api_gateway.monitor.clock_watch import ClockCheck, ClockReader, ClockReading, step_between
from common.settings import CallbackSettings, RedisSettings, TaskSettings
from common.state import keys
from common.state.client import AsyncRedis
from common.state.clock_steps import ClockStep, ClockSteps, KeptReading, clock_steps
from common.state.record import US
from common.state.store import StateStore
from tests.support.inspected_redis import InspectedRedis
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.redis

HOUR_US = 3_600 * US


class SteppedReader(ClockReader):
    """Reads Redis's real time, and adds an offset: the next of a list at each reading."""

    offsets: Sequence[int] = ()

    @override
    async def read(self) -> ClockReading:
        now = await super().read()
        offset, *self.offsets = self.offsets
        return ClockReading(now.redis_us + offset, now.asked_us, now.answered_us)


def look(server: RedisServer, *offsets: int) -> None:
    async def run() -> None:
        redis = AsyncRedis(RedisSettings.model_validate({"url": server.url}))
        reader = SteppedReader(redis)
        reader.offsets = offsets
        watch = ClockCheck(
            redis, StateStore(TaskSettings()), Alerts(lambda: None, TargetCipher(CallbackSettings())), reader
        )
        for _ in offsets:
            await watch.look(timedelta(0))
        await redis.close()

    asyncio.run(run())


def due(redis: InspectedRedis, name: str, member: str) -> float:
    """Return in how many seconds a member is due, by the clock after the step."""
    return float(redis.client.zscore(name, member) - redis.now_us()) / US


LISTS = (keys.DISPATCH, keys.OUTBOX, keys.WAIT_LIMITS)


@pytest.mark.parametrize("step_us", [HOUR_US, -HOUR_US], ids=["forward", "back"])
def test_what_was_due_before_a_step_is_due_as_soon_after_it(
    redis_server: RedisServer, redis: InspectedRedis, step_us: int
) -> None:
    now_before = redis.now_us() - step_us
    for name in LISTS:
        redis.client.zadd(name, {"soon": now_before + 60 * US})
    look(redis_server, -step_us, 0)
    assert all(50 < due(redis, name, "soon") <= 61 for name in LISTS)
    [step] = redis.run(clock_steps()).steps
    assert abs(step.step_us - step_us) < US
    assert redis.client.hget(keys.MONITOR_ACTIONS, "clock_step") == "1"


def test_what_a_clock_set_forward_has_stamped_itself_is_not_delayed(
    redis_server: RedisServer, redis: InspectedRedis
) -> None:
    redis.client.zadd(keys.DISPATCH, {"new": redis.now_us() + 60 * US})
    look(redis_server, -HOUR_US, 0)
    assert 50 < due(redis, keys.DISPATCH, "new") <= 60


def test_delays_and_small_corrections_are_no_step(redis_server: RedisServer, redis: InspectedRedis) -> None:
    look(redis_server, 0, US, 0)
    assert not redis.client.exists(keys.CLOCK_STEPS, keys.MONITOR_ACTIONS)
    slow = ClockReading(100 * US, 0, 40 * US), ClockReading(130 * US, 40 * US, 70 * US)
    assert step_between(*slow) == 0


@pytest.mark.parametrize(("ahead_us", "steps"), [(HOUR_US, 1), (-HOUR_US, 0)], ids=["set back", "perhaps only later"])
def test_after_a_boot_a_clock_that_is_behind_the_last_reading_was_set(
    redis_server: RedisServer, redis: InspectedRedis, ahead_us: int, steps: int
) -> None:
    kept = KeptReading(redis_us=redis.now_us() + ahead_us, asked_us=0, answered_us=0, boot="another")
    redis.client.set(keys.CLOCK_READING, kept.model_dump_json())
    look(redis_server, 0, 0)
    assert len(redis.run(clock_steps()).steps) == steps


def test_stamps_of_before_a_step_forward_are_read_on_the_present_clock() -> None:
    steps = ClockSteps((ClockStep(step_us=HOUR_US, before_us=10 * US, after_us=HOUR_US + 12 * US),))
    assert steps.translate(9 * US) == HOUR_US + 9 * US
    assert steps.translate(HOUR_US + 13 * US) == HOUR_US + 13 * US
    back = ClockSteps((ClockStep(step_us=-HOUR_US, before_us=2 * HOUR_US, after_us=HOUR_US),))
    assert back.translate(HOUR_US) == HOUR_US
