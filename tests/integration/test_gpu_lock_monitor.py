"""The lock monitor against a real Redis: it acts by fence, once, and frees only what nobody holds any more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from pydantic_core import to_json
from typing_extensions import override

from api_gateway.callbacks.encryption import TargetCipher
from api_gateway.monitor.alerts import Alerts
from api_gateway.monitor.background import Background
from api_gateway.monitor.gpu_lock_monitor import GPULockMonitor
from common.gpu.leases import read_locks
from common.gpu.lock import Claim, GpuLock
from common.settings import CallbackSettings, GpuLockSettings, MonitorSettings, RedisSettings, TaskSettings
from common.state import keys
from common.state.client import AsyncRedis
from common.state.orders import take_orders
from common.state.store import StateStore
from tests.support.inspected_redis import InspectedRedis
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

WORKER = "testing@box/1"
CLAIM = Claim(task_id="long", worker=WORKER)
LOCK = keys.gpu_lock("box", "sim")
NOW = {"warning": 0, "soft_timeout": 0, "hard_timeout": 0.001}


@dataclass(frozen=True)
class Watch:
    """A monitor whose hard limit every lease has reached."""

    monitor: GPULockMonitor
    redis: AsyncRedis
    background: Background


@asynccontextmanager
async def monitor(server: RedisServer, **settings: object) -> AsyncIterator[Watch]:
    redis = AsyncRedis(RedisSettings.model_validate({"url": server.url}))
    chosen = MonitorSettings.model_validate({"timeout_levels": NOW, "obey_grace": 0.05, **settings})
    background = Background(4)
    alerts, store = Alerts(lambda: None, TargetCipher(CallbackSettings())), StateStore(TaskSettings())
    yield Watch(GPULockMonitor(redis, store, chosen, alerts=alerts, background=background), redis, background)
    await background.close()
    await redis.close()


def run_with_monitor(server: RedisServer, steps: Callable[[Watch], Awaitable[None]], **settings: object) -> None:
    """Run the steps with a monitor."""

    async def run() -> None:
        async with monitor(server, **settings) as watch:
            await steps(watch)

    asyncio.run(run())


@pytest.fixture
def lock(redis: InspectedRedis) -> Iterator[GpuLock]:
    """The lock as a process uses it that no parent looks after."""
    settings = GpuLockSettings.model_validate({"lock_timeout": 60})
    own = GpuLock(redis, settings, "box", ["sim"])
    yield own
    own.renewer.close()


def end_reasons(redis: InspectedRedis) -> list[str]:
    return [fields["lease"].partition('"reason":"')[2].partition('"')[0] for _, fields in history(redis)]


def history(redis: InspectedRedis) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = redis.client.xrange(f"{LOCK}:history")
    return found


def test_a_lock_that_changed_hands_between_look_and_act_is_left_alone(
    redis_server: RedisServer, redis: InspectedRedis, lock: GpuLock
) -> None:
    async def race(watch: Watch) -> None:
        first = lock.acquire(CLAIM, check=lambda: None)
        (view,) = await watch.redis.run(read_locks())
        case = await watch.monitor.overdue_lease(view)
        assert case
        lock.release(first)
        second = lock.acquire(Claim(task_id="next", worker=WORKER), check=lambda: None)
        await watch.monitor.free(case, "too late")
        await watch.monitor.act(case)
        assert redis.client.get(LOCK) == f"{second.fence} {second.owner}"
        (order,) = take_orders(redis, WORKER)  # its parent looks at the fence too: see test_gpu_monitor
        assert (order.kind, order.fence) == ("kill", int(first.fence))
        lock.release(second)

    run_with_monitor(redis_server, race)
    assert end_reasons(redis) == ["released", "released"]


def test_two_leaders_act_once(redis_server: RedisServer, redis: InspectedRedis, lock: GpuLock) -> None:
    async def look_with_both(watch: Watch) -> None:
        async with monitor(redis_server, obey_grace=60) as other:
            for _ in range(3):
                await watch.monitor.look(timedelta(0))
                await other.monitor.look(timedelta(0))

    lease = lock.acquire(CLAIM, check=lambda: None)
    run_with_monitor(redis_server, look_with_both, obey_grace=60)
    assert [order.kind for order in take_orders(redis, WORKER)] == ["kill"]
    assert redis.client.hgetall(keys.MONITOR_ACTIONS) == {"gpu_lock_hard_timeout": "1"}
    lock.release(lease)


def test_a_living_process_keeps_its_lock_however_long_it_does_not_obey(
    redis_server: RedisServer, redis: InspectedRedis, lock: GpuLock
) -> None:
    async def look_on(watch: Watch) -> None:
        while "gpu_lock_stuck" not in redis.client.hgetall(keys.MONITOR_ACTIONS):
            await watch.monitor.look(timedelta(0))

    lease = lock.acquire(CLAIM, check=lambda: None)
    run_with_monitor(redis_server, look_on)
    assert redis.client.get(LOCK) == f"{lease.fence} {lease.owner}"
    assert {order.kind for order in take_orders(redis, WORKER)} == {"kill"}
    lock.release(lease)


def test_the_lock_of_a_process_that_is_provably_gone_is_freed(
    redis_server: RedisServer, redis: InspectedRedis, lock: GpuLock
) -> None:
    async def look_on(watch: Watch) -> None:
        while redis.client.exists(LOCK):
            await watch.monitor.look(timedelta(0))

    lock.acquire(CLAIM, check=lambda: None)
    lock.renewer.close()
    wait_until(lambda: not redis.client.pubsub_channels("gpu_lock:*"))
    run_with_monitor(redis_server, look_on)
    assert end_reasons(redis) == ["holder_gone"]


# ---- the container of a process that nothing else ends ----


@contextmanager
def docker_engine(asked: list[str]) -> Iterator[str]:
    """The part of the Docker API that a restart needs; gives the URL for DOCKER_HOST."""

    class Engine(BaseHTTPRequestHandler):
        def answer(self, status: int, body: object) -> None:
            content = to_json(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            known = {"ApiVersion": "1.47"} if self.path.endswith("/version") else {"Id": "0123456789ab"}
            self.answer(200, known)

        def do_POST(self) -> None:
            asked.append(self.path.partition("/containers/")[2])
            self.answer(200, {})

        @override
        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Engine)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"tcp://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # docker leaves its connection to the collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_container_is_restarted_once_and_the_lock_freed_after_it(
    redis_server: RedisServer, redis: InspectedRedis, lock: GpuLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def look_on(watch: Watch) -> None:
        while redis.client.exists(LOCK):
            await watch.monitor.look(timedelta(0))
            await asyncio.sleep(0)

    lock.acquire(CLAIM, check=lambda: None)
    with docker_engine(asked) as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        run_with_monitor(redis_server, look_on, restart_containers=True)
    assert asked == ["0123456789ab/restart?t=1"]
    assert end_reasons(redis) == ["container_restarted"]


def test_without_docker_nothing_is_freed_and_the_operator_is_told(
    redis_server: RedisServer, redis: InspectedRedis, lock: GpuLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_on(watch: Watch) -> None:
        while "container_restart" not in redis.client.hgetall(keys.MONITOR_ACTIONS):
            await watch.monitor.look(timedelta(0))
        await asyncio.gather(*watch.background.tasks)

    lease = lock.acquire(CLAIM, check=lambda: None)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    run_with_monitor(redis_server, look_on, restart_containers=True)
    assert redis.client.get(LOCK) == f"{lease.fence} {lease.owner}"
    assert redis.client.hget(keys.MONITOR_ACTIONS, "gpu_lock_stuck") == "1"
    lock.release(lease)
