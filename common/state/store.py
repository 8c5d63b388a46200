"""StateStore: every change to a task's record, each an atomic Lua call.

The methods return a `ScriptCall`; `await redis.run(call)` in the gateway and `redis.run(call)` in a worker run the same
one. Changes name the status and fence they expect, so that nobody acts on an outdated view.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from secrets import token_hex
from typing import Any, Literal, TypedDict

from pydantic_core import to_json

from common.clock import to_us
from common.contract import Contract
from common.errors import BatonError, Cancelled, Cost, WorkerLost, WorkerStopping
from common.settings import TaskSettings
from common.state import keys
from common.state import task_scripts as scripts
from common.state.context import FINAL, Progress, Status, WorkflowContext
from common.state.events import EVERY_TASK, Event, final_event
from common.state.keys import Key
from common.state.messages import message_for, message_ids
from common.state.record import Callback, Control, Record, RecordPage
from common.state.scripts import Arg, ScriptCall
from common.state.task_scripts import Beat

CreateOutcome = Literal["created", "exists", "conflict", "full"]
NOW = timedelta(0)
MOST_DOUBLINGS = 5
"""Maximum number of doublings of the retry delay."""
NEWS = keys.events(EVERY_TASK)
MOST_SEEN = 2_000
"""Maximum number of ids that one page scans if it reads two indexes; the cursor continues from there."""
DISPATCH_GRACE = timedelta(seconds=1)
"""How long a task is reserved for the gateway that recorded it; afterwards any gateway publishes it."""


@dataclass(frozen=True, slots=True)
class Created:
    outcome: CreateOutcome
    task_id: str
    position: int
    """Position among the pending tasks of the queue, from 0; -1 if nothing was created."""


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


class StateStore:
    """Builds the calls; holds no connection."""

    def __init__(self, settings: TaskSettings) -> None:
        self.settings = settings
        self.ttl = int(settings.state_ttl.total_seconds())
        self.kept = settings.events_kept
        self.grace = min(self.ttl, ceil(settings.events_grace.total_seconds()))

    def create(self, submission: Submission) -> ScriptCall[Created]:
        task_id, queue = submission.context.task_id, submission.contract.queue
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
        return scripts.create(
            **record_keys(task_id),
            index=keys.INDEX,
            pending=keys.index(Status.PENDING),
            waiting=keys.waiting(queue),
            dispatch=keys.DISPATCH,
            all_events=NEWS,
            wait_limits=keys.WAIT_LIMITS,
            by_name=keys.index_of_name(submission.contract.name),
            idempotency=keys.idempotency(submission.idempotency) if submission.idempotency else None,
            task_id=task_id,
            context=dump(submission.context),
            digest=submission.digest,
            priority=submission.priority,
            ttl_s=self.ttl,
            max_pending=self.settings.max_pending,
            dispatch_delay_us=to_us(DISPATCH_GRACE),
            fields=[part for item in fields.items() for part in item],
        ).then(lambda answer: Created(*answer))

    def get(self, task_id: str) -> ScriptCall[Record | None]:
        return scripts.get_task(**record_keys(task_id)).then(one_record)

    def list(
        self, status: Status | None, after: str | None, count: int, task_name: str | None = None
    ) -> ScriptCall[RecordPage]:
        """Read a page, newest first, after the score of the previous page. With both filters a page may be short."""
        highest = f"({after}" if after else "+inf"
        indexes = [keys.index(status)] if status or not task_name else []
        indexes += [keys.index_of_name(task_name)] if task_name else []
        return scripts.list_tasks(indexes=indexes, highest=highest, count=count, most_seen=max(count, MOST_SEEN)).then(
            lambda answer: RecordPage.parse(*answer)
        )

    def claim(self, task_id: str, queue: str, worker: str) -> ScriptCall[Record | Status | None]:
        """Start an attempt. A status as the answer is a refusal; None means that there is no such task."""
        return scripts.claim(
            **record_keys(task_id),
            pending=keys.index(Status.PENDING),
            running=keys.index(Status.RUNNING),
            waiting=keys.waiting(queue),
            dispatch=keys.DISPATCH,
            events=keys.events(task_id),
            all_events=NEWS,
            task_id=task_id,
            worker=worker,
            ttl_s=self.ttl,
            events_kept=self.kept,
            claim_id=token_hex(8),
        ).then(parse_claim)

    def beat(
        self, task_id: str, fence: int, *, rss: int, progress: Progress | None = None, events: Sequence[Event] = ()
    ) -> ScriptCall[Beat]:
        return scripts.beat(
            **record_keys(task_id),
            events=keys.events(task_id),
            fence=fence,
            ttl_s=self.ttl,
            events_kept=self.kept,
            rss=rss,
            progress=progress.model_dump_json() if progress else "",
            news=[part for event in events for part in event.fields],
        )

    def finish(self, record: Record, context: WorkflowContext, *, if_silent: bool = False) -> ScriptCall[str]:
        """End a task if its state is as `record` has it; `if_silent`: only if there was no heartbeat since."""
        control, message, event = record.control, message_for(record, context), final_event(context)
        message_id = message.id if message else ""
        kind, data = event.fields
        return scripts.finish(
            **record_keys(context.task_id),
            from_index=keys.index(control.status),
            to_index=keys.index(context.status),
            waiting=keys.waiting(control.queue),
            dispatch=keys.DISPATCH,
            events=keys.events(context.task_id),
            all_events=NEWS,
            outbox=keys.OUTBOX,
            message=keys.message(message_id),
            task_id=context.task_id,
            status=control.status,
            fence=control.fence,
            heartbeat_us=expected_heartbeat(control, if_silent),
            final_status=context.status,
            context=dump(context),
            ttl_s=self.ttl,
            events_kept=self.kept,
            event=kind,
            event_data=data,
            message_id=message_id,
            message_json=message.model_dump_json() if message else "",
            events_ttl_s=self.grace,
        )

    def requeue(
        self, record: Record, *, reason: str, delay: timedelta = NOW, if_silent: bool = False, cost: Cost = "attempt"
    ) -> ScriptCall[str]:
        """Give another attempt to a running task, or to a finished one that a user retries."""
        control, context = record.control, record.context
        again = control.status in FINAL
        limit = control.attempt + self.settings.max_attempts if again else control.attempt_limit + (cost != "attempt")
        interruptions = 0 if again else control.interruptions + (cost == "interruption")
        signal = Event("signal", {"code": "retrying", "attempt": control.attempt + 1, "reason": reason})
        return scripts.requeue(
            **record_keys(context.task_id),
            from_index=keys.index(control.status),
            pending=keys.index(Status.PENDING),
            waiting=keys.waiting(control.queue),
            dispatch=keys.DISPATCH,
            events=keys.events(context.task_id),
            all_events=NEWS,
            wait_limits=keys.WAIT_LIMITS,
            task_id=context.task_id,
            status=control.status,
            fence=control.fence,
            heartbeat_us=expected_heartbeat(control, if_silent),
            delay_us=to_us(delay),
            context=dump(record.pending_context()) if again else "",
            ttl_s=self.ttl,
            events_kept=self.kept,
            signal=signal.json,
            attempt_limit=limit,
            interruptions=interruptions,
        )

    def cost_of(self, record: Record, cost: Cost) -> Cost | None:
        """Return what another attempt costs the task now; None if no attempt is left."""
        control = record.control
        if cost == "interruption" and control.interruptions >= self.settings.max_interruptions:
            cost = "attempt"
        return None if cost == "attempt" and not control.attempts_left else cost

    def after_failure(self, record: Record, ended: WorkflowContext, error: BatonError) -> ScriptCall[str]:
        """Handle the error of an attempt: another attempt after a delay, or the end given by `ended`."""
        cost = self.cost_of(record, error.cost)
        if error.retryable and cost:
            return self.requeue(record, reason=error.code, delay=self.backoff(record.control.attempt), cost=cost)
        return self.finish(record, ended)

    def after_loss(self, record: Record, *, if_silent: bool = False, cost: Cost = "attempt") -> ScriptCall[str]:
        """Handle the death of a worker: cancelled if that was requested, or else another attempt or the end."""
        if record.control.cancel_us:
            return self.finish(record, record.final_context(Status.CANCELLED, error=Cancelled()), if_silent=if_silent)
        if left := self.cost_of(record, cost):
            return self.requeue(record, reason=WorkerLost.code, if_silent=if_silent, cost=left)
        lost = WorkerLost(attempts=record.control.attempt)
        return self.finish(record, record.final_context(Status.FAILED, error=lost), if_silent=if_silent)

    def give_back(self, record: Record) -> ScriptCall[str]:
        """Return a task whose worker was told to stop; the attempt is not counted, since the task is not at fault."""
        return self.requeue(record, reason=WorkerStopping.code, cost="nothing")

    def backoff(self, attempt: int) -> timedelta:
        return self.settings.retry_backoff * (1 << min(attempt - 1, MOST_DOUBLINGS))

    def dispatch_again(self, task_id: str) -> ScriptCall[bool]:
        """Deliver a pending task once more; the claim refuses superfluous copies."""
        return scripts.dispatch(control=keys.control(task_id), dispatch=keys.DISPATCH, task_id=task_id).then(bool)

    def ask_to_cancel(self, task_id: str) -> ScriptCall[str]:
        return scripts.cancel(control=keys.control(task_id))

    def delete(self, record: Record) -> ScriptCall[str]:
        task_id, status = record.context.task_id, record.control.status
        messages = message_ids(record)
        others = (keys.state(task_id), keys.events(task_id), keys.deliveries(task_id), keys.transcript_edits(task_id))
        return scripts.delete(
            control=keys.control(task_id),
            index=keys.INDEX,
            by_status=keys.index(status),
            all_events=NEWS,
            removed=keys.REMOVED,
            outbox=keys.OUTBOX,
            by_name=keys.index_of_name(record.context.task_name),
            others=[*others, *map(keys.message, messages)],
            task_id=task_id,
            status=status,
            ttl_s=self.ttl,
            message_ids=messages,
        )


class RecordKeys(TypedDict):
    state: Key
    control: Key


def record_keys(task_id: str) -> RecordKeys:
    return {"state": keys.state(task_id), "control": keys.control(task_id)}


def expected_heartbeat(control: Control, if_silent: bool) -> int | str:
    """Return the heartbeat that must still be the latest, or '' for any."""
    return control.heartbeat_us or "" if if_silent else ""


def dump(context: WorkflowContext) -> str:
    return to_json(context).decode()


def one_record(answer: list[Any]) -> Record | None:
    return Record.parse(*answer) if answer else None


def parse_claim(answer: list[Any]) -> Record | Status | None:
    return Status(answer[0]) if len(answer) == 1 else one_record(answer)
