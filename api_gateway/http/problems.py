"""Errors as clients see them: RFC 9457 `application/problem+json` with a stable `code`."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Mount

from common.contract import Catalog
from common.errors import (
    BatonError,
    InvalidInput,
    MalformedBody,
    QueueFull,
    StateUnavailable,
    TooManyStreams,
    Unauthorized,
    UnknownTask,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S: dict[type[BatonError], int] = {QueueFull: 10, TooManyStreams: 5, StateUnavailable: 2}
MOST_ERRORS = 20
"""Maximum number of fields named in one answer, to keep it small."""
LONGEST_NAME = 100
OURS = (
    "An unexpected error inside the gateway. Send the request once more; if it happens again, report it with the stack "
    "trace in the gateway's log."
)
MOST_TOLD = 5
"""Number of errors whose reason is also in `detail`."""
LONGEST_MESSAGE = 300
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
FULL = Match.FULL
log = structlog.get_logger()


class Problem(BaseModel):
    """RFC 9457 problem details. `code` is stable; additional members give details, such as `errors` by field."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str


REFERENCE = {"$ref": "#/components/schemas/Problem"}


def error_responses(*errors: type[BatonError]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of these errors. `api_gateway.app` adds the schema they refer to."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        line = f"`{error.code}`: {error.default_message()}"
        entry = by_status.setdefault(error.status, {"description": "", "content": {MEDIA_TYPE: {"schema": REFERENCE}}})
        entry["description"] += f"<br>{line}" if entry["description"] else line
        if headers := headers_of(error):
            entry["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return by_status


def headers_of(error: type[BatonError]) -> dict[str, str]:
    """Return the headers that accompany an error."""
    if error is Unauthorized:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": str(RETRY_AFTER_S[error])} if error in RETRY_AFTER_S else {}


def problem(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, more: Mapping[str, Any] | None = None
) -> Response:
    """Return the response; `more` are members specific to this problem."""
    content = {**(more or {}), **content_of(status, code, detail)}
    return Response(to_json(content, fallback=str), status, headers, MEDIA_TYPE)


def content_of(status: int, code: str, detail: str) -> dict[str, Any]:
    """Return the members that every problem has."""
    return {
        "type": f"urn:baton:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }


def install(app: FastAPI) -> None:
    """Make the app answer every error in this format."""
    app.add_exception_handler(BatonError, handle_baton_error)
    app.add_exception_handler(RequestValidationError, handle_invalid_input)
    app.add_exception_handler(HTTPException, refused_by_framework)
    app.add_exception_handler(ClientDisconnect, handle_disconnect)
    app.add_exception_handler(Exception, handle_unexpected)


def handle_baton_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, BatonError):
        raise error
    return problem(error.status, error.code, error.message, headers_of(type(error)), error.detail)


def handle_invalid_input(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if tags := [item["ctx"]["tag"] for item in found if item["type"] == "union_tag_invalid"]:
        return handle_baton_error(request, unknown_task(request.app.state.gateway.catalog, tags[0][:LONGEST_NAME]))
    errors = [field_error(item) for item in found[:MOST_ERRORS]]
    return problem(
        InvalidInput.status, InvalidInput.code, summarize_errors(errors, len(found)), more={"errors": errors}
    )


def summarize_errors(errors: list[dict[str, Any]], count: int) -> str:
    """Return the first errors in one text: many clients, n8n among them, show only `detail`."""
    told = list(dict.fromkeys(f"{item['field']}: {item['message'][:LONGEST_MESSAGE]}" for item in errors))[:MOST_TOLD]
    others = f"; and {count - MOST_TOLD} more" if count > MOST_TOLD else ""
    return f"Invalid: {'; '.join(told)}{others}. Correct it and send it again."


def unknown_task(catalog: Catalog, name: str) -> UnknownTask:
    """Return the error with suggestions of similar names."""
    near = similar(catalog, name)
    return UnknownTask(
        f"There is no task named {name!r}. {did_you_mean(near)}GET /v1/catalog lists all tasks.", near=near
    )


def similar(catalog: Catalog, name: str) -> list[str]:
    return get_close_matches(name, catalog, n=3, cutoff=0.4)


def did_you_mean(near: list[str]) -> str:
    return f"Did you mean {' or '.join(near)}? " if near else ""


def field_error(item: dict[str, Any]) -> dict[str, Any]:
    """Convert a pydantic error for clients, with its location minus internal parts."""
    field = "task_name" if item["type"] == "union_tag_not_found" else field_name(item["loc"])
    return {"field": field, "message": item["msg"], "type": item["type"]}


def field_name(loc: Iterable[Any]) -> str:
    """Return the dotted path. Inside the union of submissions, pydantic puts the task's name first: omit it."""
    kind, *path = loc
    inside = path[1:] if kind == "body" and path and "." in str(path[0]) else path
    return ".".join(str(part)[:LONGEST_NAME] for part in inside) or str(kind)


def refused_by_framework(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code, headers = HTTPStatus(error.status_code).name.lower(), dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(allowed_methods(request)) or headers["Allow"]
    return problem(error.status_code, code, str(error.detail), headers)


def allowed_methods(request: Request) -> list[str]:
    """Return the methods of a path: Starlette reports only the first matching route. A mount reports its own."""
    scope = {"type": "http", "path": request.url.path, "headers": []}
    routes = [route for route in request.app.router.routes if not isinstance(route, Mount)]
    return [
        method for method in METHODS if any(route.matches({**scope, "method": method})[0] is FULL for route in routes)
    ]


def handle_disconnect(_request: Request, _error: Exception) -> Response:
    """Send an empty response: the client disconnected in the middle of its own request."""
    return Response(status_code=MalformedBody.status)


def handle_unexpected(request: Request, error: Exception) -> Response:
    log.error("request_failed", path=request.url.path, exc_info=error)
    return problem(500, BatonError.code, OURS)
