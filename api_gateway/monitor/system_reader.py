"""System state at one moment, read from Redis: for the monitoring routes and the metrics."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from typing_extensions import override

from api_gateway.monitor.config import RuntimeConfig
from api_gateway.monitor.heartbeats import pulses
from api_gateway.monitor.liveness import Pulse
from api_gateway.monitor.queues import priority_list
from common.clock import to_us
from common.contract import Catalog
from common.files.storage import Storage
from common.gpu.devices import CPU_ID
from common.gpu.leases import HistoryEntry, LockView, on_present_clock, read_locks
from common.gpu.residents import Resident, residents_on
from common.state import keys
from common.state.client import AsyncRedis, translate_errors
from common.state.clock_steps import ClockStep, clock_steps
from common.state.context import Status
from common.state.record import US
from common.state.store import StateStore
from common.worker.app import HIGHEST_PRIORITY
from common.worker.dead_letters import DeadLetter
from common.worker.presence import LastSeen, living_workers, workers

HISTORY_READ = 1_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Queue:
    """A service's queue. `messages` is the number in the broker: only a hint, pending tasks are in the records."""

    name: str
    waiting: int
    running: int
    messages: int
    workers: int


@dataclass(frozen=True, slots=True)
class DeviceModels:
    """A device and the models on it."""

    host: str
    device: str
    models: list[Resident]


class SystemReader:
    """Reads; changes nothing."""

    def __init__(
        self, redis: AsyncRedis, store: StateStore, storage: Storage, catalog: Catalog, config: RuntimeConfig
    ) -> None:
        self.redis = redis
        self.store = store
        self.storage = storage
        self.catalog = catalog
        self.config = config

    async def counts(self) -> dict[Status, int]:
        """Return the number of recorded tasks by status."""
        with translate_errors():
            pipe = self.redis.client.pipeline(transaction=False)
            for status in Status:
                pipe.zcard(keys.index(status))
            return dict(zip(Status, await pipe.execute(), strict=True))

    async def locks(self) -> list[LockView]:
        steps = await self.redis.run(clock_steps())
        return [on_present_clock(view, steps) for view in await self.redis.run(read_locks())]

    async def clock_step_since(self, span: timedelta) -> ClockStep | None:
        """Return the last step of Redis's clock within this span, if there is one."""
        steps = (await self.redis.run(clock_steps())).steps
        with translate_errors():
            seconds, micros = await self.redis.client.time()
        recent = steps and seconds * US + micros - steps[-1].after_us < to_us(span)
        return steps[-1] if recent else None

    async def workers(self) -> list[LastSeen]:
        return await self.redis.run(workers())

    async def pulses(self) -> list[Pulse]:
        return [found async for found in pulses(self.redis, self.store, self.config.current)]

    async def has_leader(self) -> bool:
        """Return whether a gateway leads, so that the monitor is running."""
        with translate_errors():
            return bool(await self.redis.client.exists(keys.LEADER))

    async def shortage(self) -> str | None:
        """Return what is too scarce on the disk for a task to start; None if there is enough."""
        return await asyncio.to_thread(self.storage.shortage)

    async def history(self, view: LockView, count: int = HISTORY_READ) -> list[HistoryEntry]:
        """Return ended leases and waiters that gave up, newest first."""
        with translate_errors():
            entries = await self.redis.client.xrevrange(keys.gpu_lock_history(view.host, view.device), count=count)
        return [HistoryEntry.model_validate_json(fields["lease"]) for _, fields in entries]

    async def queues(self) -> list[Queue]:
        names = self.catalog.queues
        running = Counter(found.record.control.queue for found in await self.pulses())
        seen = await self.workers()
        with translate_errors():
            pipe = self.redis.client.pipeline(transaction=False)
            for name in names:
                pipe.zcard(keys.waiting(name))
                for step in range(HIGHEST_PRIORITY + 1):
                    pipe.llen(priority_list(name, step))
            counts = iter(await pipe.execute())
        found = []
        for name in names:
            waiting, messages = next(counts), sum(next(counts) for _ in range(HIGHEST_PRIORITY + 1))
            found.append(Queue(name, waiting, running[name], messages, len(living_workers(seen, name))))
        return found

    async def residents(self) -> list[DeviceModels]:
        """Return the models of each device that is or was in use; hosts without a GPU keep them in main memory."""
        places = {(view.host, view.device) for view in await self.locks()}
        places |= {(seen.presence.gpu_host, CPU_ID) for seen in await self.workers() if seen.presence}
        found = [DeviceModels(host, device, await self.models(host, device)) for host, device in sorted(places)]
        return [place for place in found if place.models or place.device != CPU_ID]

    async def models(self, host: str, device: str) -> list[Resident]:
        return await self.redis.run(residents_on(host, device))

    async def dead_letters(self) -> list[DeadLetter]:
        """Return the messages that no worker can run, newest first."""
        with translate_errors():
            letters = await self.redis.client.lrange(keys.DEAD_LETTERS, 0, -1)
        return [DeadLetter.model_validate_json(letter) for letter in letters]

    async def actions(self) -> dict[str, int]:
        """Return how often the monitor acted, by action."""
        with translate_errors():
            counts = await self.redis.client.hgetall(keys.MONITOR_ACTIONS)
        return {name: int(count) for name, count in counts.items()}


class SystemSnapshot(SystemReader):
    """Reads each thing once: all of its answers are of one moment."""

    def __init__(self, system: SystemReader) -> None:
        super().__init__(system.redis, system.store, system.storage, system.catalog, system.config)
        self.seen: dict[str, Any] = {}

    async def once(self, look: Callable[[], Awaitable[T]]) -> T:
        name = look.__name__
        if name not in self.seen:
            self.seen[name] = await look()
        seen: T = self.seen[name]
        return seen

    @override
    async def locks(self) -> list[LockView]:
        return await self.once(super().locks)

    @override
    async def workers(self) -> list[LastSeen]:
        return await self.once(super().workers)

    @override
    async def pulses(self) -> list[Pulse]:
        return await self.once(super().pulses)

    @override
    async def queues(self) -> list[Queue]:
        return await self.once(super().queues)
