"""Live events of a task, as Server-Sent Events."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, get_args

import structlog
from fastapi import APIRouter, Header, Response

from api_gateway.dependencies import FoundRecord, Held
from api_gateway.gateway import Gateway
from api_gateway.http.problems import error_responses
from api_gateway.http.sse import STREAM_ID, documented_stream, first_frame, new_frames, sse_response
from api_gateway.http.stream_limits import ClientId
from api_gateway.runtime.event_hub import EventFrame, frame, sort_key
from common.errors import InvalidInput, StateUnavailable, TaskNotFound, TooManyStreams
from common.state.events import EventKind, final_event
from common.state.record import Record

router = APIRouter(tags=["events"])
log = structlog.get_logger()

STREAM: dict[int | str, dict[str, Any]] = {
    200: documented_stream(
        "`initial_state`, then `progress`, `draft`, `fragment`, `signal`, `error` and `ping`. "
        "The last one is `signal` with the code `task_complete` or `task_cancelled`, or an `error`.",
        ("initial_state", *get_args(EventKind)),
    ),
    204: {"description": "The client already has every event; a browser's EventSource stops reconnecting"},
}


@router.get(
    "/tasks/{task_id}/events",
    summary="Follow a task live (SSE)",
    response_class=Response,
    responses={**STREAM, **error_responses(TaskNotFound, InvalidInput, TooManyStreams)},
)
async def follow(
    record: FoundRecord,
    gateway: Held,
    client: ClientId,
    last_event_id: Annotated[str, Header(pattern=STREAM_ID)] = "",
) -> Response:
    if last_event_id and record.control.status.final and await seen_all(gateway, record, last_event_id):
        return Response(status_code=204)
    task_id = record.context.task_id
    place = gateway.stream_limits.count_stream(task_id, client)
    return sse_response(gateway.settings.gateway, place, stream(gateway, task_id, last_event_id))


async def seen_all(gateway: Gateway, record: Record, last_event_id: str) -> bool:
    last = await final_frame(gateway, record)
    return last is None or last.order <= sort_key(last_event_id)


async def final_frame(gateway: Gateway, record: Record) -> EventFrame | None:
    """Return the event that ended a finished task: from its stream, or from its record once the stream has expired."""
    if last := await gateway.hub.last(record.context.task_id):
        return last
    closing_id = record.control.closing_id
    kind, data = final_event(record.context).fields
    return frame(closing_id, {"event": kind, "data": data}) if closing_id else None


async def stream(gateway: Gateway, task_id: str, last_event_id: str) -> AsyncIterator[bytes]:
    """Yield the state, then missed events, then new events, until the one that ends the task.

    The subscription starts before the state is read, so nothing is lost in between; duplicates are recognized by their
    id. If Redis is lost at the beginning, the stream ends: clients reconnect by themselves, and then get the error.
    """
    hub = gateway.hub
    try:
        async with hub.listen(task_id) as queue:
            position = last_event_id or await hub.last_id(task_id)
            record = await gateway.redis.run(gateway.store.get(task_id))
            if record is None:
                return
            yield first_frame("initial_state", record.context, None if record.control.status.final else position)
            missed = await hub.since(task_id, position) if last_event_id else []
            if record.control.status.final and not missed:
                missed = [last] if (last := await final_frame(gateway, record)) else []
            for item in missed:
                yield item.data
            if record.control.status.final or (missed and missed[-1].closes):
                return
            async for item in new_frames(queue, missed[-1].order if missed else sort_key(position)):
                yield item.data
    except StateUnavailable:
        log.warning("event_stream_lost", task_id=task_id)
