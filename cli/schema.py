"""Interpret a task's JSON Schema: which inputs are media files, and one-line descriptions of fields."""

from collections.abc import Callable, Iterator
from typing import Any

JsonSchema = dict[str, Any]
MEDIA_FILE = "media-file"


def replace_media(schema: JsonSchema, value: Any, replace: Callable[[str], str], root: JsonSchema | None = None) -> Any:
    """Return `value` with every string that the schema declares as a media file replaced.

    Args:
        schema: the part of the schema that describes `value`.
        value: JSON, not yet validated.
        replace: receives the user's text and returns what to send.
        root: where `$ref` is resolved; initially the schema itself.
    """
    root = schema if root is None else root
    shapes = list(alternatives(schema, root))
    if isinstance(value, str):
        return replace(value) if any(shape.get("format") == MEDIA_FILE for shape in shapes) else value
    if isinstance(value, list):
        items = merge_schemas(shape.get("items") for shape in shapes)
        return [replace_media(items, item, replace, root) for item in value]
    if isinstance(value, dict):
        fields = merge_schemas(shape.get("properties") for shape in shapes)
        return {name: replace_media(fields.get(name, {}), item, replace, root) for name, item in value.items()}
    return value


def alternatives(schema: JsonSchema, root: JsonSchema) -> Iterator[JsonSchema]:
    """Yield every schema that `schema` may stand for."""
    if reference := schema.get("$ref"):
        yield from alternatives(look_up(reference, root), root)
        return
    yield schema
    for keyword in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(keyword, []):
            yield from alternatives(part, root)


def look_up(reference: str, root: JsonSchema) -> JsonSchema:
    found: Any = root
    for key in reference.removeprefix("#/").split("/"):
        found = found.get(key, {})
    return dict(found)


def merge_schemas(parts: Any) -> JsonSchema:
    return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}


def describe_type(field: JsonSchema, root: JsonSchema) -> str:
    """Return a field's type in a few words: `integer 8000..192000`, `1 | 2`, `media-file`."""
    words = [word for shape in alternatives(field, root) if (word := describe_shape(shape))]
    return " | ".join(dict.fromkeys(words)) or "any"


def describe_shape(shape: JsonSchema) -> str:
    if "const" in shape or "enum" in shape:
        return " | ".join(str(value) for value in shape.get("enum", [shape.get("const")]))
    low = shape.get("minimum", shape.get("exclusiveMinimum", ""))
    high = shape.get("maximum", shape.get("exclusiveMaximum", ""))
    limits = f" {low}..{high}" if low != "" or high != "" else ""
    return f"{shape.get('format') or shape.get('type') or ''}{limits}"
