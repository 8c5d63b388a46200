"""What must hold when the chaos is over. Each check yields what breaks it; its docstring is the promise."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from api_gateway.monitor.janitor import CUT_OFF
from common.clock import utcnow
from common.state.context import Status
from common.state.events import is_final
from tests.chaos.aftermath import Aftermath, nothing_waits, unsettled_leases
from tests.chaos.checker import check as check_history
from tests.chaos.clients import ENDINGS
from tests.chaos.observations import collect_history
from tests.chaos.work import KINDS
from tests.support.keys import immortal_keys
from tests.support.processes import described
from tests.support.waiting import wait_until

WORKS_WITHIN_S = 120
GONE_WITHIN_S = 20
BUGS = {
    "callback_crashed",
    "loop_failed",
    "message_crashed",
    "process_will_not_die",
    "request_failed",
    "task_raised",
    "watch_failed",
    "watchdog_failed",
}
LONGEST_OVERLAP = timedelta(seconds=2)
"""Of two attempts: `heartbeat.stop_grace` of the box; for a process that was suspended, one `heartbeat.interval` before
it; and half a second for a busy machine."""

Check = Callable[[Aftermath], Iterator[str]]


def every_task_has_ended(seen: Aftermath) -> Iterator[str]:
    """Every task that was accepted is there and in a final state."""
    for promise in seen.promises:
        status = seen.records.get(promise.task_id, {}).get("status", "lost")
        if status not in ENDINGS:
            yield f"{promise.task_id} ({promise.kind}): {status}"


def every_end_is_told_once(seen: Aftermath) -> Iterator[str]:
    """Each end of a task has one closing event."""
    for promise in seen.promises:
        entries = seen.redis.xrange(f"events:{promise.task_id}")
        told = sum(is_final(fields["event"], fields["data"]) for _, fields in entries)
        if not 1 + promise.retries_accepted <= told <= 1 + promise.retries_asked:
            yield f"{promise.task_id}: {told} closing events, {promise.retries_accepted} retries"


def every_callback_arrived_or_is_due(seen: Aftermath) -> Iterator[str]:
    """Each end of a task is one message, which the receiver has accepted or will be sent."""
    due = defaultdict(set)
    for name, (task_id, _) in seen.messages_due().items():
        due[task_id].add(name)
    for promise in seen.promises:
        task_id = promise.task_id
        tries = seen.http.get(f"/v1/tasks/{task_id}/deliveries").json().get("deliveries", [])
        known = {delivery["message_id"] for delivery in tries} | seen.callback_receiver.came[task_id] | due[task_id]
        if not 1 + promise.retries_accepted <= len(known) <= 1 + promise.retries_asked:
            yield f"{promise.task_id}: {len(known)} messages, {promise.retries_accepted} retries"
        lost = [name for name in known if not seen.callback_receiver.accepted[name] and name not in due[task_id]]
        yield from (f"{promise.task_id}: {name} was neither accepted nor is it due" for name in lost)


def what_succeeded_is_there(seen: Aftermath) -> Iterator[str]:
    """Every file that an output names is there and as long as it says."""
    for promise, output in seen.succeeded:
        for made in artifacts(output):
            file = seen.box.plan.share / made["path"]
            if not file.is_file() or file.stat().st_size != made["size"]:
                yield f"{promise.task_id}: {made['path']}"


def the_same_request_gave_the_same_text(seen: Aftermath) -> Iterator[str]:
    """However often an attempt was killed and resumed, a transcript is what it would have been."""
    texts: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for promise, output in seen.succeeded:
        transcript = seen.box.plan.share / output.get("transcript_path", {}).get("path", "")
        if "transcribe" in promise.kind and transcript.is_file():
            segments = json.loads(transcript.read_text())["segments"]
            texts[promise.kind, promise.asked].setdefault(json.dumps(segments), promise.task_id)
    for (kind, asked), different in texts.items():
        if len(different) > 1:
            yield f"{kind} {asked}: {len(different)} texts, by {', '.join(different.values())}"


def no_bug_was_met(seen: Aftermath) -> Iterator[str]:
    """Nothing was logged that only a bug makes, and no client got an answer that it should not."""
    yield from seen.crowd.surprises
    for entry in seen.box.logged():
        if entry.get("event") in BUGS:
            yield f"{entry['program']}: {entry['event']} {entry.get('task_id', '')} {entry.get('exception', '')[-300:]}"


def nobody_works_unseen(seen: Aftermath) -> Iterator[str]:
    """No process runs that has lost its parent, and no ffmpeg."""
    with suppress(AssertionError):  # a child hears that its parent is gone within seconds
        wait_until(lambda: not seen.box.strays(), timeout=GONE_WITHIN_S, every=0.5)
    yield from (described(process) for process in seen.box.strays())


def the_indexes_agree(seen: Aftermath) -> Iterator[str]:
    """Every index lists exactly the tasks that have its status."""
    everything = set(seen.redis.zrange("tasks:index", 0, -1))
    by_status = {status: set(seen.redis.zrange(f"tasks:index:{status}", 0, -1)) for status in Status}
    for task_id in everything | set().union(*by_status.values()):
        status = seen.redis.hget(f"task_control:{task_id}", "status")
        listed = [name.value for name, ids in by_status.items() if task_id in ids]
        if listed != [status] or task_id not in everything:
            yield f"{task_id} is {status}, listed under {listed}"


def no_key_lives_for_ever(seen: Aftermath) -> Iterator[str]:
    """Every key has a time to live, but for the named few."""
    yield from immortal_keys(seen.redis)


def no_file_is_an_orphan(seen: Aftermath) -> Iterator[str]:
    """No half-written file is left, and no workspace without its task."""
    share = seen.box.plan.share
    yield from (str(path.relative_to(share)) for path in share.rglob(".partial") if any(path.rglob("*")))
    known = set(seen.redis.zrange("tasks:index", 0, -1)) | seen.redis.smembers("tasks:removed")  # the janitor's
    yield from (f"workflows/{path.name}" for path in (share / "workflows").iterdir() if path.name not in known)
    yield from (f"inputs/{path.name}" for path in (share / "inputs").iterdir() if forgotten(path))
    tmp = seen.box.folder / "tmp"
    left = (path for path in tmp.rglob("*") if path.is_file() and path.suffix != ".alive")  # what a probe reads
    yield from (str(path.relative_to(tmp.parent)) for path in left)


def forgotten(upload: Path) -> bool:
    """Say whether an upload is not whole, and has not just been cut off by its gateway's death either."""
    whole = any(not file.name.startswith(".") for file in upload.iterdir())
    return not whole and utcnow().timestamp() - upload.stat().st_mtime > CUT_OFF.total_seconds()


def every_service_works(seen: Aftermath) -> Iterator[str]:
    """Each kind of task, posted now, succeeds."""
    for number, kind in enumerate(each for each in KINDS if each.service in seen.box.plan.services):
        body = {"task_name": kind.name, "input_data": kind.input_data, "task_id": f"afterwards-{number}"}
        try:
            seen.http.post("/v1/tasks", json=body).raise_for_status()
            wait_until(partial(ended, seen, f"afterwards-{number}"), timeout=WORKS_WITHIN_S, every=0.2)
        except (httpx.HTTPError, AssertionError) as error:
            yield f"{kind.name}: {error}"
            continue
        record = seen.http.get(f"/v1/tasks/afterwards-{number}").json()
        if record["status"] != "SUCCESS":
            yield f"{kind.name}: {record['status']} {record['error']}"


def ended(seen: Aftermath, task_id: str) -> bool:
    return seen.http.get(f"/v1/tasks/{task_id}").json()["status"] in ENDINGS


def artifacts(output: Any) -> Iterator[dict[str, Any]]:
    """Yield each file that an output names, wherever it stands in it."""
    if isinstance(output, dict):
        if {"path", "url", "size"} <= output.keys():
            yield output
        output = list(output.values())
    if isinstance(output, list):
        for part in output:
            yield from artifacts(part)


def the_history_is_consistent(seen: Aftermath) -> Iterator[str]:
    """What clients, workers and the receiver of callbacks recorded agrees, in the order in which they recorded it."""
    for violation in check_history(collect_history(seen), LONGEST_OVERLAP):
        yield f"{violation.task_id}: {violation.rule}: {violation.found}"


CHECKS: tuple[Check, ...] = (
    every_task_has_ended,
    every_end_is_told_once,
    every_callback_arrived_or_is_due,
    what_succeeded_is_there,
    the_same_request_gave_the_same_text,
    no_bug_was_met,
    nobody_works_unseen,
    unsettled_leases,
    nothing_waits,
    the_indexes_agree,
    no_key_lives_for_ever,
    no_file_is_an_orphan,
    the_history_is_consistent,
    every_service_works,
)
