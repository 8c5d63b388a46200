"""State of a worker process: settings, Redis, storage. Created after the fork, once per process."""

from __future__ import annotations

import os
import signal
import socket
from collections import deque
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

import psutil
from billiard import current_process
from celery.worker import state as celery_state

from common.files.storage import Storage
from common.gpu.session import Gpu
from common.settings import Settings
from common.state.client import SyncRedis
from common.state.store import StateStore
from common.worker.memory import return_freed_memory
from common.worker.memory_watch import MemoryWatch
from common.worker.soft_limit import SoftLimit
from common.worker.termination import TERMINATION

if TYPE_CHECKING:
    from common.worker.request import Loss

DEATH = timedelta(seconds=5)
"""How long a killed process may take to disappear."""
LOOK_S = 0.01


class WorkerProcess:
    """Created in the child that runs tasks and, for the watchdog, in its parent; never shared between them."""

    def __init__(self, settings: Settings, service: str) -> None:
        return_freed_memory()
        self.pid = os.getpid()
        self.settings = settings
        self.service = service
        longest_answer = settings.gpu_lock_monitor.heartbeat.longest_answer
        self.redis = SyncRedis(settings.redis, timeout=min(settings.redis.socket_timeout, longest_answer))
        self.store = StateStore(settings.tasks)
        self.soft_limit = SoftLimit()
        self.termination = TERMINATION
        self.storage = Storage(settings.storage.share, min_free_bytes=settings.storage.min_free_bytes)
        if parent_pid() is None:  # a child may start while share is unavailable, and would write into the mount point
            self.storage.prepare()
        self.broken = False
        """In a child: it cannot run another task, and ends after this one."""
        self.memory = MemoryWatch()
        """In the parent: of its children."""
        self.unreported: deque[Loss] = deque()
        """In the parent: losses that have not been reported to Redis yet."""

    @cached_property
    def gpu(self) -> Gpu:
        """The GPUs, detected when the first task needs them: never in the parent."""
        return Gpu(self.redis, self.settings, self.gpu_host, self.name)

    @property
    def gpu_host(self) -> str:
        return self.settings.gpu.host or socket.gethostname()

    @property
    def name(self) -> str:
        return worker_name(self.service, self.pid)


def worker_name(service: str, pid: int) -> str:
    """Return the name under which tasks are claimed: unique while the process lives."""
    return f"{service}@{socket.gethostname()}/{pid}"


def kill_tree(pid: int) -> list[psutil.Process]:
    """Kill a process and its descendants; return them. `pid` is our own child, so it cannot have been reused."""
    try:
        root = psutil.Process(pid)
        below = root.children(recursive=True)
        os.kill(pid, signal.SIGKILL)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return []
    for process in below:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return [root, *below]


def kill_own_tree() -> None:
    """Kill all descendants of this process, then this process."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    os.kill(os.getpid(), signal.SIGKILL)


def end_tree(pid: int, patience: timedelta = DEATH) -> bool:
    """Kill as `kill_tree` does and wait until all are gone; False if one survives, for example in a driver call."""
    killed = kill_tree(pid)
    until = monotonic() + patience.total_seconds()
    while not all(has_ended(process) for process in killed):
        if monotonic() >= until:
            return False
        Event().wait(LOOK_S)
    return True


def has_ended(process: psutil.Process) -> bool:
    """Return whether a process has released all it held. A zombie has, once its last thread has left the kernel."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
    except psutil.NoSuchProcess:
        return True


def parent_pid() -> int | None:
    """Return the worker that this process is a child of; None in the worker itself."""
    pid: int | None = current_process()._parent_pid  # noqa: SLF001 - billiard has no other word for it
    return pid


def end_orphan(**_: object) -> None:
    """End this child if its parent died before Celery could ask the kernel to end the child with it."""
    parent = parent_pid()
    if parent and os.getppid() != parent:
        os._exit(1)


def is_stopping() -> bool:
    """Return whether this worker was told to stop. Celery stores the exit code, which may be 0, or None or False."""
    codes = (celery_state.should_stop, celery_state.should_terminate)
    return any(code is not None and code is not False for code in codes)
