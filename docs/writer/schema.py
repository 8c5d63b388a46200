"""Descriptions of JSON Schema fields: type, limits and default."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from docs.writer.markdown import code, prose, table

Schema = dict[str, Any]

MEDIA_FILE = "media-file"
ARTIFACT = "Artifact"
MOST_CHOICES = 12
"""A field with more values than this lists them below the table."""
NAMES = {"string": "text", "boolean": "true or false", "null": "null"}
FORMATS = {MEDIA_FILE: "media file", "duration": "seconds", "date-time": "time (RFC 3339)"}
BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "maxProperties": "at most {}",
    "pattern": "matches {}",
    "ge": "≥ {} s",
    "gt": "> {} s",
    "le": "≤ {} s",
}
UNSAID = {("minLength", 1), ("ge", "PT0S")}
"""Limits that are too obvious to list."""


def fields(schema: Schema, root: Schema, *, given: bool) -> str:
    """Return the table of an object's fields; fields of an input (`given`) have a column for the default."""
    required = schema.get("required", [])
    members = schema.get("properties", {}).items()
    if not given:
        return table(
            ("field", "type", "meaning"),
            ((code(name), describe_type(field, root), meaning(field)) for name, field in members),
        )
    return table(
        ("field", "type", "limits", "default", "meaning"),
        (
            (
                code(name),
                describe_type(field, root),
                limits(field, root),
                "required" if name in required else default(field, root),
                meaning(field),
            )
            for name, field in members
        ),
    )


def describe_type(field: Schema, root: Schema) -> str:
    """Return the type in words, with a link if it has its own table."""
    return " or ".join(dict.fromkeys(describe_shape(shape, root) for shape in alternatives(field)))


def describe_shape(shape: Schema, root: Schema) -> str:
    if name := reference_name(shape):
        return "file" if name == ARTIFACT else link_to(name, root)
    if words := FORMATS.get(shape.get("format", "")):
        return words
    if values := choices(shape):
        return ", ".join(values) if len(values) <= MOST_CHOICES else f"one of {len(values)}"
    if shape.get("type") == "array":
        inside = shape.get("items") or {}
        return f"list of {describe_type(inside, root)}" if inside else "list"
    if shape.get("type") == "object":
        inside = shape.get("additionalProperties")
        return f"map to {describe_type(inside, root)}" if isinstance(inside, dict) else "map"
    kind = str(shape.get("type", "any"))
    return NAMES.get(kind, kind)


def link_to(name: str, root: Schema) -> str:
    shape = root.get("$defs", {}).get(name)
    if shape is None:
        return code(name)
    return ", ".join(choices(shape)) if "enum" in shape else f"[{name}](#{name.lower()})"


def choices(shape: Schema) -> list[str]:
    values = shape.get("enum", [shape["const"]] if "const" in shape else [])
    return [code(value) for value in values]


def alternatives(field: Schema) -> list[Schema]:
    """Return the alternatives of a field, one for each type in a list of types."""
    if kinds := field.get("anyOf") or field.get("oneOf"):
        return list(kinds)
    if isinstance(field.get("type"), list):
        return [field | {"type": kind} for kind in field["type"]]
    return [field]


def reference_name(shape: Schema) -> str:
    return str(shape.get("$ref", "")).rpartition("/")[2]


def limits(field: Schema, root: Schema) -> str:
    """Return the bounds of a field, and of the items if it is a list."""
    found = [
        text.format(format_bound(word, bound))
        for shape in alternatives(field)
        if shape.get("format") != MEDIA_FILE
        for word, text in BOUNDS.items()
        if (bound := shape.get(word)) is not None and (word, bound) not in UNSAID
    ]
    inside = [limits(shape["items"], root) for shape in alternatives(field) if shape.get("items")]
    return "; ".join([*found, *(f"each {text}" for text in inside if text)])


def format_bound(word: str, bound: Any) -> str:
    """Return a bound for readers: large numbers with commas, durations in seconds."""
    if word == "pattern":
        return code(bound)
    if isinstance(bound, str):
        return f"{TypeAdapter(timedelta).validate_python(bound).total_seconds():g}"
    return f"{bound:,}"


def default(field: Schema, root: Schema) -> str:
    """Return the default as JSON; the defaults of an object are in its own table."""
    if any(reference_name(shape) and "enum" not in target(shape, root) for shape in alternatives(field)):
        return code("null") if field.get("default", ...) is None else "see below"
    return code(json.dumps(field["default"], ensure_ascii=False)) if "default" in field else "empty"


def target(shape: Schema, root: Schema) -> Schema:
    found: Schema = root.get("$defs", {}).get(reference_name(shape), {})
    return found


def meaning(field: Schema) -> str:
    """Return the description of the field, or of its alternatives."""
    for shape in (field, *alternatives(field)):
        if shape.get("format") == MEDIA_FILE and "A path under share" in shape.get("description", ""):
            return ""  # said once, at the top of the page
        if text := shape.get("description"):
            return prose(text)
    return ""


def nested_objects(root: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield the objects that a schema refers to, except files and lists of values."""
    for name, shape in root.get("$defs", {}).items():
        if name != ARTIFACT and "properties" in shape:
            yield name, shape


def describe_long_choices(schema: Schema) -> Iterator[str]:
    """Yield a line for each field whose values do not fit in a cell."""
    for name, field in schema.get("properties", {}).items():
        for shape in alternatives(field):
            if len(values := choices(shape)) > MOST_CHOICES:
                yield f"{code(name)} is one of {', '.join(values)}."
