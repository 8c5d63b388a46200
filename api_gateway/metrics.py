"""Prometheus metrics. System-wide values are read from Redis at scrape time, not counted per process."""

from collections import Counter as Tally

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from api_gateway.callbacks.receivers import Receivers
from api_gateway.monitor.liveness import Liveness
from api_gateway.monitor.statistics import LockStats, Quantiles
from api_gateway.monitor.system_reader import SystemReader
from api_gateway.runtime.event_hub import EventHub
from common.gpu.leases import LockView
from common.state import keys
from common.state.client import AsyncRedis, translate_errors

QUANTILES = {"p50": "0.5", "p90": "0.9", "p99": "0.99", "max": "1"}


class Metrics:
    """One registry per gateway."""

    def __init__(self, redis: AsyncRedis, hub: EventHub, system: SystemReader, receivers: Receivers) -> None:
        self.redis = redis
        self.hub = hub
        self.system = system
        self.receivers = receivers
        self.registry = CollectorRegistry()
        self.tasks = self.gauge("baton_tasks", "Recorded tasks", "status")
        self.waiting = self.gauge("baton_queue_waiting", "Pending tasks", "queue")
        self.running = self.gauge("baton_queue_running", "Running tasks", "queue")
        self.messages = self.gauge("baton_queue_messages", "Messages held by the broker", "queue")
        self.workers = self.gauge("baton_workers", "Living workers", "queue")
        self.memory = self.gauge(
            "baton_worker_memory_bytes", "Resident memory of a worker: its parent, its task processes", "worker", "part"
        )
        self.device_memory = self.gauge(
            "baton_worker_device_mib", "Device memory of the models of a task process", "worker", "device"
        )
        self.gone = self.gauge("baton_workers_gone", "Workers seen in the last hour that are gone")
        self.undispatched = self.gauge("baton_dispatch_pending", "Tasks recorded but not yet published to the broker")
        self.undelivered = self.gauge("baton_callbacks_pending", "Callbacks not yet delivered")
        self.failing = self.gauge(
            "baton_callback_receivers_failing", "Callback receivers that do not answer this process"
        )
        self.clients = self.gauge("baton_sse_clients", "Open event streams of this process")
        self.liveness = self.gauge("baton_running_tasks", "Running tasks by liveness", "liveness")
        self.led = self.gauge("baton_monitor_led", "1 if a gateway leads the monitor")
        self.actions = self.gauge("baton_monitor_actions", "Number of actions of the monitor", "action")
        self.held = self.gauge("baton_gpu_lock_held_seconds", "Age of the current lease, 0 when free", "lock")
        self.line = self.gauge("baton_gpu_lock_waiters", "Number of waiters", "lock")
        self.waits = self.gauge("baton_gpu_lock_wait_seconds", "Wait times of recent leases", "lock", "quantile")
        self.holds = self.gauge("baton_gpu_lock_hold_seconds", "Hold times of recent leases", "lock", "quantile")
        self.success = self.gauge("baton_gpu_lock_success_ratio", "Share of recent waiters that got the lock", "lock")
        self.models = self.gauge(
            "baton_gpu_resident_mib", "Memory of loaded models, by id and variant", "host", "device", "model"
        )
        self.submitted = Counter(
            "baton_submissions_total", "Submissions to this process", ["task_name", "outcome"], registry=self.registry
        )

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    async def render(self) -> bytes:
        """Return the metrics in text exposition format."""
        await self.refresh()
        return generate_latest(self.registry)

    async def refresh(self) -> None:
        await self.count_records()
        await self.count_queues()
        await self.look_at_tasks()
        await self.look_at_locks()
        await self.look_at_models()
        self.clients.set(self.hub.clients)
        self.failing.set(len(self.receivers.failing))

    async def count_records(self) -> None:
        with translate_errors():
            pipe = self.redis.client.pipeline(transaction=False)
            for name in (keys.DISPATCH, keys.OUTBOX):
                pipe.zcard(name)
            undispatched, undelivered = await pipe.execute()
        self.undispatched.set(undispatched)
        self.undelivered.set(undelivered)
        for status, count in (await self.system.counts()).items():
            self.tasks.labels(status).set(count)

    async def count_queues(self) -> None:
        for queue in await self.system.queues():
            self.waiting.labels(queue.name).set(queue.waiting)
            self.running.labels(queue.name).set(queue.running)
            self.messages.labels(queue.name).set(queue.messages)
            self.workers.labels(queue.name).set(queue.workers)
        await self.look_at_workers()

    async def look_at_workers(self) -> None:
        seen = await self.system.workers()
        self.gone.set(sum(each.presence is None for each in seen))
        self.memory.clear()
        for presence in (each.presence for each in seen if each.presence):
            self.memory.labels(presence.name, "parent").set(presence.rss)
            self.memory.labels(presence.name, "tasks").set(sum(presence.memory.values()))

    async def look_at_tasks(self) -> None:
        found = Tally(pulse.liveness for pulse in await self.system.pulses())
        for liveness in Liveness:
            self.liveness.labels(liveness).set(found[liveness])
        self.led.set(await self.system.has_leader())
        for action, count in (await self.system.actions()).items():
            self.actions.labels(action).set(count)

    async def look_at_locks(self) -> None:
        for gauge in (self.held, self.line, self.waits, self.holds, self.success):
            gauge.clear()
        for view in await self.system.locks():
            self.show_lock(view, LockStats.of(view.id, await self.system.history(view)))

    def show_lock(self, view: LockView, stats: LockStats) -> None:
        self.held.labels(view.id).set(view.held.total_seconds())
        self.line.labels(view.id).set(len(view.waiters))
        if stats.success_rate is not None:
            self.success.labels(view.id).set(stats.success_rate)
        show_quantiles(self.waits, view.id, stats.wait)
        show_quantiles(self.holds, view.id, stats.hold)

    async def look_at_models(self) -> None:
        self.models.clear()
        self.device_memory.clear()
        for place in await self.system.residents():
            for model in place.models:
                self.models.labels(place.host, place.device, model.name).inc(model.mib)
                self.device_memory.labels(model.worker, place.device).inc(model.mib)


def show_quantiles(gauge: Gauge, lock: str, quantiles: Quantiles) -> None:
    for name, label in QUANTILES.items():
        if (value := getattr(quantiles, name)) is not None:
            gauge.labels(lock, label).set(value)
