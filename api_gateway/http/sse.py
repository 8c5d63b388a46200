"""Server-Sent Events: the common part of every stream (response, resumption, end)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import structlog
from fastapi import Response
from pydantic_core import to_json
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from api_gateway.runtime.event_hub import START, EventFrame, EventHub, sort_key
from common.clock import utcnow
from common.errors import StateUnavailable
from common.settings import GatewaySettings

SEND_TIMEOUT_S = 20
STREAM_ID = r"^([0-9]{1,15}(-[0-9]{1,15})?)?$"
log = structlog.get_logger()


def documented_stream(description: str, kinds: Iterable[str], *, without_id: str = "`ping`") -> dict[str, Any]:
    """Return the OpenAPI response of a stream of these kinds of events."""
    event = {
        "type": "object",
        "description": f"One event; `data` is JSON. It has an `id`, except {without_id}.",
        "required": ["event", "data"],
        "properties": {
            "event": {"enum": [*kinds, "ping"]},
            "id": {"type": "string", "pattern": STREAM_ID},
            "data": {"type": "string", "contentMediaType": "application/json"},
        },
    }
    return {"description": description, "content": {"text/event-stream": {"schema": event}}}


class CountedStream(EventSourceResponse):
    """A stream that counts against the limits while it is open; over a limit it answers TooManyStreams."""

    def __init__(self, frames: AsyncIterator[bytes], place: AbstractContextManager[None], **options: Any) -> None:
        super().__init__(frames, **options)
        self.place = place

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.place:
            await super().__call__(scope, receive, send)


def sse_response(
    settings: GatewaySettings, place: AbstractContextManager[None], frames: AsyncIterator[bytes]
) -> Response:
    """Respond with these frames and periodic pings; `place` comes from `StreamLimits.count_stream`."""
    return CountedStream(
        frames,
        place,
        ping=int(settings.sse_ping.total_seconds()),
        ping_message_factory=ping,
        send_timeout=SEND_TIMEOUT_S,
        headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
    )


def ping() -> ServerSentEvent:
    return ServerSentEvent(event="ping", data=to_json({"ts": utcnow()}).decode())


def first_frame(kind: str, value: object, position: str | None) -> bytes:
    """Return the first frame; its id is the client's current position, so that it can resume at once."""
    identity = f"id: {position}\r\n" if position and position != START else ""
    return f"{identity}event: {kind}\r\ndata: {to_json(value).decode()}\r\n\r\n".encode()


async def endless_stream(
    hub: EventHub, stream: str, kind: str, state: Callable[[], Awaitable[object]], last_event_id: str
) -> AsyncIterator[bytes]:
    """Yield the state, then missed events, then new events. The subscription starts first, so nothing is lost in
    between.

    If Redis is lost, the stream ends; clients reconnect by themselves.
    """
    try:
        async with hub.listen(stream) as queue:
            position = last_event_id or await hub.last_id(stream)
            yield first_frame(kind, await state(), position)
            missed = await hub.since(stream, position) if last_event_id else []
            for item in missed:
                yield item.data
            async for item in new_frames(queue, missed[-1].order if missed else sort_key(position)):
                yield item.data
    except StateUnavailable:
        log.warning("event_stream_lost", stream=stream)


async def new_frames(queue: asyncio.Queue[EventFrame | None], seen: tuple[int, int]) -> AsyncIterator[EventFrame]:
    """Yield the frames after `seen`, up to the final one, or until the client was disconnected.

    A frame without an id has no place in the order: it is always new.
    """
    while (item := await queue.get()) is not None:
        if not item.id:
            yield item
        elif item.order > seen:
            seen = item.order
            yield item
            if item.closes:
                return
