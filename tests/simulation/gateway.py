"""A simulated gateway: records tasks, publishes them, cancels, and, as the leader, looks after what is lost."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from api_gateway.monitor.silences import Silences
from common.errors import Cancelled
from common.state import keys
from common.state.context import Status
from common.state.gateway_leases import take_due
from common.state.record import Record
from common.state.scripts import ScriptCall
from common.state.store import StateStore
from tests.simulation.network import Link, Unreachable
from tests.simulation.worker import BEAT_TIMEOUT

LEASE = timedelta(seconds=10)
LONGEST_STEP = timedelta(seconds=10)


@dataclass
class Gateway:
    link: Link
    store: StateStore
    queue: list[str]
    task_ids: list[str]
    submissions: list[ScriptCall[Any]]
    """What clients have asked for and nobody has answered yet."""
    accepted: set[str] = field(default_factory=set)
    silences: Silences = field(default_factory=Silences)
    held: ScriptCall[Any] | None = None
    """A decision on an old view that has not been sent yet."""

    @property
    def client(self) -> Any:
        return self.link.network.redis.redis.client

    def step(self) -> None:
        actions = (
            self.submit,
            self.dispatch,
            self.dispatch,
            self.watch,
            self.watch,
            self.reconcile,
            self.cancel,
            self.contradict,
        )
        try:
            self.link.network.random.choice(actions)()
        except Unreachable:
            return

    def submit(self) -> None:
        if self.submissions:
            created = self.link.run(self.submissions[0])
            self.submissions.pop(0)
            self.accepted.add(created.task_id)

    def dispatch(self) -> None:
        """Publish what is due. A message may be published and stay on the list: another gateway repeats it then."""
        for task_id in self.link.run(take_due(keys.DISPATCH, 10, LEASE)):
            faulty = self.link.network.faulty
            chance = self.link.network.random.random()
            if not faulty or chance > 0.1:  # else the broker loses it
                self.queue.append(task_id)
            if not faulty or chance < 0.9:  # else the gateway dies before it takes it off the list
                self.client.zrem(keys.DISPATCH, task_id)

    def watch(self) -> None:
        """Take silent attempts back. What was decided may be sent much later."""
        if self.held:
            call, self.held = self.held, None
            self.link.run(call)
            return
        self.silences.begin_round(LONGEST_STEP)
        for record in self.records(Status.RUNNING):
            if self.silences.observe(record.context.task_id, record.control) > BEAT_TIMEOUT:
                self.decide(self.store.after_loss(record, if_silent=True, cost="interruption"))
        self.silences.end_round()

    def decide(self, call: ScriptCall[Any]) -> None:
        if self.link.network.faulty and self.link.network.random.random() < 0.5:
            self.held = call
        else:
            self.link.run(call)

    def reconcile(self) -> None:
        """Have what waits, and is neither listed nor in the queue, delivered again."""
        for record in self.records(Status.PENDING):
            if record.context.task_id not in self.queue:
                self.link.run(self.store.dispatch_again(record.context.task_id))

    def cancel(self) -> None:
        random = self.link.network.random
        if not self.link.network.faulty or random.random() > 0.1:
            return
        record = self.link.run(self.store.get(random.choice(self.task_ids)))
        if record and self.link.run(self.store.ask_to_cancel(record.context.task_id)) == Status.PENDING:
            self.link.run(self.store.finish(record, record.final_context(Status.CANCELLED, error=Cancelled())))

    def contradict(self) -> None:
        """Send what only a fault of ours would send: another end for what has ended well."""
        if self.link.network.faulty:
            for record in self.records(Status.SUCCESS):
                self.link.run(self.store.finish(record, record.final_context(Status.FAILED, error=Cancelled())))

    def records(self, status: Status) -> list[Record]:
        return self.link.run(self.store.list(status, None, 10)).records
