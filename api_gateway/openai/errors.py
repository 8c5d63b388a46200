"""Errors in OpenAI's format, so that its clients raise the matching exception."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic_core import to_json
from typing_extensions import override

from api_gateway.http.problems import headers_of
from common.errors import BatonError, Unauthorized

CODES = {Unauthorized.code: "invalid_api_key"}
"""Where OpenAI has a code of its own."""
TASK_HEADER = "X-Baton-Task-Id"


class UnknownParameter(BatonError):
    """This endpoint has no such parameter."""

    code = "unknown_parameter"
    status = 400


class InvalidValue(BatonError):
    """A parameter has an invalid value."""

    code = "invalid_value"
    status = 400


class UnsupportedValue(BatonError):
    """OpenAI accepts this value, but Baton cannot do what it requests."""

    code = "unsupported_value"
    status = 400


class UnknownModel(BatonError):
    """There is no model of this name. `GET /v1/models` lists them."""

    code = "model_not_found"
    status = 404


class OpenAIErrorDetail(BaseModel):
    message: str
    type: str
    param: str | None
    code: str


class OpenAIError(BaseModel):
    """An error in OpenAI's format. `code` is Baton's own, or OpenAI's where it has the same one."""

    error: OpenAIErrorDetail


def error_responses(*kinds: type[BatonError]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of these errors, in this format."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        line = f"`{code_of(kind)}`: {kind.default_message()}"
        entry = by_status.setdefault(status_of(kind), {"description": "", "model": OpenAIError})
        entry["description"] += f"<br>{line}" if entry["description"] else line
        if headers := headers_of(kind):
            entry["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return by_status


def code_of(kind: type[BatonError]) -> str:
    return CODES.get(kind.code, kind.code)


def status_of(kind: type[BatonError]) -> int:
    """Return the status that OpenAI's clients know: 400 for invalid input."""
    return HTTPStatus.BAD_REQUEST if kind.status == HTTPStatus.UNPROCESSABLE_ENTITY else kind.status


def type_of(status: int) -> str:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate_limit_error"
    return "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"


def error_body(error: BatonError) -> OpenAIError:
    kind = type(error)
    detail = OpenAIErrorDetail(
        message=error.message, type=type_of(status_of(kind)), param=error.detail.get("param"), code=code_of(kind)
    )
    return OpenAIError(error=detail)


def answer(error: BatonError) -> Response:
    """Return the error as a response. If there was a task, its id is included, and the client is told not to retry:
    Baton has done so already, and another try would send the whole file again.
    """
    headers = headers_of(type(error))
    if task_id := error.detail.get("task_id"):
        headers |= {**task_headers(task_id), "X-Should-Retry": "false"}
    return Response(to_json(error_body(error)), status_of(type(error)), headers, "application/json")


def task_headers(task_id: str) -> dict[str, str]:
    """Return the headers that identify the task; OpenAI's clients show the second one as `_request_id`."""
    return {TASK_HEADER: task_id, "X-Request-Id": task_id}


class OpenAIRoute(APIRoute):
    """Answers every Baton error in OpenAI's format, including a missing key."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_errors(request: Request) -> Response:
            try:
                return await handle(request)
            except BatonError as error:
                return answer(error)

        return handle_errors
