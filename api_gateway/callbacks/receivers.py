"""Callback receivers: how many tries each may have at once, and which of them do not answer.

A receiver is an origin (scheme, host and port). One that hangs blocks only its own tries: its further messages are
parked. After some consecutive tries without an answer its circuit opens: it gets one try at a time, after a pause,
until it answers again. Each gateway process learns this by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from urllib.parse import urlsplit

FIRST_PROBE = timedelta(seconds=1)
LONGEST_PROBE = timedelta(seconds=10)
"""Longest pause between two tries at a receiver that does not answer; shorter than a message's own pause."""
MOST_DOUBLINGS = 10


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL: what hangs or answers as one."""
    try:
        parts = urlsplit(url)
    except ValueError:  # httpx accepts more than urllib does
        return url.lower()
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


@dataclass(slots=True)
class OriginState:
    """One origin, as this process knows it."""

    in_flight: int = 0
    failures: int = 0
    """Consecutive tries without an answer."""
    next_probe: float = 0.0
    """When it may be tried again while its circuit is open, on the monotonic clock."""
    parked: dict[str, int] = field(default_factory=dict)
    """Message ids, in order of arrival, with the due time (microseconds) that each has in the outbox."""

    @property
    def idle(self) -> bool:
        return not (self.in_flight or self.failures or self.parked)


@dataclass(frozen=True, slots=True)
class FailingReceiver:
    """A receiver whose circuit is open."""

    receiver: str
    failures: int
    waiting: int


class Receivers:
    """All receivers that have an active try, a parked message or a failure."""

    def __init__(self, *, limit: int, failures_allowed: int, clock: Callable[[], float] = monotonic) -> None:
        self.limit = limit
        self.failures_allowed = failures_allowed
        self.clock = clock
        self.known: dict[str, OriginState] = {}

    def admit(self, origin: str) -> bool:
        """Start a try, if the receiver may have another one now; return whether it may."""
        receiver = self.known.setdefault(origin, OriginState())
        if not self.free_tries(receiver):
            return False
        receiver.in_flight += 1
        return True

    def release(self, origin: str, *, answered: bool | None) -> None:
        """End a try. `answered` is None if no request was sent."""
        receiver = self.known[origin]
        receiver.in_flight -= 1
        if answered:
            receiver.failures = 0
        elif answered is False:
            receiver.failures += 1
            doublings = min(MOST_DOUBLINGS, max(0, receiver.failures - self.failures_allowed))
            receiver.next_probe = self.clock() + min(FIRST_PROBE * 2**doublings, LONGEST_PROBE).total_seconds()
        self.forget(origin)

    def park(self, origin: str, message_id: str, due_us: int) -> None:
        self.known.setdefault(origin, OriginState()).parked[message_id] = due_us

    def take_ready(self, count: int) -> list[tuple[str, int]]:
        """Return at most `count` parked messages that may be tried now, as (message id, due time in microseconds)."""
        ready: list[tuple[str, int]] = []
        for origin, receiver in list(self.known.items()):
            chosen = list(receiver.parked)[: max(0, min(self.free_tries(receiver), count - len(ready)))]
            ready += [(message_id, receiver.parked.pop(message_id)) for message_id in chosen]
            self.forget(origin)
        return ready

    def free_tries(self, receiver: OriginState) -> int:
        """Return how many more concurrent tries the receiver may have."""
        if not self.is_open(receiver):
            return self.limit - receiver.in_flight
        return int(not receiver.in_flight and self.clock() >= receiver.next_probe)

    def is_open(self, receiver: OriginState) -> bool:
        return receiver.failures >= self.failures_allowed

    def until_ready(self) -> float | None:
        """Return the seconds until a parked message may be tried; None if only the end of a try can allow it."""
        pauses = [
            max(0.0, receiver.next_probe - self.clock()) if self.is_open(receiver) else 0.0
            for receiver in self.known.values()
            if receiver.parked and receiver.in_flight < (1 if self.is_open(receiver) else self.limit)
        ]
        return min(pauses, default=None)

    @property
    def failing(self) -> list[FailingReceiver]:
        return [
            FailingReceiver(origin, receiver.failures, len(receiver.parked))
            for origin, receiver in sorted(self.known.items())
            if self.is_open(receiver)
        ]

    def forget(self, origin: str) -> None:
        if self.known[origin].idle:
            del self.known[origin]
