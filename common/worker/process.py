"""What one worker process holds: its settings, its Redis, its storage. Made after the fork, once a process."""

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
from common.worker.memory import give_back_what_is_freed
from common.worker.soft_limit import SoftLimit
from common.worker.termination import TERMINATION

if TYPE_CHECKING:
    from common.worker.request import Loss

DEATH = timedelta(seconds=5)
"""How long a killed process may take to leave the kernel."""
LOOK_S = 0.01


class WorkerProcess:
    """Built in the child that runs tasks and, for the watchdog, in its parent; never shared between the two."""

    def __init__(self, settings: Settings, service: str) -> None:
        give_back_what_is_freed()
        self.pid = os.getpid()
        self.settings = settings
        self.service = service
        self.redis = SyncRedis(settings.redis)
        self.store = StateStore(settings.tasks)
        self.soft_limit = SoftLimit()
        self.termination = TERMINATION
        self.storage = Storage(settings.storage.share, min_free_bytes=settings.storage.min_free_bytes)
        if parent_pid() is None:  # a child may start while share is away, and would fill the mount point
            self.storage.prepare()
        self.unreported: deque[Loss] = deque()
        """In the parent: losses that Redis has not been told of yet."""

    @cached_property
    def gpu(self) -> Gpu:
        """The cards, found when the first task asks for them: never in the parent."""
        return Gpu(self.redis, self.settings, self.gpu_host, self.name)

    @property
    def gpu_host(self) -> str:
        return self.settings.gpu.host or socket.gethostname()

    @property
    def name(self) -> str:
        return worker_name(self.service, self.pid)


def worker_name(service: str, pid: int) -> str:
    """Return the name that a claim is made under: unique while the process lives."""
    return f"{service}@{socket.gethostname()}/{pid}"


def kill_tree(pid: int) -> list[psutil.Process]:
    """Kill a process and all it has started; return them. `pid` is our own child, so it cannot be another's by now."""
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
    """Kill all that this process has started, then this process."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    os.kill(os.getpid(), signal.SIGKILL)


def end_tree(pid: int, patience: timedelta = DEATH) -> bool:
    """Kill as `kill_tree` does and see all of it gone; False when something lives on, such as a call into a driver."""
    killed = kill_tree(pid)
    until = monotonic() + patience.total_seconds()
    while not all(has_ended(process) for process in killed):
        if monotonic() >= until:
            return False
        Event().wait(LOOK_S)
    return True


def has_ended(process: psutil.Process) -> bool:
    """Tell whether a process has let go of all it held. One that waits for its parent to notice has, once its last
    thread has left the kernel.
    """
    try:
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
    except psutil.NoSuchProcess:
        return True


def parent_pid() -> int | None:
    """Return the worker that this process is a child of; None in the worker itself."""
    pid: int | None = current_process()._parent_pid  # noqa: SLF001 - billiard has no other word for it
    return pid


def end_orphan(**_: object) -> None:
    """End this child if its parent died before the kernel was asked to end it with its parent, as Celery does."""
    parent = parent_pid()
    if parent and os.getppid() != parent:
        os._exit(1)


def stopping() -> bool:
    """Tell whether this worker was told to stop. Celery keeps the exit code, which may be 0, or else None or False."""
    codes = (celery_state.should_stop, celery_state.should_terminate)
    return any(code is not None and code is not False for code in codes)
