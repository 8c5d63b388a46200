"""The composition root of a gateway process: builds every part, starts and stops them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from starlette.background import BackgroundTasks

from api_gateway.callbacks.delivery import CallbackSender
from api_gateway.http.access_tokens import AccessTokens
from api_gateway.http.stream_limits import StreamLimits
from api_gateway.metrics import Metrics
from api_gateway.model_registry import ModelRegistry
from api_gateway.monitor.alerts import Alerts
from api_gateway.monitor.background import Background
from api_gateway.monitor.clock_watch import ClockCheck, ClockReader
from api_gateway.monitor.config import RuntimeConfig
from api_gateway.monitor.gpu_lock_monitor import GPULockMonitor
from api_gateway.monitor.heartbeats import TaskHeartbeatManager
from api_gateway.monitor.janitor import Janitor
from api_gateway.monitor.leader import Monitor, PeriodicCheck
from api_gateway.monitor.queues import QueueReconciler
from api_gateway.monitor.replacements import ReplacementReporter
from api_gateway.monitor.silences import Silences
from api_gateway.monitor.snapshots import Snapshots
from api_gateway.monitor.system_reader import SystemReader
from api_gateway.monitor.wait_limit import WaitLimit
from api_gateway.runtime.event_hub import BLOCK, EventHub
from api_gateway.runtime.loops import Loops
from api_gateway.runtime.wakeups import Waker
from api_gateway.tasks.cancel import cancel_task
from api_gateway.tasks.completion import Completion
from api_gateway.tasks.dispatcher import Dispatcher
from api_gateway.tasks.submission import Submitter, TaskSubmission
from api_gateway.tasks.transcript_view import TaskText, task_text
from api_gateway.tasks.wait_reason import WaitReasons
from common.contract import Catalog
from common.errors import CallbackNotAllowed, StateUnavailable, TaskNotFound, UrlNotAllowed
from common.files.storage import Storage
from common.models.spec import KnownModels, ModelFamily
from common.models.storage_paths import ModelPaths
from common.net.guarded_client import async_client
from common.net.policy import TargetPolicy
from common.settings import MonitorSettings, Settings, read_section
from common.state import keys
from common.state.client import AsyncRedis, translate_errors
from common.state.context import WorkflowContext
from common.state.record import Record
from common.state.store import Created, StateStore
from common.worker.app import create_app

JANITOR_INTERVAL = timedelta(minutes=10)
MONITOR_SECTION = "gpu_lock_monitor"
MOST_IN_BACKGROUND = 64


class Gateway:
    """The parts of a gateway process that routes use. Created inside the event loop that owns its connections."""

    def __init__(self, settings: Settings, catalog: Catalog, models: Iterable[ModelFamily]) -> None:
        self.settings = settings
        self.catalog = catalog
        self.store = StateStore(settings.tasks)
        self.storage = Storage(settings.storage.share, min_free_bytes=settings.storage.min_free_bytes)
        self.storage.prepare()
        self.redis = AsyncRedis(settings.redis)
        self.blocking = AsyncRedis(settings.redis, block=BLOCK)
        self.waker = Waker(self.blocking, (keys.DISPATCH, keys.OUTBOX))
        self.hub = EventHub(self.blocking, self.redis, settings.gateway.sse_backlog)
        self.stream_limits = StreamLimits(settings.gateway)
        self.celery = create_app(settings)
        self.dispatcher = Dispatcher(self.celery, self.redis, self.waker, catalog)
        self.callback_policy = callback_policy(settings)
        self.client = async_client(self.callback_policy, timeout=settings.callbacks.timeout.total_seconds())
        self.callback_sender = CallbackSender(settings.callbacks, self.client, self.redis, self.waker, self.store.ttl)
        self.submitter = Submitter(
            self.redis,
            self.store,
            self.storage,
            catalog,
            callbacks=self.callback_policy,
            inputs=input_policy(settings),
            cipher=self.callback_sender.sender.cipher,
            public_url=settings.gateway.public_url,
        )
        self.monitoring = RuntimeConfig(self.redis, settings.gpu_lock_monitor, read_section(MONITOR_SECTION))
        self.background = Background(MOST_IN_BACKGROUND)
        self.silences = Silences()
        self.clock_reader = ClockReader(self.redis)
        self.alerts = Alerts(lambda: self.monitoring.current.alert_url, self.callback_sender.sender.cipher)
        self.monitor = Monitor(self.redis, self.monitoring, self.periodic_checks)
        self.system = SystemReader(self.redis, self.store, self.storage, catalog, self.monitoring)
        self.wait_reasons = WaitReasons(self.redis, self.store, self.system)
        self.completion = Completion(self.redis, self.store, self.hub)
        places = ModelPaths(self.storage, settings.models)
        self.models = ModelRegistry(self.redis, self.system, places, KnownModels(models), settings)
        self.metrics = Metrics(self.redis, self.hub, self.system, self.callback_sender.receivers)
        self.snapshots = Snapshots(self.system, self.hub)
        self.loops = Loops((self.waker, self.hub, self.dispatcher, self.callback_sender, self.monitor, self.snapshots))
        self.access_tokens = AccessTokens(self.redis, settings.auth.token_ttl)

    def periodic_checks(self, settings: MonitorSettings) -> list[PeriodicCheck]:
        """Return the periodic checks that the leader among the gateways runs."""
        redis, store, keep = self.redis, self.store, self.settings.tasks.state_ttl
        return [
            ClockCheck(redis, store, self.alerts, self.clock_reader),
            GPULockMonitor(redis, store, settings, alerts=self.alerts, background=self.background),
            TaskHeartbeatManager(redis, store, self.storage, settings, self.alerts, silences=self.silences),
            ReplacementReporter(redis, store, settings, self.alerts),
            QueueReconciler(redis, self.catalog, settings.reconcile_interval, keep),
            WaitLimit(redis, store, settings.monitor_interval, self.explain_wait),
            Janitor(redis, self.storage, keep=keep, interval=JANITOR_INTERVAL),
        ]

    async def explain_wait(self, record: Record) -> str:
        return (await self.wait_reasons.explain(record)).message

    async def submit(
        self, request: TaskSubmission, idempotency_key: str | None = None
    ) -> tuple[Created, WorkflowContext, BackgroundTasks]:
        """Record a task and count it. The last of the three values publishes it: await it, or run it after the
        response.

        Raises:
            InvalidInput, CallbackNotAllowed, TaskIdConflict, QueueFull: nothing was recorded; see Submitter.
        """
        created, context = await self.submitter.submit(request, idempotency_key)
        self.metrics.submitted.labels(request.task_name, created.outcome).inc()
        publish = BackgroundTasks()
        if created.outcome == "created":
            publish.add_task(self.dispatcher.offer, context.model_dump(mode="json"), request.priority)
        return created, context, publish

    async def record(self, task_id: str) -> Record:
        """Return the record of a task.

        Raises:
            TaskNotFound: there is none.
        """
        record = await self.redis.run(self.store.get(task_id))
        if record is None:
            raise TaskNotFound(task_id=task_id)
        return record

    async def cancel(self, record: Record) -> Record:
        """See `cancel_task`."""
        return await cancel_task(self.redis, self.store, record)

    async def text(self, record: Record) -> TaskText:
        """See `task_text`."""
        return await task_text(self.redis, self.storage, self.catalog, record)

    async def remove(self, record: Record) -> bool:
        """Remove a task and its files, unless it has not ended. The janitor removes files that are left behind."""
        task_id = record.context.task_id
        if not record.control.status.final or await self.redis.commit(self.store.delete(record)) != "OK":
            return False
        await asyncio.to_thread(self.storage.remove_workspace, task_id)
        with suppress(StateUnavailable), translate_errors():
            await self.redis.client.srem(keys.REMOVED, task_id)
        return True

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the loops of this process until the end of the block."""
        try:
            async with self.loops.running():
                yield
        finally:
            await self.background.close()
            await self.client.aclose()
            await self.redis.close()
            await self.blocking.close()


def callback_policy(settings: Settings) -> TargetPolicy:
    return TargetPolicy(
        allowed_hosts=settings.callbacks.allowed_hosts,
        setting="callbacks.allowed_hosts",
        error=CallbackNotAllowed,
        allow_private=settings.callbacks.allow_private,
        switch="callbacks.allow_private",
        allow_public=settings.callbacks.allow_public,
    )


def input_policy(settings: Settings) -> TargetPolicy:
    return TargetPolicy(
        allowed_hosts=settings.storage.allowed_hosts,
        setting="storage.allowed_hosts",
        error=UrlNotAllowed,
        allow_public=settings.storage.allow_public,
    )
