"""The GPU lock among sixteen processes that are killed and frozen, over a Redis that is paused and killed too."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from time import monotonic

import psutil
import pytest

from common.state import keys
from tests.support.faults import let_pass
from tests.support.gpu_chaos import HOST, LEASE_S, Chaos, work
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

PROCESSES = 16
ACQUISITIONS = 5_000
LOCK = keys.gpu_lock(HOST, "0")
Written = tuple[str, int, str]


class Conductor:
    """Keeps sixteen processes going, and hurts them and their Redis."""

    def __init__(self, chaos: Chaos, redis: RedisServer, dice: Random) -> None:
        self.chaos = chaos
        self.redis = redis
        self.dice = dice
        self.context = get_context("forkserver")
        self.context.set_forkserver_preload(["tests.support.gpu_chaos"])
        self.processes = [self.start() for _ in range(PROCESSES)]
        self.frozen: dict[int, float] = {}
        self.done = {"kill": 0, "freeze": 0, "pause Redis": 0, "restart Redis": 0}

    def start(self) -> ForkServerProcess:
        process = self.context.Process(target=work, args=(self.chaos,), daemon=True)
        process.start()
        return process

    def lease_count(self) -> int:
        return int(self.redis.client.get("chaos:taken") or 0)

    def inject_fault(self) -> None:
        """Do one thing at random; most of what hurts a holder the processes do to themselves."""
        actions: dict[Callable[[], None], int] = {
            self.kill: 6,
            self.freeze: 1,
            self.pause_redis: 1,
            self.restart_redis: 1,
        }
        self.dice.choices(list(actions), list(actions.values()))[0]()

    def kill(self) -> None:
        self.done["kill"] += 1
        self.send(self.dice.choice(self.processes), signal.SIGKILL)

    def freeze(self) -> None:
        self.done["freeze"] += 1
        self.send(self.dice.choice(self.processes), signal.SIGSTOP)

    def pause_redis(self) -> None:
        self.done["pause Redis"] += 1
        self.redis.signal(signal.SIGSTOP)
        let_pass(self.dice.uniform(0.1, 1.2))  # with luck longer than a socket timeout and a lease
        self.redis.signal(signal.SIGCONT)

    def restart_redis(self) -> None:
        self.done["restart Redis"] += 1
        self.redis.kill()
        self.redis.start()

    def tend(self) -> None:
        """Replace the dead, and wake the frozen when their lease is over."""
        for place, process in enumerate(self.processes):
            if process.exitcode == -signal.SIGKILL:
                self.processes[place] = self.start()
            elif is_stopped(process):
                since = self.frozen.setdefault(self.pid(process), monotonic())
                if monotonic() - since > LEASE_S * 1.3:
                    self.send(process, signal.SIGCONT)
            else:
                self.frozen.pop(self.pid(process), None)

    def send(self, process: ForkServerProcess, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid(process), number)

    @staticmethod
    def pid(process: ForkServerProcess) -> int:
        assert process.pid
        return process.pid

    def have_all_ended(self) -> bool:
        self.tend()
        return all(process.exitcode == 0 for process in self.processes)

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.join()


def is_stopped(process: ForkServerProcess) -> bool:
    try:
        return bool(psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def conductor(tmp_path: Path) -> Iterator[Conductor]:
    server = RedisServer(tmp_path / "redis").start()
    chaos = Chaos(server.url, tmp_path / "holds.log", ACQUISITIONS)
    made = Conductor(chaos, server, Random(20261122))
    yield made
    made.end()
    server.stop()


@pytest.mark.timeout(300)
def test_no_fault_makes_two_hold_or_one_wait_for_ever(conductor: Conductor) -> None:
    while conductor.lease_count() < ACQUISITIONS:
        conductor.inject_fault()
        let_pass(conductor.dice.uniform(0.4, 1.2))
        conductor.tend()
    wait_until(conductor.have_all_ended, timeout=60)  # each of them has had the lock once more

    redis = conductor.redis.client
    entries: list[str] = redis.lrange("chaos:log", 0, -1)
    written = [(word, int(fence), owner) for word, fence, owner in (entry.split(" ", 2) for entry in entries)]
    refused = int(redis.get("chaos:refused") or 0)
    print(f"{len(written)} writes, {refused} refused; {conductor.done}")  # noqa: T201 - shown by -s

    assert min(conductor.done.values()) > 0
    assert refused >= 5, "some came back to a lease that was not theirs any more"
    every_fence_is_larger_than_the_last(written)
    no_two_valid_holds_overlap(conductor.chaos.holds)
    assert not redis.exists(LOCK)
    assert redis.zcard(f"{LOCK}:queue") == 0


def every_fence_is_larger_than_the_last(written: list[Written]) -> None:
    """In the order in which Redis accepted them."""
    assert sum(word == "start" for word, _, _ in written) >= ACQUISITIONS
    for (_, fence, owner), (word, next_fence, next_owner) in pairwise(written):
        if word == "start":
            assert next_fence > fence
        else:
            assert (next_fence, next_owner) == (fence, owner)


def no_two_valid_holds_overlap(log: Path) -> None:
    """By the machine's own clock."""
    holds = sorted(tuple(map(float, line.split())) for line in log.read_text().splitlines())
    assert len(holds) > ACQUISITIONS * 0.9
    for (_, ended, fence), (began, _, next_fence) in pairwise(holds):
        assert ended <= began
        assert fence < next_fence
