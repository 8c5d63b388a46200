"""What a run must keep at every step, and at its end."""

from collections.abc import Sequence
from typing import Any

from common.state import keys
from common.state.context import FINAL, NEXT, Status
from common.state.record import Record
from tests.simulation.worker import QUEUE, Worker
from tests.support.inspected_redis import InspectedRedis

FIELDS = ("status", "fence", "attempt", "attempt_limit", "interruptions", "heartbeat_us")
TRANSITIONS = {(before, after) for before, following in NEXT.items() for after in following}


class Promises:
    """Compares each state of Redis with the one before."""

    def __init__(self, redis: InspectedRedis, task_ids: Sequence[str]) -> None:
        self.redis = redis
        self.task_ids = task_ids
        self.known: dict[str, list[str | None]] = {}
        self.results: dict[str, str] = {}
        self.fences: dict[str, set[int]] = {}

    def begin(self, record: Record) -> None:
        """Note an attempt that a worker begins."""
        task_id, fence = record.context.task_id, record.control.fence
        assert fence not in self.fences.setdefault(task_id, set()), f"{task_id}: two attempts have the fence {fence}"
        self.fences[task_id].add(fence)

    def end(self, record: Record) -> None:
        """Note that Redis has accepted the end of an attempt: it must be the one that ran."""
        task_id, fence = record.context.task_id, record.control.fence
        status, now = self.redis.client.hmget(keys.control(task_id), "status", "fence")
        expected = fence + 1 if status == Status.PENDING else fence
        assert int(now) == expected, f"{task_id}: attempt {fence} ended, and it is at {now}"

    def check_repeat(self) -> None:
        before = dict(self.known)
        self.check_call()
        assert self.known == before, "a change was made twice"

    def check_call(self) -> None:
        pipe = self.redis.client.pipeline(transaction=True)
        for task_id in self.task_ids:
            pipe.hmget(keys.control(task_id), FIELDS)
        for task_id, found in zip(self.task_ids, pipe.execute(), strict=True):
            before = self.known.get(task_id)
            if found != before:
                self.check_change(task_id, before, found)
                self.known[task_id] = found

    def check_change(self, task_id: str, before: list[Any] | None, after: list[Any]) -> None:
        was = before[0] if before else None
        now = after[0]
        if now is None:
            assert was is None, f"{task_id}: accepted, and lost"
            return
        assert was == now or ((was, now) in TRANSITIONS if was else now == Status.PENDING), f"{task_id}: {was} to {now}"
        assert not before or not was or int(after[1]) >= int(before[1]), f"{task_id}: the fence fell"
        if (was, now) == (Status.RUNNING, Status.PENDING) and before:
            assert int(after[1]) > int(before[1]), f"{task_id}: waits again under the fence of an attempt"
        assert now != Status.PENDING or after[5] is None, f"{task_id}: waits, and has a heartbeat"
        assert int(after[2]) <= int(after[3]), f"{task_id}: more attempts than allowed"
        if now in FINAL:
            self.check_result(task_id)
        self.check_indexes(task_id, now)

    def check_result(self, task_id: str) -> None:
        result = str(self.redis.client.get(keys.state(task_id)))
        assert self.results.setdefault(task_id, result) == result, f"{task_id}: a second result"

    def check_indexes(self, task_id: str, status: str) -> None:
        places = [*(keys.index(each) for each in Status), keys.waiting(QUEUE), keys.DISPATCH]
        pipe = self.redis.client.pipeline(transaction=True)
        for place in places:
            pipe.zscore(place, task_id)
        *indexed, waiting, dispatch = (score is not None for score in pipe.execute())
        assert indexed == [each == status for each in Status], f"{task_id}: in the wrong index"
        assert waiting == (status == Status.PENDING), f"{task_id}: waits in the wrong list"
        assert not dispatch or status == Status.PENDING, f"{task_id}: {status}, and to be dispatched"

    def check_overlap(self, workers: Sequence[Worker]) -> None:
        """No task is worked on by two that could both go on: who has been cut off for too long stops first."""
        busy = [worker for worker in workers if worker.attempt and worker.works_on and not is_cut_off(worker)]
        tasks = [worker.works_on for worker in busy]
        assert len(tasks) == len(set(tasks)), f"runs twice at once: {[(w.name, w.works_on) for w in busy]}"

    def check_end(self, workers: Sequence[Worker]) -> None:
        """Attempts were used up by failures only, and each end was told once."""
        for task_id, (_, _, attempt, _, interruptions, _) in self.known.items():
            if attempt is None:
                continue
            failures = sum(worker.failures.get(task_id, 0) for worker in workers)
            limit = int(self.known[task_id][3] or 0)
            assert int(attempt) - (limit - 3) <= failures + 1, f"{task_id}: an attempt was used up without a failure"
            assert int(interruptions or 0) <= 10, f"{task_id}: more interruptions than allowed"

    def statuses(self) -> dict[str, str | None]:
        return {task_id: found[0] for task_id, found in self.known.items()}

    def are_all_final(self) -> bool:
        self.check_call()
        return all((self.known.get(task_id) or [None])[0] in FINAL for task_id in self.task_ids)


def is_cut_off(worker: Worker) -> bool:
    """Say whether it has been cut off for so long that it works no more, whatever step comes next."""
    return worker.attempt is not None and worker.is_cut_off_too_long(worker.attempt)
