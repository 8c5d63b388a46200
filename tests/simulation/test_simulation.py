"""Hundreds of simulated runs of the whole, each with other faults, over the real Lua on a virtual clock."""

from collections.abc import Iterator

import pytest

from common.state.scripts import SCRIPTS
from tests.simulation.clock import Fault
from tests.simulation.world import simulate
from tests.support.inspected_redis import InspectedRedis

pytestmark = pytest.mark.redis

SEEDS = 200
MOST_SEEDS_TO_FIND_A_FAULT = 150
FAULTS: dict[str, Fault] = {
    "a claim takes what runs": ("if status ~= 'PENDING' then return {status} end", ""),
    "a beat ignores the fence": ("if seen[1] ~= 'RUNNING' or seen[2] ~= ARGV[1] then return 'FENCED' end", ""),
    "an old fence may write": ("seen[2] ~= fence or not (NEXT", "not (NEXT"),
    "any status may follow": ("not (NEXT[status] and NEXT[status][to])", "false"),
    "what the broker lost is not dispatched again": (
        "local added = redis.call('ZADD', KEYS[2], 'NX', now_us(), ARGV[1])",
        "local added = 0",
    ),
    "requeue keeps the fence": (
        "redis.call('HINCRBY', KEYS[2], 'fence', 1)\nredis.call('HSET', KEYS[2], 'status', 'PENDING'",
        "redis.call('HSET', KEYS[2], 'status', 'PENDING'",
    ),
    "an end stays in the waiting list": ("redis.call('ZREM', KEYS[5], id)\nredis.call('ZREM', KEYS[6], id)", ""),
}


@pytest.fixture(autouse=True)
def empty_redis(redis: InspectedRedis) -> Iterator[None]:
    yield
    redis.client.flushall()


@pytest.mark.timeout(300)
def test_every_run_keeps_the_promises(redis: InspectedRedis) -> None:
    simulate_many(redis, SEEDS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_a_script_is_found(redis: InspectedRedis, name: str) -> None:
    assert any(FAULTS[name][0] in file.read_text() for file in SCRIPTS.glob("*.lua")), "the scripts have changed"
    with pytest.raises(AssertionError, match=r"^seed \d+"):
        simulate_many(redis, MOST_SEEDS_TO_FIND_A_FAULT, FAULTS[name])


def simulate_many(redis: InspectedRedis, seeds: int, fault: Fault | None = None) -> None:
    for seed in range(seeds):
        simulate(redis, seed, fault)
