"""Redis as one simulated process reaches it: calls may be lost, their replies too, and old ones may come late."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from common.state.scripts import ScriptCall, script
from tests.simulation.clock import VirtualRedis

T = TypeVar("T")
Observer = Callable[[], None]
LOSES_CALL = 0.03
LOSES_REPLY = 0.05
REMEMBERED = 40
BEAT = script("beat")
CHANGES = (script("finish"), script("requeue"))


class Unreachable(Exception):
    """No reply came: the call was executed, or it was not."""


@dataclass
class Network:
    """What all processes share: Redis, the faults, and the calls that may come again."""

    redis: VirtualRedis
    random: Random
    after_call: Observer
    after_repeat: Observer
    faulty: bool = True
    sent: list[ScriptCall[Any]] = field(default_factory=list)
    """Changes that were made."""
    beats: list[ScriptCall[Any]] = field(default_factory=list)

    def send(self, call: ScriptCall[T], *, cut_off: bool) -> T:
        """Run a call.

        Raises:
            Unreachable: the caller is cut off, or the call or its reply was lost.
        """
        if self.faulty and (cut_off or self.random.random() < LOSES_CALL):
            raise Unreachable
        answer = self.redis.run(call)
        if answer == "OK" and call.script in CHANGES:
            self.sent = [*self.sent[-REMEMBERED:], call]
        if call.script == BEAT:
            self.beats = [*self.beats[-REMEMBERED:], call]
        self.after_call()
        if self.faulty and self.random.random() < LOSES_REPLY:
            raise Unreachable
        return answer

    def repeat_an_old_change(self) -> None:
        """Deliver a change once more that was made, perhaps long ago: it must change nothing."""
        if self.sent:
            self.redis.run(self.random.choice(self.sent))
            self.after_repeat()

    def repeat_an_old_beat(self) -> None:
        """Deliver a heartbeat once more: of an attempt that is over, it must change nothing."""
        if self.beats:
            self.redis.run(self.random.choice(self.beats))
            self.after_call()


@dataclass
class Link:
    """One process's connection, which a partition cuts until a time."""

    network: Network
    cut_until: float = 0.0

    def run(self, call: ScriptCall[T]) -> T:
        return self.network.send(call, cut_off=self.network.redis.clock.seconds < self.cut_until)
