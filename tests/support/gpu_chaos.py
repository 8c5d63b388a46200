"""A process that acquires the GPU lock repeatedly, and sometimes dies or freezes while it holds the lock."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from random import Random
from threading import Event
from time import monotonic

from common.errors import GpuLockTimeout, GpuLockUnavailable, StateUnavailable
from common.gpu.lease_renewer import Lease
from common.gpu.lock import Claim, GpuLock
from common.settings import GpuLockSettings, RedisSettings
from common.state.client import SyncRedis
from common.state.scripts import Script, ScriptCall

HOST = "here"
LEASE_S = 1.0
MISHAPS = {100: signal.SIGKILL, 300: signal.SIGSTOP}
"""Faults that processes inject into themselves: each in one of every 500 holds."""
# As in Baton's state writes: a write is rejected unless its fence is the lock's current one.
FENCED_WRITE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] .. ' ' .. ARGV[2] then
  redis.call('INCR', 'chaos:refused')
  return 0
end
redis.call('RPUSH', 'chaos:log', ARGV[3] .. ' ' .. ARGV[1] .. ' ' .. ARGV[2])
return ARGV[3] == 'start' and redis.call('INCR', 'chaos:taken') or 1
"""
WRITE = Script(FENCED_WRITE, sha1(FENCED_WRITE.encode(), usedforsecurity=False).hexdigest())


@dataclass(frozen=True)
class Chaos:
    """Parameters of all processes."""

    url: str
    holds: Path
    total: int


def work(chaos: Chaos) -> None:
    """Acquire the lock repeatedly until all processes together have started this many holds."""
    redis = SyncRedis(RedisSettings.model_validate({"url": chaos.url, "socket_timeout": 1.0}))
    lock = GpuLock(redis, GpuLockSettings.model_validate({"lock_timeout": LEASE_S}), HOST, ["0"])
    claim = Claim(task_id=str(os.getpid()), worker=f"chaos@here/{os.getpid()}")
    dice = Random()
    while not take_lease(lock, claim, chaos, dice):
        pass
    lock.renewer.close()


def take_lease(lock: GpuLock, claim: Claim, chaos: Chaos, dice: Random) -> bool:
    try:
        with lock.lease(claim, check=lambda: None) as lease:
            return hold(lease, lambda word: lock.redis.run(write(lease, word)), chaos, dice)
    except (GpuLockTimeout, GpuLockUnavailable, StateUnavailable):
        return False


def hold(lease: Lease, tell: Callable[[str], int], chaos: Chaos, dice: Random) -> bool:
    """Record a hold whose writes were both accepted: no other process may have held the lock in between."""
    taken = tell("start")
    if not taken:
        return False
    began = monotonic()
    Event().wait(dice.uniform(0.001, 0.002))
    if mishap := MISHAPS.get(taken % 500):
        os.kill(os.getpid(), mishap)
    ended = monotonic()
    if tell("end"):
        with chaos.holds.open("a") as file:
            file.write(f"{began} {ended} {lease.fence}\n")
    return taken >= chaos.total


def write(lease: Lease, word: str) -> ScriptCall[int]:
    return ScriptCall(WRITE, [lease.lock], [lease.fence, lease.owner, word], int)
