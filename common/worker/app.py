"""The Celery app. One factory for both sides: the gateway publishes with it, a worker consumes with it."""

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from celery import Celery, signals
from typing_extensions import override

from common import log
from common.contract import Contract
from common.settings import Settings
from common.worker.broker import KNOWN_TASKS, TRANSPORT
from common.worker.interface import standard_task_interface
from common.worker.memory_limit import memory_limit_mib
from common.worker.process import WorkerProcess, end_orphan
from common.worker.task import REGISTRY
from common.worker.temporary_files import leave_no_folder
from common.worker.termination import TERMINATION
from common.worker.watchdog import Watchdog

HIGHEST_PRIORITY = 9
SEPARATOR = ":"
"""Separates queue name and priority in the names of kombu's lists."""
CONNECT_TIMEOUT_S = 5
REDELIVERY_LOCK_S = 30
"""How long a worker may take to deliver ten messages again. One that dies then keeps the others from it for as long; by
kombu's default for five minutes."""
BROKER_SILENCE_S = 3
"""How long kombu considers a wait for messages healthy. If Redis dies between two of its reads, kombu may not notice,
and checks again only after twice this plus a second; by default that is 51 s.
"""
START_TIMEOUT_S = 60
"""A spawned process imports everything anew: on a busy machine that takes longer than Celery's default of 4 s."""
REQUEST = "common.worker.request:WorkerRequest"


def create_app(settings: Settings) -> Celery:
    """Return a Celery app that publishes, and that does not wait for a Redis that does not answer."""
    app = Celery("baton", set_as_current=False)
    app.conf.update(configuration(settings))
    app.conf.broker_transport_options["socket_timeout"] = settings.redis.socket_timeout.total_seconds()
    return app


def configuration(settings: Settings) -> dict[str, Any]:
    """Return the configuration shared by both sides. docs/decisions/0003-celery.md explains each choice."""
    return dict(  # noqa: C408 - reads as Celery's documentation does
        broker_url=settings.redis.url.get_secret_value(),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        broker_transport_options=transport_options(settings),
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_max_memory_per_child=memory_limit_kib(settings),
        worker_soft_shutdown_timeout=settings.worker.shutdown_grace.total_seconds(),
    )


def transport_options(settings: Settings) -> dict[str, Any]:
    return {
        "unacked_mutex_expire": REDELIVERY_LOCK_S,
        "visibility_timeout": settings.worker.visibility_timeout.total_seconds(),
        "queue_order_strategy": "priority",
        "priority_steps": list(range(HIGHEST_PRIORITY + 1)),
        "sep": SEPARATOR,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": BROKER_SILENCE_S,
    }


def memory_limit_kib(settings: Settings) -> int | None:
    limit = memory_limit_mib(settings.worker)
    return limit * 1024 if limit else None


def broker_priority(priority: int) -> int:
    """Convert our priority (9 is most urgent) to kombu's on Redis (0 is most urgent)."""
    return HIGHEST_PRIORITY - priority


class WorkerApp(Celery):  # type: ignore[misc]  # celery has no types
    """A Celery app that runs one service's tasks."""

    settings: Settings
    service: str
    held: WorkerProcess | None = None

    @property
    def process(self) -> WorkerProcess:
        """The state of this process; each child creates its own."""
        if self.held is None or self.held.pid != os.getpid():
            self.held = WorkerProcess(self.settings, self.service)
        return self.held

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        """Let a spawned child create the same app; no open connection is passed on."""
        modules = {registered.function.__module__ for registered in REGISTRY.values()}
        return restore_app, (self.settings, self.service, sorted(modules))


def restore_app(settings: Settings, service: str, modules: Sequence[str]) -> WorkerApp:
    """Return the parent's app in its spawned child; importing the modules registers their tasks."""
    for name in modules:
        import_module(name)
    return create_worker(settings, service)


def create_worker(settings: Settings, service: str) -> WorkerApp:
    """Return the app of a worker, with every task registered by `services/<service>/tasks`."""
    leave_no_folder()
    app = WorkerApp("baton", set_as_current=False)
    app.conf.update(configuration(settings), broker_transport=TRANSPORT, **child_start_options(settings))
    app.conf.broker_transport_options[KNOWN_TASKS] = frozenset(found.contract.name for found in REGISTRY.values())
    app.settings, app.service = settings, service
    app.steps["worker"].add(Watchdog)
    for registered in REGISTRY.values():
        register(app, registered.contract)
    signals.setup_logging.connect(lambda **_: log.configure(settings.log, service=service), weak=False)
    signals.worker_process_init.connect(end_orphan)
    signals.worker_process_init.connect(TERMINATION.install)
    return app


def child_start_options(settings: Settings) -> dict[str, Any]:
    """Return how task processes are started: CUDA cannot be used after a fork (docs/decisions/0003-celery.md)."""
    chosen = settings.worker.start_method
    if chosen == "auto":
        chosen = "spawn" if uses_gpu(settings) else "fork"
    return {"worker_pool_start_method": chosen, "worker_proc_alive_timeout": START_TIMEOUT_S}


def uses_gpu(settings: Settings) -> bool:
    return settings.gpu.device == "nvidia" or any(registered.contract.needs_gpu for registered in REGISTRY.values())


def register(app: Celery, contract: Contract) -> None:
    app.task(
        standard_task_interface,
        name=contract.name,
        bind=True,
        lazy=False,  # otherwise Celery binds it to whatever app is current in a spawned child
        Request=REQUEST,
        soft_time_limit=contract.soft_time_limit.total_seconds(),
        time_limit=contract.hard_time_limit.total_seconds(),
    )
