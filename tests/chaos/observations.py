"""The history of a run, collected from clients, workers and the receiver of callbacks."""

from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any

from common.state import javascript_json
from tests.chaos.aftermath import Aftermath
from tests.chaos.history import History, Observation

FAULTS_OF_CHAOS = {"ffmpeg_killed", "storage_full", "worker_lost"}
"""Codes of tasks that fail because of what chaos does, not because of a bug."""


def collect_history(seen: Aftermath) -> History:
    """Return what was observed. Of a task that was asked for again or removed, only its attempts count."""
    asked_again = {promise.task_id for promise in seen.crowd.promises if promise.retries_asked or promise.removed}
    outside = (*seen.crowd.history, *endings(seen), *callbacks(seen))
    kept = [found for found in outside if found.task_id not in asked_again]
    return History([*kept, *seen.box.attempts()])


def endings(seen: Aftermath) -> Iterator[Observation]:
    """Yield how each task stands in the end, read after all else."""
    now = monotonic()
    for task_id, record in seen.records.items():
        yield Observation(now, "status", task_id, record["status"])
        yield Observation(now, "result", task_id, outcome(record["status"], record["stages"][record["task_name"]]))
        if (record.get("error") or {}).get("code") in FAULTS_OF_CHAOS:
            yield Observation(now, "failure", task_id)


def callbacks(seen: Aftermath) -> Iterator[Observation]:
    for request in seen.callback_receiver.requests:
        body = request.json["data"]
        yield Observation(
            request.at, "callback", body["task_id"], outcome(body["status"], body["stages"][body["task_name"]])
        )
    # what is still due will come: here it only must not count as lost
    for task_id, _ in seen.messages_due().values():
        record = seen.records.get(task_id)
        if record:
            stage = record["stages"][record["task_name"]]
            yield Observation(monotonic(), "callback", task_id, outcome(record["status"], stage))


def outcome(status: str, stage: Mapping[str, Any]) -> str:
    """Return a result in one form: a callback writes numbers as JavaScript does."""
    return javascript_json.dumps([status, stage["output"]])
