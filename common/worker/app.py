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
from common.worker.process import WorkerProcess, end_orphan
from common.worker.task import REGISTRY
from common.worker.temporary_files import leave_no_folder
from common.worker.termination import TERMINATION
from common.worker.watchdog import Watchdog

HIGHEST_PRIORITY = 9
SEPARATOR = ":"
"""Between a queue's name and the priority in the names of kombu's lists."""
CONNECT_TIMEOUT_S = 5
REDELIVERY_LOCK_S = 30
"""How long a worker may take to deliver ten messages again. One that dies then keeps the others from it for as long; by
kombu's default for five minutes."""
BROKER_SILENCE_S = 3
"""How long kombu takes a wait for messages for healthy. When Redis dies between two of its reads it may notice nothing,
and then looks again only after twice this and a second: of its own accord, after 51 s."""
START_TIMEOUT_S = 60
"""A spawned process imports everything anew: on a busy machine that takes longer than Celery's own 4 s."""
REQUEST = "common.worker.request:TaskRequest"


def create_app(settings: Settings) -> Celery:
    """Return a Celery app that publishes, and gives up on a Redis that does not answer."""
    app = Celery("baton", set_as_current=False)
    app.conf.update(configuration(settings))
    app.conf.broker_transport_options["socket_timeout"] = settings.redis.socket_timeout.total_seconds()
    return app


def configuration(settings: Settings) -> dict[str, Any]:
    """Return what both sides share. What each choice prevents: docs/decisions/0003-celery.md."""
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
    limit = settings.worker.max_memory_mib
    return limit * 1024 if limit else None


def broker_priority(priority: int) -> int:
    """Turn ours (9 is most urgent) into kombu's on Redis (0 is most urgent)."""
    return HIGHEST_PRIORITY - priority


class WorkerApp(Celery):  # type: ignore[misc]  # celery has no types
    """A Celery app that runs one service's tasks."""

    settings: Settings
    service: str
    held: WorkerProcess | None = None

    @property
    def process(self) -> WorkerProcess:
        """What this process holds; a child makes its own."""
        if self.held is None or self.held.pid != os.getpid():
            self.held = WorkerProcess(self.settings, self.service)
        return self.held

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        """Let a spawned child make the same app for itself; nothing that is open here reaches it."""
        modules = {registered.function.__module__ for registered in REGISTRY.values()}
        return remade, (self.settings, self.service, sorted(modules))


def remade(settings: Settings, service: str, modules: Sequence[str]) -> WorkerApp:
    """Return the app of the parent in its spawned child; importing the modules registers their tasks."""
    for name in modules:
        import_module(name)
    return create_worker(settings, service)


def create_worker(settings: Settings, service: str) -> WorkerApp:
    """Return the app of a worker, with every task that `services/<service>/tasks` has registered."""
    leave_no_folder()
    app = WorkerApp("baton", set_as_current=False)
    app.conf.update(configuration(settings), broker_transport=TRANSPORT, **start_of_children(settings))
    app.conf.broker_transport_options[KNOWN_TASKS] = frozenset(found.contract.name for found in REGISTRY.values())
    app.settings, app.service = settings, service
    app.steps["worker"].add(Watchdog)
    for registered in REGISTRY.values():
        register(app, registered.contract)
    signals.setup_logging.connect(lambda **_: log.configure(settings.log, service=service), weak=False)
    signals.worker_process_init.connect(end_orphan)
    signals.worker_process_init.connect(TERMINATION.install)
    return app


def start_of_children(settings: Settings) -> dict[str, Any]:
    """Return how the processes start that run tasks: no CUDA in one that was forked (docs/decisions/0003-celery.md)."""
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
        lazy=False,  # else, in a spawned child, Celery gives it to whatever app is current
        Request=REQUEST,
        soft_time_limit=contract.soft_time_limit.total_seconds(),
        time_limit=contract.hard_time_limit.total_seconds(),
    )
