"""The page of events, callbacks and alerts."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

import services
from api_gateway.app import create_app
from api_gateway.callbacks.schedule import (
    JITTER,
    LONGEST_WHILE_STARTING,
    PAUSES,
    RETRIED,
    RETRIED_EARLY,
    STARTING_FOR,
)
from api_gateway.monitor.gpu_lock_monitor import SIGNALS
from api_gateway.monitor.timeouts import Level
from common.errors import ErrorRecord
from common.models.events import Download
from common.state.context import InputParams, Progress, Stage, Timings, WorkflowContext
from common.state.messages import TYPES
from common.transcript.format import Segment, Word
from common.transcript.live import BEGINNINGS
from docs.writer.markdown import code, join_blocks, prose, table
from docs.writer.schema import fields

TASK_STREAM = "/v1/tasks/{task_id}/events"
OF_A_TASK = {
    "initial_state": "always first: the whole record, as [`GET /v1/tasks/{task_id}`](http.md#tasks) returns it",
    "progress": "[Progress](#progress); in a quick series, only the newest is sent",
    "draft": "`segments` that a later `fragment` may replace; `segment_index`, the id of the first; `language`",
    "fragment": "the same fields; the text is final, and an empty one withdraws a draft. "
    "Each segment replaces the one with its id, unless that one is "
    "`modified`. An edit by a person is a segment with `modified: true`",
    "signal": "`code`; see [signals](#signals)",
    "error": "[ErrorRecord](#errorrecord): the task has FAILED; the last event",
    "ping": "`ts`; has no id; keeps proxies from closing the stream",
}
OF_MODELS = {
    "initial_state": "always first: the list of models, as `GET /v1/models` returns it",
    "progress": "a download: `id` of the model, and [Download](#download)",
    "downloaded": "`id`, `task_id`",
    "failed": "`id`, `task_id`, and [ErrorRecord](#errorrecord)",
    "loaded": "`id`, `variant`, `host`, `device`, `worker`, `memory_mib`",
    "unloaded": "the same fields as `loaded`",
    "ping": "`ts`",
}
OF_THE_SYSTEM = {
    "snapshot": "`at`, `counts`, `running`, `locks`, `queues`, `workers`, `devices`, `health`",
    "task": "`task_id`, `status`; the status is null if the task was removed",
    "ping": "`ts`",
}
WORDS = {
    TASK_STREAM: OF_A_TASK,
    "/v1/models/events": OF_MODELS,
    "/v1/monitoring/events": OF_THE_SYSTEM,
}
EVENTS = "text/event-stream"
BEGUN = {
    "started": "the first attempt has begun",
    "resumed": "another attempt has begun; earlier segments may be sent again",
}
SIGNALS_OF_A_TASK = {
    **{name: f"{BEGUN[name]}; `attempt`" for name in sorted(BEGINNINGS, reverse=True)},
    "retrying": "this attempt has ended and another one follows; `attempt`, `reason`",
    "alignment_ready": "two streams: every draft has its final segment",
    SIGNALS[Level.WARNING]: "the task has held the GPU for a long time; `held`, `limit`, `lock`",
    SIGNALS[Level.SOFT]: "the same; the task was asked to end",
    SIGNALS[Level.HARD]: "the same; its process is being killed",
    "task_stalled": "the task sends heartbeats but makes no progress, and was asked to end; `idle`, `limit`, `action`",
    "task_stalled_kill": "the same; its process is being killed",
    "task_complete": "the task has the status SUCCESS; the last event",
    "task_cancelled": "the task has the status CANCELLED; the last event",
}
ALERTS = {
    **{f"gpu_lock.{level}": f"a lease has reached the level `{level}`" for level in Level},
    "gpu_lock.stuck": "a holder has not ended although Baton ordered its process killed: restart its worker",
    "container.restarted": "Baton restarted a holder's container (`gpu_lock_monitor.restart_containers`)",
    "delivery.not_claimed": "a process did not claim the task it was given, and was replaced: `task_id`, `worker`",
    "task.stalled": "a task makes no progress",
    "clock.step": "the clock of Redis's machine was changed: `step` in seconds, number of due times `shifted`",
}
STREAMS = """Each stream consists of Server-Sent Events whose `data` is JSON. Every event except `ping` has an
`id`. A client that reconnects with `Last-Event-ID` misses nothing; browsers and `baton watch` do so automatically.
A task's stream ends with its last event; a client that reconnects after that gets 204. `tasks.events_grace` after
the end of a task, only its last event remains. Events may arrive twice. A client that keeps a map of segments by
id gets the same result."""
CALLBACKS = """Baton sends one message for each end of a task, by [Standard
Webhooks](https://www.standardwebhooks.com/): a POST with the headers `webhook-id`, `webhook-timestamp` and, if
`callbacks.secret` is set or the callback has its own `secret`, `webhook-signature` ([how to verify
it](../how-to/secure.md#verify-webhooks)). All tries of a message have the same `webhook-id`: ignore an id that you
have already processed. The body has `type`, `timestamp` and `data` (the whole record). For tools that prefer a
flat body, it repeats `task_id`, `status`, `output` (also under its older name `result`) and, unless the task
succeeded, `error` at the top level. `metadata` is the client's own from the request, or `{}`. `links` are the URLs
of further information; they are absolute if `gateway.public_url` is set. With `"thin": true`, the body has no
`output` or `result`, and `data` contains only `task_id`, `task_name` and `status`. The body has the number format
and the member order of JavaScript: `JSON.stringify(JSON.parse(body))` returns the same body, so its signature
still matches."""


def page() -> str:
    """Return the page."""
    return join_blocks(
        [
            "# Events, callbacks and alerts",
            STREAMS,
            *(part for path, route in streams() for part in stream(path, route)),
            "## Signals",
            "The values of `code` in a task's `signal`.",
            explain_names("code", SIGNALS_OF_A_TASK, SIGNALS_OF_A_TASK),
            "## Objects in events",
            *(part for kind in (Progress, Segment, Word, ErrorRecord, Download) for part in describe(kind)),
            "### The record",
            "The content of `initial_state`, of a callback's `data`, and of the response of `GET /v1/tasks/{task_id}`.",
            *(part for kind in (WorkflowContext, InputParams, Stage, Timings) for part in describe(kind)),
            "## Callbacks",
            CALLBACKS,
            table(("type", "status"), ((code(kind), status) for status, kind in TYPES.items())),
            tries(),
            "## Alerts",
            "Baton sends these messages to `gpu_lock_monitor.alert_url`, signed and retried in the same way.",
            explain_names("type", ALERTS, ALERTS),
        ]
    )


def streams() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and the response of each route that streams Baton's own events."""
    document = create_app(services.settings(), services.catalog(), services.models()).openapi()
    for path, methods in document["paths"].items():
        for route in methods.values():
            answer = route["responses"].get("200", {})
            if EVENTS in answer.get("content", {}) and "properties" in answer["content"][EVENTS]["schema"]:
                yield path, answer


def stream(path: str, answer: dict[str, Any]) -> Iterable[str]:
    """Yield the section of one stream."""
    names = answer["content"][EVENTS]["schema"]["properties"]["event"]["enum"]
    yield f"## {code(f'GET {path}')}"
    yield prose(answer["description"])
    if words := WORDS.get(path):
        yield explain_names("event", names, words)


def explain_names(head: str, names: Iterable[str], words: Mapping[str, str]) -> str:
    """Return the table of these names.

    Raises:
        ValueError: a name has no description, or a description has no name.
    """
    names = list(names)
    if set(names) != set(words):
        raise ValueError(f"{head}: {set(names) ^ set(words)} has no description, or no longer exists")
    return table((head, "data"), ((code(name), words[name]) for name in names))


def describe(kind: type[BaseModel]) -> Iterable[str]:
    schema: dict[str, Any] = kind.model_json_schema(mode="serialization")
    yield f"#### {kind.__name__}"
    yield schema.get("description", "")
    yield fields(schema, schema, given=False)


def tries() -> str:
    """Return how a message is retried."""
    pauses = ", ".join(f"{pause.total_seconds():g}" for pause in PAUSES)
    statuses = ", ".join(str(int(status)) for status in sorted(RETRIED | RETRIED_EARLY.keys()))
    early = ", ".join(
        f"{int(status)} only in the first {window.total_seconds():g} seconds"
        for status, window in RETRIED_EARLY.items()
    )
    return (
        f"A 2xx response means received. Baton retries after 5xx, {statuses} or no response, with pauses of {pauses} "
        f"seconds (up to {JITTER:.0%} shorter), or longer if `Retry-After` says so; {early}. "
        f"In the first {STARTING_FOR.total_seconds():g} seconds, when the receiver may still be starting, "
        f"Baton retries after a 404 or a refused connection at least every "
        f"{LONGEST_WHILE_STARTING.total_seconds():g} seconds. "
        f"A receiver (scheme, host and port) gets at most `callbacks.per_receiver` requests at the same time. After "
        f"`callbacks.failures_allowed` consecutive tries without a response, it gets one at a time until it responds; "
        "its other messages wait without using up a try, and `GET /v1/monitoring/receivers` lists it. "
        "Any other response, including a redirect, ends the tries. "
        "`GET /v1/tasks/{task_id}/deliveries` lists the tries; `POST …/deliveries/{n}/replay` sends a message again."
    )
