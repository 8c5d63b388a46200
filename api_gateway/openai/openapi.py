"""OpenAPI document of the audio endpoints: a form as the request, OpenAI's formats as responses."""

from typing import Any

from pydantic import BaseModel

from api_gateway.openai.errors import (
    TASK_HEADER,
    InvalidValue,
    UnknownModel,
    UnknownParameter,
    UnsupportedValue,
    error_responses,
)
from api_gateway.synchronous.errors import MissingParameter, StillRunning
from common.errors import (
    BatonError,
    BodyTooLarge,
    Cancelled,
    DownloadFailed,
    FileMissing,
    GpuLockTimeout,
    InvalidInput,
    MalformedBody,
    NotMedia,
    OutOfGpuMemory,
    QueueFull,
    StateUnavailable,
    StorageFull,
    Unauthorized,
    WorkerLost,
)

ERRORS = (
    MalformedBody,
    MissingParameter,
    UnknownParameter,
    InvalidValue,
    UnsupportedValue,
    InvalidInput,
    NotMedia,
    Unauthorized,
    UnknownModel,
    FileMissing,
    Cancelled,
    BodyTooLarge,
    QueueFull,
    BatonError,
    WorkerLost,
    DownloadFailed,
    StateUnavailable,
    GpuLockTimeout,
    StillRunning,
    StorageFull,
    OutOfGpuMemory,
)
TEXT = {"schema": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}}
PLAIN = {"schema": {"type": "string"}}


def speech_form(kind: type[BaseModel]) -> dict[str, Any]:
    """Return the request body: the parameters, and the file. A list is sent as `name[]`, once for each item."""
    schema = kind.model_json_schema()
    shown = {f"{name}[]" if "items" in field else name: field for name, field in schema["properties"].items()}
    file = {"type": "string", "format": "binary", "minLength": 1, "description": "audio, or a video with sound"}
    schema |= {"properties": {"file": file, **shown}, "required": ["file", *schema["required"]]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def responses(*, streams: bool) -> dict[int | str, dict[str, Any]]:
    content = {"application/json": TEXT, "text/plain": PLAIN, "text/vtt": PLAIN} | (
        {"text/event-stream": PLAIN} if streams else {}
    )
    headers = {TASK_HEADER: {"description": "the task that did it", "schema": {"type": "string"}}}
    return {200: {"description": "The text", "content": content, "headers": headers}, **error_responses(*ERRORS)}
