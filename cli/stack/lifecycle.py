"""Bringing the local stack up, and seeing that nothing of it is left when it goes down."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psutil

from cli.client import Client, Json
from cli.errors import GatewayUnreachable, StackFailed
from cli.stack.folder import StateDir, write_private
from cli.stack.plan import TAG, Plan
from cli.stack.supervisord import Process, Supervisor

READY_TIMEOUT = timedelta(seconds=90)
STOP_TIMEOUT = timedelta(seconds=90)
"""As long as supervisord may need: for the workers together, then the gateway, then Redis."""

KILL_TIMEOUT = timedelta(seconds=10)
POLL = timedelta(milliseconds=100)
RESTARTS_ALLOWED = 2
"""A program that dies more often than this before the stack is ready will not make it."""

LOG_LINES = 30


def up(plan: Plan, within: timedelta = READY_TIMEOUT) -> bool:
    """Start the stack and wait until it is ready; False when it was running already.

    Raises:
        PortInUse: the gateway's port is taken.
        StackFailed: a program keeps dying, or none was ready in time. Nothing is left running.
    """
    supervisor = Supervisor(plan.state_dir)
    if supervisor.processes() is not None:
        supervisor.start_stopped()
        wait_until_ready(supervisor, plan.state_dir.running_url() or plan.url, within)
        return False
    down(plan.state_dir)  # what a killed supervisord left
    plan.require_free_port()
    plan.prepare()
    try:
        supervisor.start(plan.programs(), plan.environment)
        write_private(plan.state_dir.address, json.dumps({"url": plan.url, "redis_url": plan.redis_url}))
        wait_until_ready(supervisor, plan.url, within)
    except BaseException:  # also Ctrl-C: nothing half started stays behind
        down(plan.state_dir)
        raise
    return True


def wait_until_ready(supervisor: Supervisor, url: str, within: timedelta) -> None:
    allowed = {process.name: process.restarts + RESTARTS_ALLOWED for process in supervisor.processes() or []}
    with Client(url) as client:
        if not wait_until(lambda: ready(supervisor, client, allowed), within):
            _, says = answer(client)
            raise StackFailed(
                f"The gateway at {url} is not ready after {within.total_seconds():g} s.",
                gateway=says,
                logs=str(supervisor.state_dir.logs),
            )


def ready(supervisor: Supervisor, client: Client, allowed: Mapping[str, int]) -> bool:
    processes = supervisor.processes()
    if processes is None:
        raise StackFailed(f"supervisord ended. See {supervisor.state_dir.supervisor_log}.")
    for process in processes:
        if process.state == "FATAL" or process.restarts > allowed.get(process.name, RESTARTS_ALLOWED):
            raise StackFailed(
                f"{process.name} does not start.", log=tail(supervisor.state_dir.log_of(process.name), LOG_LINES)
            )
    return all(process.running for process in processes) and answer(client)[0]


def answer(client: Client) -> tuple[bool, Json]:
    """Return whether the gateway is ready, and what it says."""
    try:
        return client.ready()
    except GatewayUnreachable as error:
        return False, {"error": error.message}


def down(state_dir: StateDir) -> list[str]:
    """Stop everything of this state directory and see it gone; return the names of what ran.

    Raises:
        StackFailed: a process does not even end when killed.
    """
    supervisor = Supervisor(state_dir)
    watched = supervisor.processes()
    found = family(state_dir)
    if watched is not None:
        supervisor.shutdown()
        gone(found, STOP_TIMEOUT)
    left = {*found, *members(state_dir)}
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    if not gone(left, KILL_TIMEOUT):
        raise StackFailed(f"These processes do not end: {', '.join(str(process.pid) for process in left)}.")
    for path in (state_dir.address, state_dir.socket, state_dir.pid_file):
        path.unlink(missing_ok=True)
    names = [process.name for process in watched or [] if process.pid]
    return names or [f"pid {process.pid}" for process in left]


def family(state_dir: StateDir) -> set[psutil.Process]:
    """Return the stack's processes with all their children: ffmpeg may run with an environment of its own."""
    found = members(state_dir)
    for process in tuple(found):
        with suppress(psutil.Error):
            found.update(process.children(recursive=True))
    return found


def members(state_dir: StateDir) -> set[psutil.Process]:
    """Return every living process that was started for this state directory."""
    return {process for process in psutil.process_iter() if belongs(process, state_dir)}


def belongs(process: psutil.Process, state_dir: StateDir) -> bool:
    """Say whether it carries the stack's tag. Redis writes its title over its environment: its folder tells."""
    try:
        if process.name().startswith("redis-server"):
            return Path(process.cwd()) == state_dir.redis
        return process.environ().get(TAG) == str(state_dir.root)
    except psutil.Error:  # another user's, or gone in the meantime
        return False


def gone(processes: set[psutil.Process], within: timedelta) -> bool:
    """Wait until all have ended. A zombie has: its parent may be an init that never collects it."""
    return wait_until(lambda: not any(alive(process) for process in processes), within)


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], bool], within: timedelta) -> bool:
    deadline = time.monotonic() + within.total_seconds()
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL.total_seconds())
    return True


def tail(path: Path, lines: int) -> str:
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def states(state_dir: StateDir) -> list[Process]:
    return Supervisor(state_dir).processes() or []
