"""The transcript of a task, at any moment and in any format, and its edits."""

import asyncio
from hashlib import sha256
from typing import Annotated, Any, Self

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api_gateway.dependencies import FoundRecord, Held
from api_gateway.http.json_body import StrictJsonRoute
from api_gateway.http.negotiation import NotAcceptable, preferred_type
from api_gateway.http.problems import error_responses
from api_gateway.tasks.transcript_view import NoTranscript, TaskText
from common.captions import MEDIA_TYPES, Rendering, render
from common.errors import (
    BatonError,
    BodyTooComplex,
    BodyTooLarge,
    FileMissing,
    InvalidInput,
    MalformedBody,
    TaskNotFound,
    UnsupportedMediaType,
)
from common.transcript.edits import EndsBeforeItStarts, edit, undo
from common.transcript.format import Segment, Transcript

LATEST_S = 1_000_000
Position = Annotated[float, Field(ge=0, le=LATEST_S, strict=True, description="seconds")]
SOURCE_HEADER = "Transcript-Source"


class SegmentNotFound(BatonError):
    """The transcript has no segment with this id (now). `GET /v1/tasks/{id}/transcript` lists them."""

    code = "segment_not_found"
    status = 404


class NotEdited(BatonError):
    """This segment has not been edited, so there is nothing to undo."""

    code = "segment_not_edited"
    status = 404


def adjust_schema(schema: dict[str, Any]) -> None:
    """Require at least one member, and remove the defaults: omitted members stay unchanged."""
    schema["minProperties"] = 1
    for member in schema["properties"].values():
        member.pop("default")


class SegmentEdit(BaseModel):
    """What to change; omitted members stay unchanged."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=adjust_schema)

    text: Annotated[str, Field(max_length=10_000, description="empty hides the segment")] = ""
    speaker: Annotated[str | None, Field(max_length=200, description="null removes the name")] = None
    start: Position = 0.0
    end: Position = 0.0

    @model_validator(mode="after")
    def not_empty(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing to change; send text, speaker, start or end")
        return self


reading = APIRouter(tags=["transcript"])
router = APIRouter(tags=["transcript"], route_class=StrictJsonRoute)

SegmentId = Annotated[int, Path(ge=0, le=2**53)]
missing = (TaskNotFound, NoTranscript, FileMissing, InvalidInput)
one = (*missing, SegmentNotFound)
HEADERS = {
    name: {"schema": {"type": "string"}, "description": told}
    for name, told in {
        SOURCE_HEADER: "`final`, `aligned`, `checkpoint` or `none`",
        "ETag": "send it as `If-None-Match` to learn whether the text has changed",
    }.items()
}
TEXT: dict[int | str, dict[str, Any]] = {
    200: {
        "model": Transcript,
        "description": "The text so far. `source` (or the header `Transcript-Source`) says where it comes from: "
        "`final`, the task's output; `aligned`, what two engines have agreed on so far; `checkpoint`, what one engine "
        "has decoded so far; `none`, nothing yet, an empty transcript.",
        "headers": HEADERS,
        "content": {kind: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values() if kind.startswith("text/")}
        | {MEDIA_TYPES["srt"]: {"schema": {"type": "string"}}},
    },
    304: {"description": "Nothing has changed", "headers": HEADERS},
}


@reading.get(
    "/tasks/{task_id}/transcript",
    summary="The text so far, as srt, vtt, txt or json",
    response_class=Response,
    responses={**TEXT, **error_responses(*missing, NotAcceptable)},
)
async def read(
    record: FoundRecord,
    gateway: Held,
    rendering: Annotated[
        Rendering | None, Query(alias="format", description="takes precedence over `Accept`; default JSON")
    ] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    if_none_match: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Read the text while the task is running, or after its end. Edits are included."""
    rendering = rendering or negotiate_rendering(accept)
    text = await gateway.text(record)
    tag = etag(await asyncio.to_thread(lambda: text.version), rendering)
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept"}
    if known_tags(if_none_match) & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    body, source = await asyncio.to_thread(render_text, text, rendering)
    name = f'inline; filename="{record.context.task_id}.{rendering}"'
    more = {SOURCE_HEADER: source, "Content-Disposition": name}
    return Response(body, media_type=MEDIA_TYPES[rendering], headers=headers | more)


@router.patch(
    "/tasks/{task_id}/transcript/segments/{segment_id}",
    summary="Edit a segment",
    response_model_exclude_none=True,
    responses=error_responses(*one, MalformedBody, UnsupportedMediaType, BodyTooLarge, BodyTooComplex),
)
async def change(record: FoundRecord, gateway: Held, segment_id: SegmentId, wanted: SegmentEdit) -> Segment:
    """Correct the text, even while the task is running. The segment becomes `modified`: later finals, other attempts
    and retries leave it alone, and every reader of the transcript gets it, including exporting tasks.
    """
    text = await gateway.text(record)
    seen = text.edits.get(segment_id) or await engines_own(text, segment_id)
    if seen is None:
        raise SegmentNotFound
    changes = wanted.model_dump(exclude_unset=True)
    call = edit(record.context.task_id, seen, changes, events_kept=gateway.store.kept)
    try:
        changed = await gateway.redis.commit(call)
    except EndsBeforeItStarts as error:
        raise InvalidInput("The segment would end before it starts. Send `start` and `end` together.") from error
    if changed is None:
        raise TaskNotFound(task_id=record.context.task_id)
    return changed


@reading.delete(
    "/tasks/{task_id}/transcript/segments/{segment_id}/edit",
    summary="Undo the edits of a segment",
    status_code=204,
    responses=error_responses(*one, NotEdited),
)
async def restore(record: FoundRecord, gateway: Held, segment_id: SegmentId) -> None:
    """The segment returns to the engine's current text."""
    text = await gateway.text(record)
    own = await engines_own(text, segment_id)
    if segment_id not in text.edits and own is None:
        raise SegmentNotFound
    call = undo(record.context.task_id, segment_id, own, events_kept=gateway.store.kept)
    if not await gateway.redis.commit(call):
        raise NotEdited


def negotiate_rendering(accept: str) -> Rendering:
    names = {kind: name for name, kind in MEDIA_TYPES.items()}
    return names[preferred_type(accept, list(names))]


async def engines_own(text: TaskText, segment_id: int) -> Segment | None:
    transcript = await asyncio.to_thread(text.engine_transcript)
    return next((segment for segment in transcript.segments if segment.id == segment_id), None)


def render_text(text: TaskText, rendering: Rendering) -> tuple[str, str]:
    """Return the text and its source."""
    transcript = text.transcript()
    return render(transcript, rendering), transcript.source or "none"


def etag(version: bytes, rendering: Rendering) -> str:
    return f'"{sha256(version + rendering.encode()).hexdigest()[:32]}"'


def known_tags(if_none_match: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
