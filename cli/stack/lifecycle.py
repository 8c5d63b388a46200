"""Start the local stack, and stop it without leaving anything behind."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psutil

from cli.errors import StackFailed
from cli.stack.folder import StateDir, write_private
from cli.stack.plan import TAG, Plan
from cli.stack.readiness import Announce, Bounds, wait_until_ready
from cli.stack.supervisord import Process, Supervisor

STOP_TIMEOUT = timedelta(seconds=90)
"""Maximum time of supervisord's shutdown: the workers together, then the gateway, then Redis."""

KILL_TIMEOUT = timedelta(seconds=10)
POLL = timedelta(milliseconds=100)


def up(plan: Plan, bounds: Bounds = Bounds(), announce: Announce = lambda _: None) -> bool:  # noqa: B008 - frozen
    """Start the stack and wait until it is ready; returns False if it was already running.

    Raises:
        PortInUse: the gateway's port is taken.
        StackFailed: a program keeps dying, or there is no progress any more. Nothing is left running.
    """
    supervisor = Supervisor(plan.state_dir)
    if supervisor.processes() is not None:
        supervisor.start_stopped()
        wait_until_ready(supervisor, plan.state_dir.running_url() or plan.url, bounds, announce)
        return False
    down(plan.state_dir)  # leftovers of a killed supervisord
    plan.require_free_port()
    plan.prepare()
    try:
        supervisor.start(plan.programs(), plan.environment)
        write_private(plan.state_dir.address, json.dumps({"url": plan.url, "redis_url": plan.redis_url}))
        wait_until_ready(supervisor, plan.url, bounds, announce)
    except BaseException:  # also Ctrl-C: nothing half started stays behind
        down(plan.state_dir)
        raise
    return True


def down(state_dir: StateDir) -> list[str]:
    """Stop everything of this state directory and wait until it is gone; return the names of what was running.

    Raises:
        StackFailed: a process does not even end when killed.
    """
    supervisor = Supervisor(state_dir)
    watched = supervisor.processes()
    found = family(state_dir)
    if watched is not None:
        supervisor.shutdown()
        wait_until_ended(found, STOP_TIMEOUT)
    left = {*found, *members(state_dir)}
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    if not wait_until_ended(left, KILL_TIMEOUT):
        raise StackFailed(f"These processes do not end: {', '.join(str(process.pid) for process in left)}.")
    for path in (state_dir.address, state_dir.socket, state_dir.pid_file):
        path.unlink(missing_ok=True)
    names = [process.name for process in watched or [] if process.pid]
    return names or [f"pid {process.pid}" for process in left]


def family(state_dir: StateDir) -> set[psutil.Process]:
    """Return the stack's processes with all their children: ffmpeg may run with its own environment."""
    found = members(state_dir)
    for process in tuple(found):
        with suppress(psutil.Error):
            found.update(process.children(recursive=True))
    return found


def members(state_dir: StateDir) -> set[psutil.Process]:
    """Return every living process that was started for this state directory."""
    return {process for process in psutil.process_iter() if is_member(process, state_dir)}


def is_member(process: psutil.Process, state_dir: StateDir) -> bool:
    """Return whether it carries the stack's tag. Redis overwrites its environment with its title: its folder identifies
    it.
    """
    try:
        if process.name().startswith("redis-server"):
            return Path(process.cwd()) == state_dir.redis
        return process.environ().get(TAG) == str(state_dir.root)
    except psutil.Error:  # another user's, or gone in the meantime
        return False


def wait_until_ended(processes: set[psutil.Process], within: timedelta) -> bool:
    """Wait until all have ended. A zombie has: its parent may be an init that never reaps it."""
    return wait_until(lambda: not any(is_running(process) for process in processes), within)


def is_running(process: psutil.Process) -> bool:
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


def states(state_dir: StateDir) -> list[Process]:
    return Supervisor(state_dir).processes() or []
