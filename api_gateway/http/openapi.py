"""Extensions of FastAPI's OpenAPI document: the schema of errors, and links between operations."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from typing_extensions import override

from api_gateway.http.problems import Problem


class DocumentedApi(FastAPI):
    """FastAPI with the schema that `problems.error_responses` refers to."""

    @override
    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        return document


def links(routes: Mapping[str, Iterable[str]], **parameters: str) -> dict[str, Any]:
    """Return OpenAPI links to the methods of these routes; each parameter is taken from a member of the answer."""
    taken = {name: f"$response.body#/{member}" for name, member in parameters.items()}
    return {
        f"{method} {path}": {"operationRef": f"#/paths/{pointer(path)}/{method}", "parameters": taken}
        for path, methods in routes.items()
        for method in methods
    }


def pointer(path: str) -> str:
    """Return a path as part of a JSON pointer (RFC 6901)."""
    return path.replace("~", "~0").replace("/", "~1")
