"""Typed stubs of the Lua scripts for task records and transcripts.

The parameters are those of the script's header, in the same order; this is checked when the module is imported.
"""

# The bodies are never run, see `lua_script`.
# mypy: disable-error-code="empty-body"

from collections.abc import Sequence
from typing import Any, Literal

from common.state.keys import Key
from common.state.scripts import Arg, lua_script

Beat = Literal["OK", "CANCEL", "FENCED"]


@lua_script("create")
def create(
    *,
    state: Key,
    control: Key,
    index: Key,
    pending: Key,
    waiting: Key,
    dispatch: Key,
    all_events: Key,
    wait_limits: Key,
    by_name: Key,
    idempotency: Key | None = None,
    task_id: str,
    context: str,
    digest: str,
    priority: int,
    ttl_s: int,
    max_pending: int,
    dispatch_delay_us: int,
    fields: Sequence[Arg],
) -> list[Any]:
    """Record a task and its place on the dispatch list; the same request again changes nothing."""


@lua_script("get")
def get_task(*, state: Key, control: Key) -> list[Any]:
    """Read a task."""


@lua_script("list")
def list_tasks(*, indexes: Sequence[Key], highest: str, count: int, most_seen: int) -> list[Any]:
    """Read a page of tasks, newest first."""


@lua_script("claim")
def claim(
    *,
    state: Key,
    control: Key,
    pending: Key,
    running: Key,
    waiting: Key,
    dispatch: Key,
    events: Key,
    all_events: Key,
    task_id: str,
    worker: str,
    ttl_s: int,
    events_kept: int,
    claim_id: str,
) -> list[Any]:
    """Start an attempt: PENDING to RUNNING under a new fence. Anything else is refused."""


@lua_script("beat")
def beat(
    *,
    state: Key,
    control: Key,
    events: Key,
    fence: int,
    ttl_s: int,
    events_kept: int,
    rss: int,
    progress: str,
    news: Sequence[Arg],
) -> Beat:
    """Record a heartbeat, publish events, and learn whether the attempt must stop."""


@lua_script("finish")
def finish(
    *,
    state: Key,
    control: Key,
    from_index: Key,
    to_index: Key,
    waiting: Key,
    dispatch: Key,
    events: Key,
    all_events: Key,
    outbox: Key,
    message: Key,
    task_id: str,
    status: str,
    fence: int,
    heartbeat_us: int | str,
    final_status: str,
    context: str,
    ttl_s: int,
    events_kept: int,
    event: str,
    event_data: str,
    message_id: str,
    message_json: str,
    events_ttl_s: int,
) -> str:
    """End a task: context, status, final event and callback in one step."""


@lua_script("requeue")
def requeue(
    *,
    state: Key,
    control: Key,
    from_index: Key,
    pending: Key,
    waiting: Key,
    dispatch: Key,
    events: Key,
    all_events: Key,
    wait_limits: Key,
    task_id: str,
    status: str,
    fence: int,
    heartbeat_us: int | str,
    delay_us: int,
    context: str,
    ttl_s: int,
    events_kept: int,
    signal: str,
    attempt_limit: int,
    interruptions: int,
) -> str:
    """Give a task another attempt under a new fence, so that the previous one can write nothing any more."""


@lua_script("dispatch")
def dispatch(*, control: Key, dispatch: Key, task_id: str) -> int:
    """Put a pending task on the dispatch list at once."""


@lua_script("cancel")
def cancel(*, control: Key) -> str:
    """Ask a running task to stop; returns the status found, or GONE."""


@lua_script("join")
def join(*, clients: Key, client: str, ttl_s: int) -> int:
    """Add a client that waits for a task, unless its last client has left."""


@lua_script("leave")
def leave(*, clients: Key, client: str, ttl_s: int) -> int:
    """Remove a client that waits for a task; returns 1 if it was the last."""


@lua_script("delete")
def delete(
    *,
    control: Key,
    index: Key,
    by_status: Key,
    all_events: Key,
    removed: Key,
    outbox: Key,
    by_name: Key,
    others: Sequence[Key],
    task_id: str,
    status: str,
    ttl_s: int,
    message_ids: Sequence[Arg],
) -> str:
    """Remove a finished task with its callback messages."""


@lua_script("edits")
def read_edits(*, edits: Key) -> list[str]:
    """Read the edits of a transcript."""


@lua_script("edit")
def edit(
    *,
    control: Key,
    edits: Key,
    events: Key,
    segment_id: int,
    parts: bytes,
    changes: bytes,
    language: bytes,
    events_kept: int,
) -> list[str]:
    """Store the edit of a segment, and publish it."""


@lua_script("undo_edit")
def undo_edit(
    *, control: Key, edits: Key, events: Key, events_kept: int, event_data: bytes | str, fields: Sequence[Arg]
) -> int:
    """Remove the edit of a segment, and publish the segment without it."""
