"""Reads a JSON body strictly (I-JSON, RFC 7493): one object in UTF-8, no key twice, nothing that cannot be kept."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from typing_extensions import override

from api_gateway.auth import BEARER, HEADER, require_key
from common.errors import MalformedBody, UnsupportedMediaType


class StrictRequest(Request):
    """A request whose body was parsed before FastAPI asks for it."""

    parsed: dict[str, Any]

    @override
    async def json(self) -> Any:
        return self.parsed


class StrictJsonRoute(APIRoute):
    """Refuses a body that is no JSON object in the terms of ours, before the contract is looked at."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            # before the body is looked at: FastAPI asks dependencies after it
            await require_key(request, await HEADER(request), await BEARER(request))
            checked = StrictRequest(request.scope, request.receive)
            checked.parsed = parse(await checked.body(), checked.headers.get("content-type", ""))
            return await handle(checked)

        return strict


def parse(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the object in the body.

    Raises:
        UnsupportedMediaType: the body says that it is something else.
        MalformedBody: it cannot be read, nests deeper than 200, or holds NaN, half a surrogate pair or a key twice.
    """
    if not body:
        raise MalformedBody("The body is empty. Send a JSON object.")
    if not is_json(content_type):
        raise UnsupportedMediaType("The body must be JSON. Send it with `Content-Type: application/json`.")
    try:
        value = from_json(body, allow_inf_nan=False)
        json.loads(body, object_pairs_hook=refuse_twins)
    except ValueError as error:
        raise MalformedBody(f"The body cannot be read as JSON: {error}.") from error
    if not isinstance(value, dict):
        raise MalformedBody
    return value


def is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def refuse_twins(pairs: list[tuple[str, Any]]) -> None:
    """Raise ValueError where an object has a key twice: one of the two values would be ignored."""
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise ValueError(f"the key {key[:100]!r} stands in one object twice")
        seen.add(key)
