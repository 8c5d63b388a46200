"""Upload inputs and download outputs."""

import asyncio
import shutil
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send
from typing_extensions import override

from api_gateway.dependencies import Held
from api_gateway.gateway import Gateway
from api_gateway.http.openapi import links
from api_gateway.http.problems import error_responses, problem
from api_gateway.tasks.uploads import Upload
from common.errors import BatonError, BodyTooLarge, FileMissing, InvalidInput, MalformedBody, StorageFull, UnsafePath
from common.files.storage import INPUTS, MODELS, Storage

UPLOADS = "/v1/files"
REFUSED = frozenset({400, 416})


class RangeNotSatisfiable(BatonError):
    """The file has no such range. `Content-Range` has its size."""

    code = "range_not_satisfiable"
    status = 416


router = APIRouter(tags=["files"])
missing = error_responses(FileMissing, UnsafePath)
FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The range of the file", "content": {"*/*": {"schema": {"type": "string"}}}},
    **missing,
    **error_responses(RangeNotSatisfiable),
}

CONTENT = {"type": "string", "format": "binary", "minLength": 1}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": CONTENT},
                },
            },
            "application/octet-stream": {"schema": CONTENT},
        },
    },
}


class Uploaded(BaseModel):
    """A file that tasks can reference by its `id` or its `path`."""

    id: str
    name: str
    path: str
    url: str
    size: int
    sha256: str


@router.post(
    "/files",
    status_code=201,
    summary="Upload a file, as multipart or as the raw body",
    openapi_extra=BODY,
    responses={
        201: {"links": links({"/v1/files/{path}": ("get", "head", "delete")}, path="id")},
        **error_responses(BodyTooLarge, MalformedBody, InvalidInput, StorageFull),
    },
)
async def upload(
    request: Request,
    gateway: Held,
    content_type: Annotated[str, Header(include_in_schema=False)] = "application/octet-stream",
    name: Annotated[str | None, Query(max_length=255, description="the file's name, for a raw body")] = None,
) -> Uploaded:
    receiver = Upload(gateway.storage, gateway.settings.storage.max_upload_bytes)
    path = await receiver.receive(request.stream(), content_type, name)
    artifact = gateway.storage.describe(path)
    return Uploaded(
        id=receiver.id,
        name=path.name,
        path=artifact.path,
        url=artifact.url,
        size=artifact.size,
        sha256=receiver.digest.hexdigest(),
    )


class DownloadResponse(FileResponse):
    """A file; Starlette's plain-text refusals become problem documents."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused: Headers | None = None

        async def unless_refused(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in REFUSED:
                refused = Headers(raw=message["headers"])
            if refused is None:
                await send(message)

        await super().__call__(scope, receive, unless_refused)
        if refused is not None:
            size = {name: refused[name] for name in ("content-range",) if name in refused}
            error = RangeNotSatisfiable
            await problem(error.status, error.code, error.default_message(), size)(scope, receive, send)


@router.get(
    "/files/{path:path}", summary="Download; range requests are supported", response_class=FileResponse, responses=FILE
)
@router.head("/files/{path:path}", summary="Size and type", response_class=FileResponse, responses=FILE)
async def download(path: str, gateway: Held) -> DownloadResponse:
    """Serve a file under share by its path or its file id."""
    file = await asyncio.to_thread(downloadable_path, gateway.storage, path)
    return DownloadResponse(file, filename=file.name, headers={"X-Content-Type-Options": "nosniff"})


def downloadable_path(storage: Storage, path: str) -> Path:
    """Return a file that may be downloaded: no model, because its licence may forbid that, and no incomplete file."""
    file = storage.find(path)
    parts = file.relative_to(storage.root).parts
    if parts[0] == MODELS:
        raise UnsafePath("Models cannot be downloaded here.")
    if any(part.startswith(".") for part in parts):
        raise FileMissing
    return file


@router.delete("/files/{path:path}", summary="Remove an upload", status_code=204, responses=missing)
async def remove(path: str, gateway: Held) -> Response:
    """Remove an uploaded file. The output of a task is removed with its task."""
    await asyncio.to_thread(remove_upload, gateway, path)
    return Response(status_code=204)


def remove_upload(gateway: Gateway, path: str) -> None:
    file = downloadable_path(gateway.storage, path)
    uploads = gateway.storage.root / INPUTS
    if not file.is_relative_to(uploads):
        raise UnsafePath("Only uploads can be removed here. `DELETE /v1/tasks/{id}` removes the output of a task.")
    if file.parent.parent == uploads:
        shutil.rmtree(file.parent)
    else:
        file.unlink()
