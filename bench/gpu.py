"""The GPU lock compared with common alternatives, in one run on one machine: `python -m bench.gpu`.

Eight processes hold the lock in turn, 200 times for 200 ms in total, each with pauses of 50 ms in between. The
alternatives are polled SETNX (0.5 s, doubling to 5 s), redis-py's Lock, and python-redis-lock if it is installed. Then
it measures how soon a waiter gets the lock after its holder was killed or frozen.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from random import uniform
from statistics import mean, median
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic
from typing import Any

import redis
from redis.connection import AbstractConnection
from typing_extensions import override

from bench.result import keep
from bench.rig import ROOT, Rig, percentile
from common.gpu.leases import release_of
from common.gpu.lock import Claim, GpuLock
from common.settings import GpuLockSettings, RedisSettings
from common.state.client import SyncRedis

WAITERS, HOLDS, HOLD_S, PAUSE_S = 8, 200, 0.2, 0.05
LEASE_S = 15
AS_GOOD_AS_AT_ONCE_S = 0.01
"""Requests this close may reach Redis in a different order."""
KILLS, FREEZES, FROZEN_LEASE_S = 8, 3, 6
TURNS = "bench:turns"
FREE_UNLESS_MINE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

Held = Callable[[], AbstractContextManager[object]]


# ---- the locks ----


def baton_lock(url: str, lease_s: float = LEASE_S) -> Held:
    settings = GpuLockSettings.model_validate({"lock_timeout": lease_s})
    lock = GpuLock(SyncRedis(RedisSettings.model_validate({"url": url})), settings, "bench", ["0"])
    claim = Claim(task_id="bench", worker=f"bench@here/{os.getpid()}")
    return lambda: lock.lease(claim, check=lambda: None)


def polling_lock(url: str) -> Held:
    client = redis.Redis.from_url(url)
    release = client.register_script(FREE_UNLESS_MINE)
    me = str(os.getpid())

    @contextmanager
    def held() -> Iterator[None]:
        pause = 0.5
        while not client.set("polling", me, nx=True, ex=LEASE_S):
            Event().wait(pause)
            pause = min(pause * 2, 5.0)
        yield
        release(keys=["polling"], args=[me])

    return held


def redis_py(url: str) -> Held:
    client = redis.Redis.from_url(url)
    return lambda: client.lock("redis_py", timeout=LEASE_S)


def python_redis_lock(url: str) -> Held:
    import redis_lock  # noqa: PLC0415 - optional

    client = redis.Redis.from_url(url)
    return lambda: redis_lock.Lock(client, "python_redis_lock", expire=LEASE_S, auto_renewal=True)


LOCKS: Mapping[str, Callable[[str], Held]] = {
    "ours": baton_lock,
    "polling": polling_lock,
    "redis_py": redis_py,
    "python_redis_lock": python_redis_lock,
}


# ---- a process that takes its turns ----


def take_turns(name: str, url: str) -> None:
    """Hold until no turns are left; print when each was requested, acquired and released, and the commands sent."""
    held, counter, turns = LOCKS[name](url), redis.Redis.from_url(url), []
    counter.ping()
    sent = count_commands()
    say("ready")
    sys.stdin.readline()
    while counter.incr(TURNS) <= HOLDS:
        sent[0] -= 1  # excludes the command that counts turns
        asked = monotonic()
        with held():
            got = monotonic()
            Event().wait(HOLD_S)
            leaving = monotonic()
        turns.append((asked, got, leaving))
        Event().wait(PAUSE_S)
    say(json.dumps({"turns": turns, "sent": sent[0] - 1}))


def count_commands() -> list[int]:
    connection: Any = AbstractConnection
    sent, send = [0], connection.send_packed_command

    def count_and_send(*arguments: Any, **options: Any) -> Any:
        sent[0] += 1
        return send(*arguments, **options)

    connection.send_packed_command = count_and_send
    return sent


def hold_for_ever(url: str) -> None:
    with baton_lock(url, FROZEN_LEASE_S)():
        say("held")
        Event().wait()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


# ---- measurements ----


class Process(AbstractContextManager["Process"]):
    """A process that takes turns, with its pipes."""

    def __init__(self, *arguments: str, module: str = "bench.gpu") -> None:
        command = [sys.executable, "-m", module, *arguments]
        self.popen = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    @override
    def __exit__(self, *_: object) -> None:
        self.popen.kill()
        self.popen.communicate()

    def hear(self) -> str:
        assert self.popen.stdout
        return self.popen.stdout.readline()

    def go(self) -> None:
        self.tell("go")

    def tell(self, line: str) -> None:
        assert self.popen.stdin
        self.popen.stdin.write(f"{line}\n")


def race(rig: Rig, name: str) -> dict[str, float]:
    """Let all waiters take turns with one kind of lock."""
    rig.client.flushall()
    processes = [Process("turns", name, rig.url) for _ in range(WAITERS)]
    for process in processes:
        process.hear()
    for process in processes:
        process.go()
    told = [json.loads(process.hear()) for process in processes]
    for process in processes:
        process.__exit__()
    turns = sorted((tuple(turn) for process in told for turn in process["turns"]), key=lambda turn: turn[1])
    return figures(turns, sum(process["sent"] for process in told))


def figures(turns: list[tuple[float, float, float]], sent: int) -> dict[str, float]:
    """Compute from (asked, got, leaving), ordered by `got`. A handover lasts from `leaving` to the next `got`."""
    pairs = list(pairwise(turns))
    handovers = [(got - left) * 1000 for (_, _, left), (asked, got, _) in pairs if asked < left]
    waits = [got - asked for asked, got, _ in turns[WAITERS:]]  # the first ones found no queue
    span = turns[-1][2] - turns[0][1]
    return {
        "handover_p50_ms": median(handovers),
        "handover_p99_ms": percentile(handovers, 99),
        "utilisation": sum(left - got for _, got, left in turns) / span,
        "max_over_mean_wait": max(waits) / mean(waits),
        "inversions": sum(after[0] < before[0] - AS_GOOD_AS_AT_ONCE_S for before, after in pairs),
        "overlaps": sum(after[1] < before[2] for before, after in pairs),
        "commands_a_hold": sent / len(turns),
    }


def recovery(rig: Rig, strike: Callable[[Process], None]) -> float:
    """Return the seconds from the strike on the holder until the waiter has the lock."""
    rig.client.flushall()
    with Process("hold", rig.url) as holder, Process("waiter", rig.url) as waiter:
        holder.hear()
        waiter.hear()
        waiter.go()
        Event().wait(uniform(2.0, 3.0))  # until the waiter polls at its longest interval
        struck = monotonic()
        strike(holder)
        return float(waiter.hear()) - struck


def wait_once(url: str) -> None:
    held = baton_lock(url, FROZEN_LEASE_S)
    say("ready")
    sys.stdin.readline()
    with held():
        say(str(monotonic()))


def kill(holder: Process) -> None:
    holder.popen.kill()


def freeze(holder: Process) -> None:
    holder.popen.send_signal(signal.SIGSTOP)


def kill_with_parent(url: str) -> Callable[[Process], None]:
    """Return a strike that kills the holder and then cleans up as the worker's parent does after a child's death."""
    parent = SyncRedis(RedisSettings.model_validate({"url": url}))

    def kill_and_report(holder: Process) -> None:
        holder.popen.kill()
        holder.popen.wait()
        parent.run(release_of(f"bench@here/{holder.popen.pid}", "child_died"))

    return kill_and_report


def recoveries(rig: Rig) -> dict[str, float]:
    parents = [recovery(rig, kill_with_parent(rig.url)) for _ in range(KILLS)]
    kills = [recovery(rig, kill) for _ in range(KILLS)]
    freezes = [recovery(rig, freeze) for _ in range(FREEZES)]
    return {
        "child_p50_s": median(parents),
        "child_max_s": max(parents),
        "worker_p50_s": median(kills),
        "worker_max_s": max(kills),
        "host_max_s": max(freezes),
        "host_lease_s": FROZEN_LEASE_S,
    }


def main(names: list[str]) -> None:
    absent = {name for name in ("python_redis_lock",) if not find_spec("redis_lock")}
    wanted = [name for name in names or LOCKS if name not in absent]
    with TemporaryDirectory() as folder, Rig(Path(folder)) as rig:
        races = {name: race(rig, name) for name in wanted}
        recovered = recoveries(rig)
    columns = list(next(iter(races.values())))
    say("".join(f"{title:>20}" for title in ("", *columns)))
    for name, row in races.items():
        say(f"{name:>20}" + "".join(f"{row[column]:>20.3f}" for column in columns))
    for name in absent:
        say(f"{name:>20}  left out: it is not installed (pip install --target)")
    for title, seconds in recovered.items():
        say(f"{title:>20}{seconds:>20.3f}")
    keep("gpu", races=races, recovery=recovered)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["turns", lock_name, redis_url]:
            take_turns(lock_name, redis_url)
        case ["hold", redis_url]:
            hold_for_ever(redis_url)
        case ["waiter", redis_url]:
            wait_once(redis_url)
        case names:
            main(names)
