"""What everybody knows of the models on a card: right again after each outage, and no task fails for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from common.errors import MemoryInUse
from common.gpu.devices import CPU_ID, Device, SimulatedDevice
from common.gpu.lease_renewer import LeaseRenewer
from common.gpu.residency import Model, Residency
from common.gpu.residents import UNLOAD
from common.gpu.session import Gpu, hold_model
from common.settings import Settings
from common.state import keys
from common.state.context import Timings
from services import settings
from tests.support.inspected_redis import InspectedRedis
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

HOST = "here"
CARD_MIB = 8_000
GPU = {"device": "simulated", "simulated_memory_mib": CARD_MIB, "reserve_mib": 0, "unload_timeout": 0.3}
Start = Callable[..., Gpu]


def gpu_settings(server: RedisServer) -> Settings:
    return settings(redis={"url": server.url}, gpu=GPU)


@contextmanager
def process(server: RedisServer, name: str) -> Iterator[Gpu]:
    """What one worker process holds; its orders have nobody who obeys them."""
    own = gpu_settings(server)
    gpu = Gpu(InspectedRedis(own.redis), own, HOST, f"testing@{HOST}/{name}")
    yield gpu
    gpu.lock.renewer.close()
    gpu.residency.redis.close()


def model(name: str, mib: int) -> Model[str]:
    """A model that takes its memory on a simulated card."""

    def load(device: Device) -> str:
        loaded_on.append(device)
        take(device, mib)
        return name

    loaded_on: list[Device] = []
    return Model("test", name, load, lambda _: take(loaded_on[-1], -mib), estimate_mib=mib)


def take(device: Device, mib: int) -> None:
    assert isinstance(device, SimulatedDevice)
    device.allocate(mib)


def use(gpu: Gpu, wanted: Model[str]) -> None:
    with in_use(gpu, wanted):
        pass


def in_use(gpu: Gpu, wanted: Model[str]) -> Any:
    return hold_model(gpu, gpu.claim("task", 5), wanted, timings=Timings(), check=lambda: None)


def reported_models(server: RedisServer, device: str = "sim") -> set[str]:
    return {field.partition("@")[0] for field in server.client.hkeys(keys.residents(HOST, device))}


def drop_connections(server: RedisServer) -> None:
    """Close the connections by which processes are seen to live; each opens its own again."""
    server.client.client_kill_filter(_type="pubsub")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that the test may kill."""
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.stop()


def test_a_redis_that_is_away_at_the_end_of_the_use_costs_no_result(own_server: RedisServer) -> None:
    with process(own_server, "1") as gpu:
        with in_use(gpu, model("whisper", 3_000)) as session:
            own_server.kill()
            assert session.model == "whisper"
        own_server.start()
        wait_until(lambda: not own_server.client.exists(keys.gpu_lock(HOST, "sim")))
        wait_until(lambda: reported_models(own_server) == {"test/whisper"})


def test_a_model_is_told_again_when_its_process_is_seen_again(redis: InspectedRedis, redis_server: RedisServer) -> None:
    with process(redis_server, "1") as gpu:
        use(gpu, model("whisper", 3_000))
        redis.client.delete(keys.residents(HOST, "sim"))
        drop_connections(redis_server)
        wait_until(lambda: reported_models(redis_server) == {"test/whisper"})


@pytest.mark.usefixtures("redis")
def test_who_needs_room_waits_for_a_process_that_was_cut_off(redis_server: RedisServer) -> None:
    with process(redis_server, "1") as first, process(redis_server, "2") as second:
        use(first, model("whisper", 6_000))
        redis_server.client.delete(keys.residents(HOST, "sim"))  # as whoever looks does while it is cut off
        wanting = Thread(target=use, args=(second, model("llm", 6_000)))
        wanting.start()
        wait_until(lambda: redis_server.client.exists(keys.gpu_lock(HOST, "sim")))
        drop_connections(redis_server)
        wanting.join()
        assert reported_models(redis_server) == {"test/llm"}


def test_an_unloading_that_redis_did_not_hear_of_is_told_when_it_is_asked_for(own_server: RedisServer) -> None:
    with process(own_server, "1") as gpu:
        use(gpu, Model("test", "whisper", lambda _: "whisper", lambda _: None, estimate_mib=1))
        own_server.kill()
        gpu.residency.unload("test/whisper")
        own_server.start()
        wait_until(lambda: own_server.client.publish(gpu.lock.renewer.channel, UNLOAD + "test/whisper"))
        wait_until(lambda: reported_models(own_server) == set())


def test_a_process_at_work_on_one_card_lets_go_of_a_model_on_another(
    redis: InspectedRedis, redis_server: RedisServer
) -> None:
    other = SimulatedDevice(redis, HOST, CARD_MIB)
    other.id, other.key = "sim2", keys.simulated_gpu(HOST, "sim2")
    with process(redis_server, "1") as gpu:
        use(gpu, model("whisper", 3_000))
        with gpu.residency.use(other, model("ocr", 3_000)):
            redis.client.publish(gpu.lock.renewer.channel, UNLOAD + "test/whisper")
            wait_until(lambda: reported_models(redis_server) == set())
            assert reported_models(redis_server, "sim2") == {"test/ocr"}


class Memory(SimulatedDevice):
    """The machine's memory, for which nobody holds a lease."""

    def __init__(self, redis: InspectedRedis) -> None:
        super().__init__(redis, HOST, CARD_MIB)
        self.id = CPU_ID


@contextmanager
def without_card(server: RedisServer, name: str) -> Iterator[Residency]:
    own = gpu_settings(server)
    redis = InspectedRedis(own.redis)
    renewer = LeaseRenewer(redis, own.gpu_lock.lock_timeout, on_unclaimed=lambda _: None)
    yield Residency(redis, own.gpu, HOST, f"testing@{HOST}/{name}", renewer)
    renewer.close()
    redis.close()


def test_without_a_lease_a_process_at_work_is_not_killed_for_its_memory(
    redis: InspectedRedis, redis_server: RedisServer
) -> None:
    memory, mine = Memory(redis), model("ocr", 6_000)
    with without_card(redis_server, "1") as busy, without_card(redis_server, "2") as other:
        with busy.use(memory, model("whisper", 6_000)):
            with pytest.raises(MemoryInUse, match="test/whisper"), other.use(memory, mine):
                pass
            assert not redis.client.exists(keys.orders(busy.worker))
        with other.use(memory, mine):
            assert reported_models(redis_server, CPU_ID) == {"test/ocr"}
