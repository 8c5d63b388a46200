"""The StateStore: every change to a task's record, each one atomic Lua call.

The methods return a `Call`; `await redis.run(call)` in the gateway and `redis.run(call)` in a worker run the same one.
Changes say which status and fence they expect, so that nobody acts on an old view.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from secrets import token_hex
from typing import Any, Literal

from pydantic_core import to_json

from common import keys
from common.context import FINAL, Progress, Status, WorkflowContext
from common.contract import Contract
from common.errors import BatonError, Cancelled, Cost, WorkerLost, WorkerStopping
from common.events import EVERY_TASK, Event, closing
from common.messages import message_for, message_ids
from common.record import Callback, Control, Record
from common.redis import Arg, Call, script
from common.settings import TaskSettings

Outcome = Literal["created", "exists", "conflict", "full"]
Beat = Literal["OK", "CANCEL", "FENCED"]
NOW = timedelta(0)
MOST_DOUBLINGS = 5
"""Of the time before the next attempt."""
NEWS = keys.events(EVERY_TASK)
MOST_SEEN = 2_000
"""Ids that one page looks at where two indexes are read; the cursor goes on from there."""
DISPATCH_GRACE = timedelta(seconds=1)
"""How long the gateway that recorded a task has it for itself; then any gateway publishes it."""


@dataclass(frozen=True, slots=True)
class Created:
    outcome: Outcome
    task_id: str
    position: int
    """Among the waiting tasks of the queue, from 0; -1 when nothing was created."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A validated request, ready to be recorded."""

    context: WorkflowContext
    contract: Contract
    digest: str
    priority: int = 0
    callback: Callback | None = None
    idempotency: str | None = None
    max_wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Page:
    records: list[Record]
    last_score: str | None
    """Where the next page starts; None on the last page."""


class StateStore:
    """Builds the calls; holds no connection."""

    def __init__(self, settings: TaskSettings) -> None:
        self.settings = settings
        self.ttl = int(settings.state_ttl.total_seconds())
        self.kept = settings.events_kept
        self.grace = min(self.ttl, ceil(settings.events_grace.total_seconds()))

    def create(self, submission: Submission) -> Call[Created]:
        task_id, queue = submission.context.task_id, submission.contract.queue
        key = [keys.idempotency(submission.idempotency)] if submission.idempotency else []
        places = (keys.INDEX, keys.index(Status.PENDING), keys.waiting(queue), keys.DISPATCH, NEWS, keys.WAIT_LIMITS)
        name = keys.named(submission.contract.name)
        fields: dict[str, Arg] = {
            "task_name": submission.contract.name,
            "queue": queue,
            "attempt_limit": self.settings.max_attempts,
        }
        max_wait = submission.max_wait or self.settings.max_wait
        if max_wait is not None:
            fields["max_wait_s"] = max_wait.total_seconds()
        if submission.callback:
            fields["callback"] = submission.callback.model_dump_json()
        head = (submission.digest, submission.priority, self.ttl, self.settings.max_pending, us(DISPATCH_GRACE))
        return Call(
            script("create"),
            [*record_keys(task_id), *places, name, *key],
            [task_id, dump(submission.context), *head, *(part for item in fields.items() for part in item)],
            lambda answer: Created(*answer),
        )

    def get(self, task_id: str) -> Call[Record | None]:
        return Call(script("get"), record_keys(task_id), [], one_record)

    def list(self, status: Status | None, after: str | None, count: int, task_name: str | None = None) -> Call[Page]:
        """Read a page, newest first, after the score of the page before. With both filters it may be a short one."""
        highest = f"({after}" if after else "+inf"
        indexes = [keys.index(status)] if status or not task_name else []
        indexes += [keys.named(task_name)] if task_name else []
        return Call(script("list"), indexes, [highest, count, max(count, MOST_SEEN)], lambda answer: page(*answer))

    def claim(self, task_id: str, queue: str, worker: str) -> Call[Record | Status | None]:
        """Begin an attempt. A status as the answer is a refusal; None means that there is no such task."""
        moves = (keys.index(Status.PENDING), keys.index(Status.RUNNING), keys.waiting(queue), keys.DISPATCH)
        return Call(
            script("claim"),
            [*record_keys(task_id), *moves, keys.events(task_id), NEWS],
            [task_id, worker, self.ttl, self.kept, token_hex(8)],
            claimed,
        )

    def beat(
        self, task_id: str, fence: int, *, rss: int, progress: Progress | None = None, events: Sequence[Event] = ()
    ) -> Call[Beat]:
        told = progress.model_dump_json() if progress else ""
        pairs = [part for event in events for part in event.fields]
        return Call(
            script("beat"),
            [*record_keys(task_id), keys.events(task_id)],
            [fence, self.ttl, self.kept, rss, told, *pairs],
            as_is,
        )

    def finish(self, record: Record, context: WorkflowContext, *, if_silent: bool = False) -> Call[str]:
        """End a task that stands where `record` saw it; `if_silent`: only if no heartbeat has come since."""
        control, message, event = record.control, message_for(record, context), closing(context)
        name = message.id if message else ""
        indexes = (keys.index(control.status), keys.index(context.status), keys.waiting(control.queue), keys.DISPATCH)
        told = (keys.events(context.task_id), NEWS)
        expected = (context.task_id, control.status, control.fence, heartbeat(control, if_silent))
        final = (context.status, dump(context), self.ttl, self.kept, *event.fields)
        return Call(
            script("finish"),
            [*record_keys(context.task_id), *indexes, *told, keys.OUTBOX, keys.message(name)],
            [*expected, *final, name, message.model_dump_json() if message else "", self.grace],
            as_is,
        )

    def requeue(
        self, record: Record, *, reason: str, delay: timedelta = NOW, if_silent: bool = False, cost: Cost = "attempt"
    ) -> Call[str]:
        """Give another attempt to a running task, or to a finished one that a user retries."""
        control, context = record.control, record.context
        again = control.status in FINAL
        limit = control.attempt + self.settings.max_attempts if again else control.attempt_limit + (cost != "attempt")
        interruptions = 0 if again else control.interruptions + (cost == "interruption")
        signal = Event("signal", {"code": "retrying", "attempt": control.attempt + 1, "reason": reason})
        expected = (context.task_id, control.status, control.fence, heartbeat(control, if_silent))
        indexes = (keys.index(control.status), keys.index(Status.PENDING), keys.waiting(control.queue), keys.DISPATCH)
        renewed = dump(record.renewed()) if again else ""
        return Call(
            script("requeue"),
            [*record_keys(context.task_id), *indexes, keys.events(context.task_id), NEWS, keys.WAIT_LIMITS],
            [*expected, us(delay), renewed, self.ttl, self.kept, signal.json, limit, interruptions],
            as_is,
        )

    def cost_of(self, record: Record, cost: Cost) -> Cost | None:
        """Return what another try costs the task now; None when none is left."""
        control = record.control
        if cost == "interruption" and control.interruptions >= self.settings.max_interruptions:
            cost = "attempt"
        return None if cost == "attempt" and not control.attempts_left else cost

    def after_failure(self, record: Record, ended: WorkflowContext, error: BatonError) -> Call[str]:
        """Decide what an attempt's error means: another attempt after a while, or the end as `ended` has it."""
        cost = self.cost_of(record, error.cost)
        if error.retryable and cost:
            return self.requeue(record, reason=error.code, delay=self.backoff(record.control.attempt), cost=cost)
        return self.finish(record, ended)

    def after_loss(self, record: Record, *, if_silent: bool = False, cost: Cost = "attempt") -> Call[str]:
        """Decide what its worker's death means: cancelled if that was asked for, else another attempt or the end."""
        if record.control.cancel_us:
            return self.finish(record, record.ended(Status.CANCELLED, error=Cancelled()), if_silent=if_silent)
        if left := self.cost_of(record, cost):
            return self.requeue(record, reason=WorkerLost.code, if_silent=if_silent, cost=left)
        lost = WorkerLost(attempts=record.control.attempt)
        return self.finish(record, record.ended(Status.FAILED, error=lost), if_silent=if_silent)

    def give_back(self, record: Record) -> Call[str]:
        """Return a task whose worker was told to stop; it is not the task's fault, so the attempt is not counted."""
        return self.requeue(record, reason=WorkerStopping.code, cost="nothing")

    def backoff(self, attempt: int) -> timedelta:
        return self.settings.retry_backoff * (1 << min(attempt - 1, MOST_DOUBLINGS))

    def dispatch_again(self, task_id: str) -> Call[bool]:
        """Have a task that still waits delivered once more; the claim refuses a copy that is too many."""
        return Call(script("dispatch"), [keys.control(task_id), keys.DISPATCH], [task_id], bool)

    def ask_to_cancel(self, task_id: str) -> Call[str]:
        return Call(script("cancel"), [keys.control(task_id)], [], as_is)

    def delete(self, record: Record) -> Call[str]:
        task_id, status = record.context.task_id, record.control.status
        others = (keys.state(task_id), keys.events(task_id), keys.deliveries(task_id), keys.transcript_edits(task_id))
        messages = message_ids(record)
        name = keys.named(record.context.task_name)
        places = (keys.INDEX, keys.index(status), NEWS, keys.REMOVED, keys.OUTBOX, name)
        return Call(
            script("delete"),
            [keys.control(task_id), *places, *others, *map(keys.message, messages)],
            [task_id, status, self.ttl, *messages],
            as_is,
        )


def take(list_key: str, count: int, lease: timedelta) -> Call[list[str]]:
    """Take what is due from the dispatch list or the outbox."""
    return Call(script("take"), [list_key], [count, us(lease)], as_is)


def elect(name: str, lease: timedelta, silent: str = "") -> Call[str]:
    """Return the lease that holds now, in the form `name renewals`; `silent` is one that was not renewed in time."""
    return Call(script("elect"), [keys.LEADER], [name, int(lease.total_seconds() * 1000), silent], str)


def record_keys(task_id: str) -> list[str]:
    return [keys.state(task_id), keys.control(task_id)]


def heartbeat(control: Control, if_silent: bool) -> Arg:
    """Return the heartbeat that must still be the last one, or '' for any."""
    return control.heartbeat_us or "" if if_silent else ""


def us(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)


def dump(context: WorkflowContext) -> str:
    return to_json(context).decode()


def as_is(answer: Any) -> Any:
    return answer


def one_record(answer: list[Any]) -> Record | None:
    return Record.parse(*answer) if answer else None


def claimed(answer: list[Any]) -> Record | Status | None:
    return Status(answer[0]) if len(answer) == 1 else one_record(answer)


def page(next_score: str, rows: list[Any]) -> Page:
    records = [Record.parse(context, control) for context, control in rows if context and control]
    return Page(records, next_score or None)
