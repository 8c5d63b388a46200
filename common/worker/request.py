"""A running delivery in the parent process, which learns at once that the child died or was killed."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from billiard.exceptions import TimeLimitExceeded
from celery.worker.request import Request
from kombu.transport.virtual import QoS
from typing_extensions import override

from common.errors import StateUnavailable, TaskTimeLimit
from common.files.storage import AttemptFolder
from common.state.context import Status
from common.state.record import Record
from common.state.scripts import ScriptCall
from common.worker.deliveries import Observation, Phase, observe, phase_of
from common.worker.enforcement import kill_and_release, release
from common.worker.process import WorkerProcess, is_stopping, worker_name

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Loss:
    """An attempt whose process is dead. `worker` is the name under which it was claimed."""

    process: WorkerProcess
    task_id: str
    worker: str
    reason: str
    limit: timedelta | None
    cut_off: bool = False
    """Redis was unavailable when the process died: that may be why it ended itself."""

    def report(self) -> None:
        """Record the loss, unless the task belongs to another attempt by now.

        Raises:
            StateUnavailable: Redis is unavailable, so the report must be repeated.
        """
        record = self.process.redis.run(self.process.store.get(self.task_id))
        if not record or (record.control.status, record.control.worker) != (Status.RUNNING, self.worker):
            return
        AttemptFolder(self.process.storage, self.task_id, record.control.attempt).discard_partial()
        answer = self.process.redis.run(self.handle_call(record))
        log.warning("attempt_lost", task_id=self.task_id, reason=self.reason, answer=answer)

    def handle_call(self, record: Record) -> ScriptCall[str]:
        """Return the call that handles the death of the child."""
        store = self.process.store
        if self.limit:
            error = TaskTimeLimit(limit_s=self.limit.total_seconds())
            return store.finish(record, record.final_context(Status.FAILED, error=error))
        if is_stopping() and not record.control.cancel_us:
            return store.give_back(record)
        return store.after_loss(record, cost="interruption" if self.cut_off else "attempt")


class WorkerRequest(Request):  # type: ignore[misc]  # celery has no types
    """Celery's request, extended to update the record when its child is gone."""

    claimed = False
    observation: Observation | None = None
    overrun: timedelta | None = None
    """The limit for which the child was killed, if an order said so."""

    @override
    def acknowledge(self) -> None:
        super().acknowledge()
        self.release_prefetch()
        if self.worker_pid:
            self.app.process.memory.record(self.worker_pid)

    @override
    def reject(self, requeue: bool = False) -> None:
        super().reject(requeue=requeue)
        self.release_prefetch()

    def release_prefetch(self) -> None:
        """Let the next message be fetched, even if the broker was unavailable when this one should have been
        acknowledged.

        Celery only logs that, and kombu counts the message as unfinished: with a prefetch of one it would never fetch
        another, nor check its connection. The message is delivered again, and the claim refuses it.
        """
        if not self.message.acknowledged:
            QoS.ack(self.message.channel.qos, self.message.delivery_tag)  # type: ignore[no-untyped-call]  # kombu has no types

    @override
    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> None:
        """Take the task back when the pool reports a dead child; `return_ok` means that the child itself reported."""
        super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)
        if not return_ok and exc_info.type is not TimeLimitExceeded:  # that one is handled in `on_timeout`
            release(self.app.process, self.worker_pid, "holder_died")
            self.report_loss("child_died", limit=self.overrun)

    @override
    def on_timeout(self, soft: bool, timeout: float) -> None:
        """End the child at the hard time limit, and record that. The pool would kill the child only after this."""
        if not soft:
            kill_and_release(self.app.process, self.worker_pid)
            self.report_loss("hard_time_limit", limit=timedelta(seconds=timeout))
        super().on_timeout(soft, timeout)

    def report_loss(self, reason: str, *, limit: timedelta | None = None) -> None:
        """Give the task another attempt or end it: now, or as soon as Redis is back."""
        process: WorkerProcess = self.app.process
        loss = Loss(process, self.id, worker_name(process.service, self.worker_pid), reason, limit)
        try:
            loss.report()
        except StateUnavailable:
            log.warning("loss_not_recorded", task_id=self.id, reason=reason)
            process.unreported.append(replace(loss, cut_off=True))

    def find_pid(self, starting: Collection[object]) -> int:
        """Return the process that received it, even before that process accepted it; 0 while no process has it.

        `starting` are the pool's processes that are still starting up. Such a process takes over the pipe of the one
        it replaces, and with it a delivery that was already in the pipe, but it cannot claim anything yet.
        """
        if self.worker_pid:
            return int(self.worker_pid)
        result = self._apply_result and self._apply_result()
        receiver = result and result._scheduled_for  # noqa: SLF001 - the pool has no other word for it
        return int(receiver.pid) if receiver and receiver not in starting else 0

    def observe(self, pid: int) -> tuple[Observation, Record | None]:
        """Look up the state of the task, and since when it has been in this phase."""
        process = self.app.process
        record: Record | None = process.redis.run(process.store.get(self.id))
        phase = phase_of(record, worker_name(process.service, pid), claimed=self.claimed)
        self.claimed = self.claimed or phase in {Phase.RUNNING, Phase.CANCELLED}
        self.observation = observe(self.observation, pid, phase)
        return self.observation, record
