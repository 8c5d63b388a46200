"""A virtual clock, and a Redis whose scripts read it: no real time passes in a simulation."""

from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha1
from typing import TypeVar

from common.state.client import SyncRedis
from common.state.scripts import Script, ScriptCall

CLOCK = "simulation:clock_us"
REAL = "  local t = redis.call('TIME')\n  return t[1] * 1000000 + t[2]\n"
VIRTUAL = f"  return tonumber(redis.call('GET', '{CLOCK}'))\n"
BEGIN_S = 1_700_000_000.0
US = 1_000_000

T = TypeVar("T")
Fault = tuple[str, str]
"""A piece of a script, and what takes its place: the simulation must find out."""


@dataclass
class VirtualClock:
    """Seconds that pass only when somebody says so."""

    seconds: float = BEGIN_S

    def monotonic(self) -> float:
        return self.seconds


class VirtualRedis:
    """Runs the real scripts on a real Redis, at the time of a virtual clock."""

    def __init__(self, redis: SyncRedis, clock: VirtualClock, fault: Fault | None = None) -> None:
        self.redis = redis
        self.clock = clock
        self.fault = fault
        self.advance(0.0)

    def advance(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.redis.client.set(CLOCK, f"{self.clock.seconds * US:.0f}", ex=3_600)

    def run(self, call: ScriptCall[T]) -> T:
        return self.redis.run(replace(call, script=with_virtual_clock(call.script, self.fault)))


@cache
def with_virtual_clock(script: Script, fault: Fault | None) -> Script:
    """Return a script whose `now_us` reads the virtual clock."""
    assert script.text.count(REAL) == 1, "the prelude has another now_us"
    text = script.text.replace(REAL, VIRTUAL)
    assert "'TIME'" not in text, "a script reads the time without now_us"
    if fault:
        text = text.replace(*fault)
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())
