"""The HTTP API in short, from the gateway's OpenAPI document."""

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

INTRO = """`/docs` of a running gateway has all of it with its schemas, to try; `/openapi.json` is for machines. Where
API keys are set, every route but `/health/…` wants one: `X-API-Key: …` or `Authorization: Bearer …` (else 401
`unauthorized`). Where none are set, a name that is not the gateway's own gets 403 `host_not_allowed`, and a change
from another site's page 403 `cross_site_request`. Any route may answer 503 `state_unavailable` while Redis is away or
has no room to write. What the codes mean: [error codes](errors.md)."""


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
    """Yield what one route does, takes and answers."""
    yield f"### {code(f'{method} {path}')}"
    yield prose(f"{route['summary']}. {route.get('description', '')}")
    yield table(("parameter", "in", "type", "limits", "meaning"), parameters(route, root))
    yield body(route, root, schemas)
    yield f"Answers: {answers(route)}."


def body(route: dict[str, Any], root: Schema, schemas: Schema) -> str:
    """Return the table of what is sent; a submission's is what all tasks have, for the rest differs by task."""
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
    """Return the statuses, and the codes of those that are errors."""
    said = []
    for status, answer in sorted(route["responses"].items()):
        codes = "" if status.startswith(SUCCESS) else ", ".join(map(code, CODE.findall(answer["description"])))
        said.append(f"{status} {codes}".strip())
    return "; ".join(said)
