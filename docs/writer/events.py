"""What Baton tells by itself: a task's events, the models' events, callbacks and alerts."""

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
    "initial_state": "the whole record, always first: [`GET /v1/tasks/{task_id}`](http.md#tasks) gives the same",
    "progress": "[Progress](#progress); only the newest of a quick series is told",
    "draft": "`segments` that a later `fragment` may replace; `segment_index`, the first one's id; `language`",
    "fragment": "the same, final. It replaces what has its id, but for a segment that is `modified`; an edit by a "
    "person is told as a segment with `modified: true`",
    "signal": "`code`, see [signals](#signals)",
    "error": "[ErrorRecord](#errorrecord): the task has FAILED. The last event",
    "ping": "`ts`; keeps proxies from closing the stream, and has no id",
}
OF_MODELS = {
    "initial_state": "the list of models, as `GET /v1/models` gives it; always first",
    "progress": "a download: `id` of the model, and [Download](#download)",
    "downloaded": "`id`, `task_id`",
    "failed": "`id`, `task_id`, and [ErrorRecord](#errorrecord)",
    "loaded": "`id`, `variant`, `host`, `device`, `worker`, `memory_mib`",
    "unloaded": "`id`, and where",
    "ping": "`ts`",
}
OF_THE_SYSTEM = {
    "snapshot": "`at`, `counts`, `running`, `locks`, `queues`, `workers`, `devices`, `health`",
    "task": "`task_id`, `status`; null when it was removed",
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
    "resumed": "a further attempt has begun; segments told before may come again",
}
SIGNALS_OF_A_TASK = {
    **{name: f"{BEGUN[name]}; `attempt`" for name in sorted(BEGINNINGS, reverse=True)},
    "retrying": "this attempt has ended, another one follows; `attempt`, `reason`",
    "alignment_ready": "two streams: every draft has its final",
    SIGNALS[Level.WARNING]: "it holds the card for long; `held`, `limit`, `lock`",
    SIGNALS[Level.SOFT]: "the same; it was asked to end",
    SIGNALS[Level.HARD]: "the same; its process is being killed",
    "task_stalled": "it beats, but makes no progress; `idle`, `limit`, `action`; it was asked to end",
    "task_stalled_kill": "the same; its process is being killed",
    "task_complete": "SUCCESS. The last event",
    "task_cancelled": "CANCELLED. The last event",
}
ALERTS = {
    **{f"gpu_lock.{level}": f"a lease has reached the level `{level}`" for level in Level},
    "gpu_lock.stuck": "a holder does not end although its process was ordered killed: restart its worker",
    "container.restarted": "its container was restarted (`gpu_lock_monitor.restart_containers`)",
    "delivery.not_claimed": "a process did not claim what it was given, and was replaced: `task_id`, `worker`",
    "task.stalled": "a task makes no progress",
    "clock.step": "the clock of Redis's machine was set: `step` in seconds, `shifted` due times",
}
STREAMS = """Each stream is Server-Sent Events. `data` is JSON. Each event but `ping` has an `id`; a client that comes
back with `Last-Event-ID` misses nothing (browsers and `baton watch` do so by themselves). A task's stream ends with
its last event; who comes back after that gets 204. `tasks.events_grace` after a
task's end only its last event is left. A client keeps a map of segments by id: events may come twice, and
the map ends the same."""
CALLBACKS = """One message for each end of a task, by [Standard Webhooks](https://www.standardwebhooks.com/): a POST
with the headers `webhook-id` (the same over all tries: drop what you have seen), `webhook-timestamp` and, where
`callbacks.secret` is set or the callback has a `secret` of its own, `webhook-signature`. [How to verify
it](../how-to/secure.md#verify-webhooks). The body has `type`, `timestamp` and `data` (the whole record). At the top,
for tools that like them flat, it repeats `task_id`, `status`, `output` (`result` is an older name of the same) and,
unless the task succeeded, `error`. `metadata` is what the client sent with the task, `{}` where there was none.
`links` say where to read more; they are absolute where `gateway.public_url` is set. With `"thin": true` the body has
no `output` and no `result`, and `data` holds `task_id`, `task_name` and `status` alone. Numbers and the order of
members are those that JavaScript writes: `JSON.stringify(JSON.parse(body))` is the body, and its signature fits."""


def page() -> str:
    """Return the page."""
    return join_blocks(
        [
            "# Events, callbacks and alerts",
            STREAMS,
            *(part for path, route in streams() for part in stream(path, route)),
            "## Signals",
            "The codes of a task's `signal`.",
            explain_names("code", SIGNALS_OF_A_TASK, SIGNALS_OF_A_TASK),
            "## What events hold",
            *(part for kind in (Progress, Segment, Word, ErrorRecord, Download) for part in describe(kind)),
            "### The record",
            "What `initial_state` and a callback's `data` hold, and `GET /v1/tasks/{task_id}` answers.",
            *(part for kind in (WorkflowContext, InputParams, Stage, Timings) for part in describe(kind)),
            "## Callbacks",
            CALLBACKS,
            table(("type", "status"), ((code(kind), status) for status, kind in TYPES.items())),
            tries(),
            "## Alerts",
            "Where `gpu_lock_monitor.alert_url` is set, it gets these, signed and tried again in the same way.",
            explain_names("type", ALERTS, ALERTS),
        ]
    )


def streams() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and the answer of each route that streams events of ours."""
    document = create_app(services.settings(), services.catalog(), services.models()).openapi()
    for path, methods in document["paths"].items():
        for route in methods.values():
            answer = route["responses"].get("200", {})
            if EVENTS in answer.get("content", {}) and "properties" in answer["content"][EVENTS]["schema"]:
                yield path, answer


def stream(path: str, answer: dict[str, Any]) -> Iterable[str]:
    """Yield what one stream tells."""
    names = answer["content"][EVENTS]["schema"]["properties"]["event"]["enum"]
    yield f"## {code(f'GET {path}')}"
    yield prose(answer["description"])
    if words := WORDS.get(path):
        yield explain_names("event", names, words)


def explain_names(head: str, names: Iterable[str], words: Mapping[str, str]) -> str:
    """Return the table of these names; one without words is an error, and so is a word without a name."""
    names = list(names)
    if set(names) != set(words):
        raise ValueError(f"{head}: {set(names) ^ set(words)} has no words, or is gone")
    return table((head, "data"), ((code(name), words[name]) for name in names))


def describe(kind: type[BaseModel]) -> Iterable[str]:
    schema: dict[str, Any] = kind.model_json_schema(mode="serialization")
    yield f"#### {kind.__name__}"
    yield schema.get("description", "")
    yield fields(schema, schema, given=False)


def tries() -> str:
    """Return how a message is tried again."""
    pauses = ", ".join(f"{pause.total_seconds():g}" for pause in PAUSES)
    statuses = ", ".join(str(int(status)) for status in sorted(RETRIED | RETRIED_EARLY.keys()))
    early = ", ".join(
        f"{int(status)} only in the first {window.total_seconds():g} seconds"
        for status, window in RETRIED_EARLY.items()
    )
    return (
        f"2xx is taken as received. No answer, 5xx and {statuses} are tried again after {pauses} seconds "
        f"(up to {JITTER:.0%} sooner), or later where `Retry-After` says so; {early}. "
        f"In the first {STARTING_FOR.total_seconds():g} seconds, a 404 or a connection that is refused is tried again "
        f"at least every {LONGEST_WHILE_STARTING.total_seconds():g} seconds: the receiver may be starting. "
        f"A receiver (scheme, host and port) gets at most `callbacks.per_receiver` tries at the same time. After "
        f"`callbacks.failures_allowed` tries in a row without an answer it gets one at a time, until it answers again; "
        "its other messages wait without using up a try, and `GET /v1/monitoring/receivers` names it. "
        "Anything else, redirects too, ends the tries. "
        "`GET /v1/tasks/{task_id}/deliveries` is the ledger, `POST …/deliveries/{n}/replay` sends again."
    )
