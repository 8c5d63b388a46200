"""Wait until the local stack is ready, for as long as it makes progress."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import psutil

from cli.client import Client, Json
from cli.errors import GatewayUnreachable, StackFailed
from cli.stack.logs import tail
from cli.stack.supervisord import Process, Supervisor

PATIENCE = timedelta(seconds=90)
POLL = timedelta(milliseconds=100)
RESTARTS_ALLOWED = 2
"""A program that dies more often than this before the stack is ready is considered broken."""

LOG_LINES = 30
CPU_STEP_S = 5.0
"""CPU time that counts as progress: imports on a busy machine, or Redis loading its file. Idle loops use less."""

NEEDED = ("redis", "gateway")
"""The programs that the gateway's readiness depends on."""

Announce = Callable[[str], None]
"""Receives what the stack waits for, whenever that changes."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long to wait: without progress, and in total (None: for as long as there is progress)."""

    patience: timedelta = PATIENCE
    in_all: timedelta | None = None


@dataclass(frozen=True, slots=True)
class StartupProgress:
    """Compared to see whether a starting stack has made progress."""

    states: tuple[tuple[str, str], ...]
    answer: str
    log_bytes: int
    cpu_steps: int


@dataclass
class Startup:
    """A starting stack: whether it is ready, whether it has made progress, and what it waits for."""

    supervisor: Supervisor
    client: Client
    announce: Announce
    allowed: Mapping[str, int]
    last: StartupProgress | None = None
    moved: float = field(default_factory=time.monotonic)
    announced: str = ""
    says: Json = field(default_factory=dict)

    def ready(self) -> bool:
        """Return whether everything runs and the gateway is ready; record progress.

        Raises:
            StackFailed: a program, or supervisord, has ended for good.
        """
        processes = self.supervisor.processes()
        if processes is None:
            raise StackFailed(f"supervisord ended. See {self.supervisor.state_dir.supervisor_log}.")
        for process in processes:
            self.require_living(process)
        fine, self.says = answer(self.client)
        waiting = [process.name for process in processes if not process.running]
        self.observe(processes)
        self.report(waiting)
        return fine and not waiting

    def require_living(self, process: Process) -> None:
        if process.state == "FATAL" or process.restarts > self.allowed.get(process.name, RESTARTS_ALLOWED):
            log = tail(self.supervisor.state_dir.log_of(process.name), LOG_LINES)
            raise StackFailed(f"{process.name} does not start.", log=log)

    def observe(self, processes: list[Process]) -> None:
        """Record progress."""
        found = self.measure(processes)
        if found != self.last:
            self.last, self.moved = found, time.monotonic()

    def measure(self, processes: list[Process]) -> StartupProgress:
        needed = [process for process in processes if process.name in NEEDED]
        silent = "error" in self.says  # a gateway that answers has started: it only waits, and may log that forever
        working = needed if silent else [process for process in needed if process.name == "redis"]
        logs = [self.supervisor.state_dir.log_of(process.name) for process in working]
        return StartupProgress(
            states=tuple((process.name, process.state) for process in processes),
            answer=str(self.says),
            log_bytes=sum(log.stat().st_size for log in logs if log.exists()),
            cpu_steps=int(sum(cpu_seconds(process.pid) for process in working) / CPU_STEP_S),
        )

    def report(self, waiting: list[str]) -> None:
        text = ", ".join(waiting) or f"the gateway ({describe(self.says)})"
        if text != self.announced:
            self.announced = text
            self.announce(f"waiting for {text}")

    @property
    def still(self) -> float:
        """Seconds since the last progress."""
        return time.monotonic() - self.moved


def wait_until_ready(supervisor: Supervisor, url: str, bounds: Bounds, announce: Announce) -> None:
    """Return when the stack is ready.

    Raises:
        StackFailed: a program has ended for good, there was no progress for too long, or the time is up.
    """
    allowed = {process.name: process.restarts + RESTARTS_ALLOWED for process in supervisor.processes() or []}
    began = time.monotonic()
    with Client(url) as client:
        startup = Startup(supervisor, client, announce, allowed)
        while not startup.ready():
            if startup.still > bounds.patience.total_seconds():
                raise not_ready(startup, url, f"and there was no progress for {bounds.patience.total_seconds():g} s")
            if bounds.in_all is not None and time.monotonic() - began > bounds.in_all.total_seconds():
                raise not_ready(startup, url, f"after {bounds.in_all.total_seconds():g} s")
            time.sleep(POLL.total_seconds())


def not_ready(startup: Startup, url: str, why: str) -> StackFailed:
    return StackFailed(
        f"The gateway at {url} is not ready {why}.",
        waiting_for=startup.announced,
        gateway=startup.says,
        logs=str(startup.supervisor.state_dir.logs),
    )


def answer(client: Client) -> tuple[bool, Json]:
    """Return whether the gateway is ready, and its answer."""
    try:
        return client.ready()
    except GatewayUnreachable as error:
        return False, {"error": error.message}


def describe(says: Json) -> str:
    """Return what is missing, in a few words."""
    if "error" in says:
        return "does not answer yet"
    checks = says.get("checks", says)
    return ", ".join(f"{name}: {said}" for name, said in checks.items() if said != "ok")


def cpu_seconds(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except (psutil.Error, ValueError):  # it has ended in the meantime
        return 0.0
    return float(times.user + times.system)
