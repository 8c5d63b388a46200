"""Strict parser of JSON bodies (I-JSON, RFC 7493): one object in UTF-8, no duplicate keys, nothing unrepresentable."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from typing_extensions import override

from api_gateway.http.auth import BEARER, HEADER, require_key
from common.errors import BodyTooComplex, MalformedBody, UnsupportedMediaType
from common.settings import KIB

PARSED_AT_ONCE = 64 * KIB
"""Larger bodies are parsed in a thread."""
DEFAULT_MOST_VALUES = 20_000


class StrictRequest(Request):
    """A request whose body was parsed before FastAPI reads it."""

    parsed: dict[str, Any]

    @override
    async def json(self) -> Any:
        return self.parsed


class StrictJsonRoute(APIRoute):
    """Refuses a body that is not a valid JSON object before it is validated against the contract."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            # before the body is parsed: FastAPI would check dependencies after it
            await require_key(request, await HEADER(request), await BEARER(request))
            checked = StrictRequest(request.scope, request.receive)
            checked.parsed = await parse_body(checked)
            return await handle(checked)

        return strict


async def parse_body(request: Request) -> dict[str, Any]:
    """Return the object in the body; a large one is parsed off the event loop. Raises what `parse` raises."""
    body, kind = await request.body(), request.headers.get("content-type", "")
    most: int = request.app.state.gateway.settings.gateway.max_json_values
    if len(body) <= PARSED_AT_ONCE:
        return parse(body, kind, most)
    return await asyncio.to_thread(parse, body, kind, most)


def parse(body: bytes, content_type: str, most_values: int = DEFAULT_MOST_VALUES) -> dict[str, Any]:
    """Return the object in the body.

    Raises:
        UnsupportedMediaType: the Content-Type is not JSON.
        MalformedBody: it cannot be parsed, is nested deeper than 200, or has NaN, a lone surrogate or a duplicate key.
        BodyTooComplex: it has too many members and items.
    """
    if not body:
        raise MalformedBody("The body is empty. Send a JSON object.")
    if not is_json(content_type):
        raise UnsupportedMediaType("The body must be JSON. Send it with `Content-Type: application/json`.")
    try:
        value = from_json(body, allow_inf_nan=False)
        require_few_values(value, body.count(b","), most_values)
        json.loads(body, object_pairs_hook=refuse_duplicate_keys)
    except ValueError as error:
        raise MalformedBody(f"The body is not valid JSON: {error}.") from error
    if not isinstance(value, dict):
        raise MalformedBody
    return value


def require_few_values(value: Any, commas: int, most: int) -> None:
    """Raise BodyTooComplex if there are more than `most` members and items, each of which the contract validates.

    With few commas there cannot be too many; otherwise they are counted, since commas also occur in strings.
    """
    if commas < most // 2:
        return
    count, waiting = 0, [value]
    while waiting:
        found = waiting.pop()
        inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
        count += len(inner)
        if count > most:
            raise BodyTooComplex(
                f"The JSON body has more than {most} values. Send fewer, or raise gateway.max_json_values."
            )
        waiting.extend(inner)


def is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def refuse_duplicate_keys(pairs: list[tuple[str, Any]]) -> None:
    """Raise ValueError if an object has a duplicate key: one of the two values would be ignored."""
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise ValueError(f"the key {key[:100]!r} occurs twice in one object")
        seen.add(key)
