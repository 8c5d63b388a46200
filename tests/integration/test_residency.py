"""Models stay on the card, make room for each other, and never take more than it has."""

from collections.abc import Callable, Iterator

import pytest

from common.state import keys
from tests.support.inspected_redis import InspectedRedis
from tests.support.redis_server import RedisServer
from tests.support.resident import Resident
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

CARD_MIB = 8_000
Start = Callable[..., Resident]


@pytest.fixture
def start(redis: InspectedRedis, redis_server: RedisServer) -> Iterator[Start]:
    """Start processes that share a simulated card of 8,000 MiB."""
    started: list[Resident] = []

    def start_resident(**environment: str) -> Resident:
        common = {
            "BATON_REDIS__URL": redis_server.url,
            "BATON_GPU__DEVICE": "simulated",
            "BATON_GPU__SIMULATED_MEMORY_MIB": str(CARD_MIB),
            "BATON_GPU__RESERVE_MIB": "0",
        }
        started.append(Resident({**common, **environment}))
        return started[-1]

    yield start_resident
    for resident in started:
        resident.kill()


def residents(redis: InspectedRedis) -> set[str]:
    return {field.partition("@")[0] for field in redis.client.hkeys(keys.residents("here", "sim"))}


def test_the_second_task_with_a_model_finds_it_warm(start: Start) -> None:
    process = start()
    assert process.use("whisper", 3_000) == {"loaded": True, "free": 5_000}
    assert process.use("whisper", 3_000) == {"loaded": False, "free": 5_000}


def test_two_services_alternate_without_loading_when_both_models_fit(start: Start) -> None:
    first, second = start(), start()
    assert first.use("whisper", 4_000)["loaded"]
    assert second.use("ocr", 3_000)["loaded"]
    for _ in range(5):
        assert not first.use("whisper", 4_000)["loaded"]
        assert not second.use("ocr", 3_000)["loaded"]


def test_the_least_recently_used_model_makes_room_in_whatever_process(start: Start, redis: InspectedRedis) -> None:
    first, second, third = start(), start(), start()
    first.use("whisper", 4_000)
    second.use("ocr", 3_000)
    first.use("whisper", 4_000)
    assert third.use("llm", 4_000) == {"loaded": True, "free": 0}
    assert residents(redis) == {"test/whisper", "test/llm"}
    assert second.use("ocr", 3_000)["loaded"]
    assert residents(redis) == {"test/llm", "test/ocr"}


def test_a_process_makes_room_among_its_own_models_too(start: Start, redis: InspectedRedis) -> None:
    process = start()
    process.use("large", 6_000)
    assert process.use("other", 5_000) == {"loaded": True, "free": 3_000}
    assert residents(redis) == {"test/other"}


def test_a_model_larger_than_the_card_is_refused_and_the_lock_is_free_again(start: Start) -> None:
    process = start()
    assert process.use("huge", CARD_MIB + 1) == {"error": "out_of_gpu_memory"}
    assert process.use("small", 100)["loaded"]


def test_a_model_in_use_is_never_unloaded(start: Start, redis: InspectedRedis) -> None:
    first, second = start(), start()
    first.begin("whisper", 6_000, seconds=1.0)
    wait_until(lambda: residents(redis) == {"test/whisper"})
    second.begin("llm", 6_000)
    assert first.end() == {"loaded": True, "free": 2_000}, "its memory was there to the end"
    assert second.end()["loaded"]


def test_the_models_of_a_killed_process_are_forgotten_and_their_memory_used(
    start: Start, redis: InspectedRedis
) -> None:
    first, second = start(), start()
    first.use("whisper", 6_000)
    first.kill()
    assert second.use("llm", 6_000) == {"loaded": True, "free": 2_000}
    wait_until(lambda: second.use("llm", 6_000) and residents(redis) <= {"test/whisper", "test/llm"})


def test_an_idle_model_is_unloaded_after_its_time(start: Start, redis: InspectedRedis) -> None:
    process = start(BATON_GPU__MODEL_IDLE_TTL="0.5")
    process.use("whisper", 3_000)
    wait_until(lambda: residents(redis) == set())
    assert process.use("whisper", 3_000)["loaded"]


def test_many_processes_never_take_more_than_the_card_has(start: Start) -> None:
    sizes = {"a": 5_000, "b": 4_000, "c": 3_000, "d": 2_000}
    processes = [(start(), name, mib) for name, mib in sizes.items()]
    for _ in range(4):
        for process, name, mib in processes:
            process.begin(name, mib, seconds=0.01)
        answers = [process.end() for process, _, _ in processes]
        assert all("error" not in answer for answer in answers), "a simulated card refuses what it has not got"


def test_a_long_task_gives_way_between_its_steps_and_goes_on_after(start: Start, redis: InspectedRedis) -> None:
    long, short = start(BATON_GPU_LOCK__QUANTUM="0.2"), start()
    long.use("film", 4_000)
    long.begin("film", 4_000, seconds=2.0, steps=40)
    wait_until(lambda: redis.client.exists(keys.gpu_lock("here", "sim")))
    assert short.use("clip", 3_000)["loaded"], "it had its turn"
    assert redis.client.exists(keys.gpu_lock("here", "sim")), "while the long one was not done"
    assert long.end() == {"loaded": False, "free": 1_000}
