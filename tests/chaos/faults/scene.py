"""What every fault is given: the box that it hurts, the receiver of callbacks, and what chance has chosen for it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Literal, TypeVar

from tests.chaos.box import Box
from tests.chaos.callback_receiver import CallbackReceiver

T = TypeVar("T")
Resource = Literal["disk", "receiver", "redis", "host", "imports"]


@dataclass(frozen=True, slots=True)
class Roll:
    """One throw of the dice: everything that is left to chance in a fault."""

    who: str
    """A part of the stack: `child`, `worker`, `gateway`, `redis` or `ffmpeg`."""

    which: float
    """From 0 to 1: which of several."""

    seconds: float
    """How long it lasts, where it lasts."""

    def choose(self, among: Sequence[T]) -> T:
        return among[int(self.which * len(among))]


@dataclass
class Scene:
    box: Box
    callback_receiver: CallbackReceiver
    happened: Counter[str] = field(default_factory=Counter)
    busy: defaultdict[Resource, Lock] = field(default_factory=lambda: defaultdict(Lock))
    """What only one fault at a time may hurt."""

    def count(self, what: str) -> None:
        self.happened[what] += 1


def let_pass(seconds: float) -> None:
    Event().wait(seconds)
