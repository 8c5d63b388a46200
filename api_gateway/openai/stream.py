"""Live text as the Server-Sent Events that OpenAI's clients read with `stream=True`."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog
from fastapi import Request, Response
from pydantic_core import from_json, to_json
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from api_gateway.http.sse import SEND_TIMEOUT_S
from api_gateway.openai.errors import error_body, task_headers
from api_gateway.openai.responses import continuation, join_text
from api_gateway.runtime.cancellation import cancel_and_wait
from api_gateway.runtime.event_hub import EventFrame
from api_gateway.synchronous.outcome import transcript_of
from api_gateway.synchronous.request_task import RequestTask, until_disconnect
from common.errors import BatonError

BEGUN_WITHIN_S = 5.0
"""The response starts by then, with or without text; until then an error still has a status of its own."""
log = structlog.get_logger()


async def stream(request: Request, request_task: RequestTask) -> Response:
    """Return the stream. When it ends or the client disconnects, the request task is released.

    Raises:
        BatonError: the task failed at once.
        ClientDisconnect: the client disconnected at once.
    """
    coming = events(request_task)
    first = asyncio.ensure_future(anext(coming))
    try:
        await until_disconnect(request, asyncio.wait({first}, timeout=BEGUN_WITHIN_S))
        if first.done():
            first.result()
    except (BatonError, ClientDisconnect):
        await cancel_and_wait(first)
        await request_task.handle_disconnect()
        raise
    return RequestTaskStream(
        stream_events(first, coming),
        request_task,
        ping=int(request_task.gateway.settings.gateway.sse_ping.total_seconds()),
        send_timeout=SEND_TIMEOUT_S,
        headers=task_headers(request_task.task_id),
    )


class RequestTaskStream(EventSourceResponse):
    """Leaves the request task after the stream, even if the client stops reading (no background task runs then)."""

    def __init__(self, content: AsyncIterator[ServerSentEvent], request_task: RequestTask, **options: Any) -> None:
        super().__init__(content, **options)
        self.request_task = request_task

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            log.warning("slow_client_dropped", task_id=self.request_task.task_id)
        await self.request_task.handle_disconnect()


async def stream_events(
    first: asyncio.Future[ServerSentEvent], rest: AsyncIterator[ServerSentEvent]
) -> AsyncIterator[ServerSentEvent]:
    """Yield the events; an error in the middle is one more event, which the client raises."""
    try:
        yield await first
        async for event in rest:
            yield event
    except BatonError as error:
        yield ServerSentEvent(to_json(error_body(error)).decode(), event="error")


async def events(request_task: RequestTask) -> AsyncIterator[ServerSentEvent]:
    """Yield a delta for each segment, then the whole text, which equals the concatenated deltas.

    Raises:
        BatonError: the task did not succeed.
    """
    sent, text = -1, ""
    async for frame in request_task.events():
        segments, language = fragment(frame)
        for segment in segments:
            if segment["text"] and segment["id"] > sent:  # a resumed attempt publishes its segments again
                sent = segment["id"]
                delta = continuation(segment["text"], language, first=not text)
                text += delta
                yield event("transcript.text.delta", delta=delta)
    transcript = await transcript_of(request_task.gateway, await request_task.final())
    yield event("transcript.text.done", text=join_text(transcript, "transcribe"))


def fragment(frame: EventFrame) -> tuple[list[dict[str, Any]], str | None]:
    """Return the segments in an event, and their language."""
    if frame.kind != "fragment":
        return [], None
    data = from_json(frame.json)
    return data["segments"], data.get("language")


def event(kind: str, **data: str) -> ServerSentEvent:
    """Return an event; clients distinguish events by the `type` in the data."""
    return ServerSentEvent(to_json({"type": kind, **data}).decode(), event=kind)
