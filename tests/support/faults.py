"""Fault injection into a running stack, and the state that must be found afterwards."""

import json
import os
import signal
import subprocess
from collections import defaultdict
from pathlib import Path
from time import monotonic

import psutil

from tests.support.stack import Stack, children
from tests.support.waiting import wait_until


def child_of(stack: Stack, task_id: str) -> int:
    """Return the pid of the process that runs the task."""
    stack.wait_for(task_id, "RUNNING")
    worker: str = stack.redis.client.hget(f"task_control:{task_id}", "worker") or ""
    return int(worker.rpartition("/")[2])


def children_of(stack: Stack, service: str) -> list[int]:
    """Return the pids of the processes that run a service's tasks, as its workers report them."""
    told = [stack.redis.client.get(key) for key in stack.workers(service)]
    return [pid for presence in told for pid in json.loads(presence)["children"]]


def kill_worker(worker: subprocess.Popen[bytes]) -> None:
    """Kill a worker's parent process and all its descendants at once."""
    for pid in (worker.pid, *children(worker)):
        os.kill(pid, signal.SIGKILL)
    worker.wait()


def ffmpegs_of(pid: int) -> list[int]:
    """Return the pids of the ffmpeg processes that a worker's child has started."""
    return [child.pid for child in psutil.Process(pid).children() if "ffmpeg" in child.name()]


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def pause(server_signal: signal.Signals, pid: int) -> None:
    os.kill(pid, server_signal)


def let_pass(seconds: float) -> None:
    """Keep a fault in place for some time. Do not use this to wait for a result."""
    began = monotonic()
    wait_until(lambda: monotonic() - began >= seconds, timeout=seconds + 5)


def broker_queue(priority: int = 5) -> str:
    """Return the broker's list for one of Baton's priorities; kombu counts in the opposite direction."""
    return f"testing:{9 - priority}" if priority < 9 else "testing"


def wait_for_messages(stack: Stack, count: int = 1) -> list[str]:
    """Wait until the broker holds `count` messages, and return them undecoded, the next one last."""
    name = broker_queue()
    wait_until(lambda: stack.redis.client.llen(name) == count)
    messages: list[str] = stack.redis.client.lrange(name, 0, -1)
    return messages


def is_broker_empty(stack: Stack) -> bool:
    """Return whether the broker holds no message, delivered or not, and no task waits for dispatch."""
    client = stack.redis.client
    lists = [name for name in client.scan_iter("testing*", _type="list") if client.llen(name)]
    return not lists and not client.hlen("unacked") and not client.zcard("tasks:dispatch")


def codes(stack: Stack, task_id: str) -> list[str]:
    """Return the task's signals and errors in order, without its progress."""
    told = stack.events(task_id)
    return [data.partition('"code":"')[2].partition('"')[0] for kind, data in told if kind != "progress"]


def partial_files(stack: Stack) -> list[Path]:
    return list((stack.share / "workflows").rglob("*.partial/**"))


def starts(stack: Stack) -> dict[str, int]:
    """Return how many times each task started, and assert that none ran twice at the same time."""
    begun: dict[str, int] = defaultdict(int)
    running: dict[str, int] = defaultdict(int)
    for line in (stack.share / "runs.log").read_text().splitlines():
        what, task_id, _attempt, _pid = line.split()
        begun[task_id] += what == "start"
        running[task_id] += 1 if what == "start" else -1
        assert running[task_id] <= 1, f"{task_id} ran twice at the same time"
    return begun
