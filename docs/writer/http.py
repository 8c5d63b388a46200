"""The page of the HTTP API, from the gateway's OpenAPI document."""

import re
from collections.abc import Iterator
from typing import Any

import services
from api_gateway.app import create_app
from api_gateway.tasks.submission import TaskSubmission
from docs.writer.markdown import code, join_blocks, prose, table
from docs.writer.schema import Schema, describe_type, fields, limits, reference_name

CODE = re.compile(r"(?:^|<br>)`(\w+)`: ")
SUCCESS = "2"

INTRO = """A running gateway serves interactive documentation with all schemas at `/docs`, and the OpenAPI document
at `/openapi.json`. If API keys are set, every route except `/health/…` requires one, as `X-API-Key: …` or
`Authorization: Bearer …`; without it, the response is 401 `unauthorized`. If no keys are set, a request for an
unknown host name gets 403 `host_not_allowed`, and a change requested by another site's page gets 403
`cross_site_request`. Any route may return 503 `state_unavailable` while Redis is unreachable or has no room to
write. [Error codes](errors.md) explains the codes."""


def page() -> str:
    """Return the page, a section for each tag."""
    document = create_app(services.settings(), services.catalog(), services.models()).openapi()
    schemas = document["components"]["schemas"]
    root = {"$defs": {name: shape for name, shape in schemas.items() if "enum" in shape}}
    tags: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            tags.setdefault(route["tags"][0], []).append((method.upper(), path, route))
    parts = ["# The HTTP API", INTRO]
    for tag, routes in tags.items():
        parts += [
            f"## {tag.capitalize()}",
            *(part for route in routes for part in describe_route(*route, root, schemas)),
        ]
    return join_blocks(parts)


def describe_route(method: str, path: str, route: dict[str, Any], root: Schema, schemas: Schema) -> Iterator[str]:
    """Yield a route's summary, parameters, body and responses."""
    yield f"### {code(f'{method} {path}')}"
    yield prose(f"{route['summary']}. {route.get('description', '')}")
    yield table(("parameter", "in", "type", "limits", "meaning"), parameters(route, root))
    yield body(route, root, schemas)
    yield f"Responses: {answers(route)}."


def body(route: dict[str, Any], root: Schema, schemas: Schema) -> str:
    """Return the table of the body's fields; for a submission, the fields that all tasks share."""
    for kind, content in route.get("requestBody", {}).get("content", {}).items():
        shape = content["schema"]
        wanted = TaskSubmission.model_json_schema() if "oneOf" in shape else schemas.get(reference_name(shape), shape)
        if listed := fields(wanted, root, given=True):
            return f"Body, {code(kind)}:\n\n{listed}"
    return ""


def parameters(route: dict[str, Any], root: Schema) -> Iterator[tuple[str, ...]]:
    for one in route.get("parameters", []):
        shape = one["schema"]
        words = prose(one.get("description", shape.get("description", "")))
        yield code(one["name"]), one["in"], describe_type(shape, root), limits(shape, root), words


def answers(route: dict[str, Any]) -> str:
    """Return the statuses, each with its error codes."""
    said = []
    for status, answer in sorted(route["responses"].items()):
        codes = "" if status.startswith(SUCCESS) else ", ".join(map(code, CODE.findall(answer["description"])))
        said.append(f"{status} {codes}".strip())
    return "; ".join(said)
