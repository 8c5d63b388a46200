"""A simulated worker: claims deliveries, works, beats, and stops itself when it has been cut off for too long."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from common.errors import BatonError, Cancelled, DownloadFailed, InvalidInput
from common.state.context import Status
from common.state.record import Record
from common.state.scripts import ScriptCall
from common.state.store import StateStore
from tests.simulation.network import Link, Unreachable

QUEUE = "testing"
LONGEST_WORK = 12
BEAT_TIMEOUT = timedelta(seconds=20)

Noted = Callable[[Record], None]


@dataclass
class Attempt:
    record: Record
    steps_left: int
    answered_at: float
    """When the last call was sent that Redis has answered."""


@dataclass
class Worker:
    """One process with one place. What it has in hand is lost when it dies."""

    name: str
    link: Link
    store: StateStore
    queue: list[str]
    began: Noted
    ended: Noted
    delivery: str | None = None
    claim: ScriptCall[Any] | None = None
    attempt: Attempt | None = None
    last_call: ScriptCall[str] | None = None
    """The call that ends the attempt: it is repeated until it is answered."""
    claimed_at: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)
    """How many attempts of each task have failed by themselves."""

    @property
    def now(self) -> float:
        return self.link.network.redis.clock.seconds

    @property
    def works_on(self) -> str | None:
        """The task that it works on at this moment."""
        return self.attempt.record.context.task_id if self.attempt and not self.last_call else None

    def die(self) -> None:
        self.delivery = self.claim = self.attempt = self.last_call = None

    def step(self) -> None:
        try:
            self.act()
        except Unreachable:
            return

    def act(self) -> None:
        if self.attempt and not self.last_call and self.is_cut_off_too_long(self.attempt):
            self.die()  # the attempt fences itself
        elif self.last_call:
            self.send_end(self.last_call)
        elif self.attempt:
            self.work(self.attempt)
        elif self.delivery or self.queue:
            self.begin(self.delivery or self.queue.pop(0))

    def is_cut_off_too_long(self, attempt: Attempt) -> bool:
        return self.now - attempt.answered_at >= BEAT_TIMEOUT.total_seconds()

    def begin(self, task_id: str) -> None:
        """Claim a delivery; a claim without a reply is sent again, as the same claim."""
        if self.claim is None or self.now - self.claimed_at >= BEAT_TIMEOUT.total_seconds():
            self.claim, self.claimed_at = self.store.claim(task_id, QUEUE, self.name), self.now
        self.delivery = task_id
        found = self.link.run(self.claim)
        self.delivery = self.claim = None
        if isinstance(found, Record):
            self.began(found)
            self.attempt = Attempt(found, self.link.network.random.randint(1, LONGEST_WORK), self.claimed_at)

    def work(self, attempt: Attempt) -> None:
        sent = self.now
        record = attempt.record
        answer = self.link.run(self.store.beat(record.context.task_id, record.control.fence, rss=1))
        attempt.answered_at = sent
        attempt.steps_left -= 1
        if answer == "FENCED":
            self.attempt = None
        elif answer == "CANCEL":
            self.end(self.store.finish(record, record.final_context(Status.CANCELLED, error=Cancelled())))
        elif attempt.steps_left <= 0:
            self.end(self.outcome(record))

    def outcome(self, record: Record) -> ScriptCall[str]:
        chance = self.link.network.random.random()
        if chance < 0.1:
            return self.fail(record, DownloadFailed())
        if chance < 0.15:
            return self.fail(record, InvalidInput())
        if chance < 0.25:
            return self.store.give_back(record)
        return self.store.finish(record, record.final_context(Status.SUCCESS))

    def fail(self, record: Record, error: BatonError) -> ScriptCall[str]:
        task_id = record.context.task_id
        self.failures[task_id] = self.failures.get(task_id, 0) + 1
        return self.store.after_failure(record, record.final_context(Status.FAILED, error=error), error)

    def end(self, call: ScriptCall[str]) -> None:
        self.last_call = call
        self.send_end(call)

    def send_end(self, call: ScriptCall[str]) -> None:
        answer = self.link.run(call)
        attempt = self.attempt
        self.attempt = self.last_call = None
        if answer == "OK" and attempt:
            self.ended(attempt.record)
        if answer == "CANCEL" and attempt:  # somebody cancelled what was to be given another attempt
            self.attempt = attempt
            self.end(
                self.store.finish(attempt.record, attempt.record.final_context(Status.CANCELLED, error=Cancelled()))
            )
