"""Any order of calls, from any number of callers with views of any age, keeps the promises of a task's record."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pydantic_core import from_json
from typing_extensions import override

from common.clock import utcnow
from common.contract import Contract, TaskInput, TaskOutput
from common.errors import BatonError, DownloadFailed, InvalidInput
from common.settings import TaskSettings
from common.state import events, keys
from common.state.context import FINAL, NEXT, InputParams, Stage, Status, WorkflowContext
from common.state.events import Event
from common.state.gateway_leases import take_due
from common.state.keys import Key
from common.state.messages import message_for
from common.state.record import Callback, Record
from common.state.scripts import ScriptCall
from common.state.store import StateStore, Submission
from tests.support.inspected_redis import InspectedRedis
from tests.support.keys import immortal_keys

pytestmark = pytest.mark.redis

IDS = ("a", "b", "c")
CONTRACT = Contract("testing.nothing", TaskInput, TaskOutput)
HOUR = timedelta(hours=1)
AGES = st.integers(0, 8)
"""How many changes ago a view was taken, or a call was made."""
Change = Callable[[StateStore, Record], ScriptCall[Any]]
TRANSITIONS = {(before, after) for before, following in NEXT.items() for after in following}


def context(task_id: str) -> WorkflowContext:
    return WorkflowContext(
        workflow_id=task_id,
        task_id=task_id,
        task_name=CONTRACT.name,
        created_at=utcnow(),
        updated_at=utcnow(),
        input_params=InputParams(task_name=CONTRACT.name, input_data={}),
        shared_storage_path=PurePosixPath("/share/workflows") / task_id,
        stages={CONTRACT.name: Stage()},
    )


def finish_with(status: Status, *, error: BatonError | None = None) -> Change:
    return lambda store, view: store.finish(view, view.final_context(status, error=error))


def fail_with(error: BatonError) -> Change:
    return lambda store, view: store.after_failure(view, view.final_context(Status.FAILED, error=error), error)


def remove(store: StateStore, view: Record) -> ScriptCall[str]:
    return store.delete(view)


# what somebody may do who has seen a task with this status
AFTER_END: list[Change] = [lambda store, view: store.requeue(view, reason="asked"), remove]
CHANGES: dict[Status, list[Change]] = {
    Status.PENDING: [finish_with(Status.CANCELLED)],
    Status.RUNNING: [
        finish_with(Status.SUCCESS),
        finish_with(Status.CANCELLED),
        finish_with(Status.FAILED, error=InvalidInput()),
        fail_with(InvalidInput()),
        fail_with(DownloadFailed()),
        lambda store, view: store.after_loss(view),
        lambda store, view: store.after_loss(view, if_silent=True),
        lambda store, view: store.after_loss(view, cost="interruption"),
        lambda store, view: store.give_back(view),
    ],
    Status.SUCCESS: [finish_with(Status.FAILED, error=InvalidInput()), remove],
    Status.FAILED: AFTER_END,
    Status.CANCELLED: AFTER_END,
}


class TaskLife(RuleBasedStateMachine):
    """Gateways, workers and the monitor at once: each rule is one call of one of them, on a view that may be stale."""

    def __init__(self, redis: InspectedRedis) -> None:
        super().__init__()
        self.redis = redis
        self.store = StateStore(TaskSettings(max_attempts=2, max_pending=2))
        self.fences: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.messages: dict[str, str] = {}
        """Message ids in the outbox, with their tasks: they go with them."""
        self.names: set[str] = set()
        self.news: list[tuple[str, str | None]] = []
        self.views: list[Record] = []
        self.calls: list[ScriptCall[Any]] = []

    @initialize()
    def begin(self) -> None:
        self.redis.client.flushall()
        for task_id in IDS:
            self.create(task_id, "x", None)
            self.claim(task_id, twice=False)

    # ---- one call, and what it may have changed ----

    def control(self, task_id: str) -> dict[str, str]:
        found: dict[str, str] = self.redis.client.hgetall(keys.control(task_id))
        return found

    def run(self, call: ScriptCall[Any]) -> Any:
        before = {task_id: self.control(task_id) for task_id in IDS}
        answer = self.redis.run(call)
        self.calls.append(call)
        for task_id in IDS:
            after = self.control(task_id)
            self.follow(task_id, before[task_id], after)
            if after != before[task_id] and (seen := self.redis.run(self.store.get(task_id))):
                self.views.append(seen)
        return answer

    def follow(self, task_id: str, before: dict[str, str], after: dict[str, str]) -> None:
        if not after:
            assert not before or Status(before["status"]) in FINAL, "only what is finished can be removed"
            self.ends.pop(task_id, None)
            self.messages = {name: owner for name, owner in self.messages.items() if owner != task_id}
            if before:
                self.news.append((task_id, None))
            return
        was, now = before.get("status"), after["status"]
        if was != now:
            self.news.append((task_id, now))
        if was != now:
            assert (was, now) in TRANSITIONS if was else now == Status.PENDING
        if was != now and now in FINAL:
            self.ends[task_id] = self.ends.get(task_id, 0) + 1
            record = self.redis.run(self.store.get(task_id))
            if record and (message := message_for(record, record.context)):
                assert message.id not in self.names, "each end is told under a name of its own"
                self.names.add(message.id)
                self.messages[message.id] = task_id
        assert int(after["fence"]) >= self.fences.get(task_id, 0), "a fence never falls, not even over a removal"
        self.fences[task_id] = int(after["fence"])
        assert int(after["attempt"]) <= int(after["attempt_limit"])

    # ---- the calls ----

    @rule(task_id=st.sampled_from(IDS), digest=st.sampled_from("xy"), key=st.sampled_from([None, "k"]))
    def create(self, task_id: str, digest: str, key: str | None) -> None:
        target = Callback(url="http://n8n") if task_id != IDS[0] else None
        known, waiting = self.control(task_id), self.redis.client.zcard(keys.index(Status.PENDING))
        answer = self.run(self.store.create(Submission(context(task_id), CONTRACT, digest, 5, target, key)))
        if answer.outcome == "created":
            assert not known
            assert waiting < self.store.settings.max_pending
        elif answer.outcome != "full":
            assert (self.control(answer.task_id)["digest"] == digest) == (answer.outcome == "exists")

    @rule(task_id=st.sampled_from(IDS), twice=st.booleans())
    def claim(self, task_id: str, *, twice: bool) -> None:
        call = self.store.claim(task_id, CONTRACT.queue, "worker")
        begun = self.run(call)
        if twice:  # the reply was lost
            assert self.run(call) == begun

    @rule(task_id=st.sampled_from(IDS))
    def ask_to_cancel(self, task_id: str) -> None:
        if self.run(self.store.ask_to_cancel(task_id)) == Status.RUNNING:
            assert "cancel_us" in self.control(task_id)

    @precondition(lambda self: self.views)
    @rule(age=AGES, choice=st.integers(0, 99))
    def change(self, age: int, choice: int) -> None:
        """Do one of the things that somebody does who has seen the task as in the view."""
        view = self.views[-1 - min(age, len(self.views) - 1)]
        choices = CHANGES[view.control.status]
        call = choices[choice % len(choices)](self.store, view)
        stands = self.control(view.context.task_id)
        if self.run(call) == "OK" and self.control(view.context.task_id):  # a removal asks for the status alone
            assert stands["fence"] == str(view.control.fence)

    @precondition(lambda self: self.views)
    @rule(age=AGES)
    def beat(self, age: int) -> None:
        view = self.views[-1 - min(age, len(self.views) - 1)]
        task_id, fence = view.context.task_id, view.control.fence
        stands = self.control(task_id)
        own = (stands.get("status"), stands.get("fence")) == (Status.RUNNING, str(fence))
        answer = self.run(self.store.beat(task_id, fence, rss=1, events=[Event("fragment", {"n": 1})]))
        assert (answer != "FENCED") == own

    @precondition(lambda self: self.calls)
    @rule(age=AGES)
    def repeat(self, age: int) -> None:
        """Somebody whose reply was lost, perhaps long ago, sends the same call again."""
        self.run(self.calls[-1 - min(age, len(self.calls) - 1)])

    @precondition(lambda self: self.redis.client.exists(keys.DISPATCH, keys.OUTBOX))
    @rule(list_key=st.sampled_from([keys.DISPATCH, keys.OUTBOX]))
    def take(self, list_key: str) -> None:
        taken = self.redis.run(take_due(Key(list_key), 10, HOUR))
        assert len(set(taken)) == len(taken)
        assert not self.redis.run(take_due(Key(list_key), 10, HOUR)), "what was taken is not due before its lease ends"

    # ---- what always holds ----

    @invariant()
    def the_indexes_agree_with_the_statuses(self) -> None:
        for task_id in IDS:
            status = self.control(task_id).get("status")
            listed = [each for each in Status if self.in_zset(keys.index(each), task_id)]
            assert listed == ([status] if status else [])
            assert self.in_zset(keys.INDEX, task_id) == bool(status)
            assert self.in_zset(keys.index_of_name(CONTRACT.name), task_id) == bool(status)
            assert self.in_zset(keys.waiting(CONTRACT.queue), task_id) == (status == Status.PENDING)
            assert not self.in_zset(keys.DISPATCH, task_id) or status == Status.PENDING
            assert self.redis.client.exists(keys.state(task_id)) == bool(status)

    @invariant()
    def each_end_has_one_closing_event_and_one_message(self) -> None:
        for task_id, count in self.ends.items():
            stream = self.redis.client.xrange(keys.events(task_id))
            assert sum(events.is_final(fields["event"], fields["data"]) for _, fields in stream) == count
        assert set(self.redis.client.zrange(keys.OUTBOX, 0, -1)) == self.messages.keys()
        assert all(self.redis.client.exists(keys.message(name)) for name in self.messages)

    @invariant()
    def each_change_of_a_status_is_told_once_and_in_order(self) -> None:
        stream = self.redis.client.xrange(keys.events(events.EVERY_TASK))
        told = [from_json(fields["data"]) for _, fields in stream if fields["event"] == "task"]
        assert [(each["task_id"], each["status"]) for each in told] == self.news

    @invariant()
    def every_key_but_the_named_dies_one_day(self) -> None:
        assert immortal_keys(self.redis.client) == []

    @invariant()
    def the_record_of_a_task_that_is_not_finished_never_expires(self) -> None:
        for task_id in IDS:
            ended = self.control(task_id).get("status") in FINAL
            lives = [self.redis.client.ttl(name) for name in (keys.state(task_id), keys.control(task_id))]
            assert all(ttl > 0 if ended else ttl in {-1, -2} for ttl in lives)

    def in_zset(self, name: str, member: str) -> bool:
        return self.redis.client.zscore(name, member) is not None

    @override
    def teardown(self) -> None:
        self.redis.client.flushall()


def test_every_interleaving_keeps_the_promises(redis: InspectedRedis) -> None:
    run_state_machine_as_test(
        lambda: TaskLife(redis),  # type: ignore[arg-type]  # it is called to make one
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            report_multiple_bugs=False,
            phases=(Phase.generate,),  # shrinking takes minutes: each step asks Redis a dozen times
        ),
    )
