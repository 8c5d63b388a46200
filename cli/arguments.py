"""Input arguments of `baton submit`, in httpie's syntax: `key=text`, `key:=json`, `@file.json` for all of them."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cli.errors import BadArgument

ITEM = re.compile(r"(?P<key>[^:=@]+)(?P<separator>:=|=)(?P<value>.*)", re.DOTALL)


def read(items: Iterable[str]) -> dict[str, Any]:
    """Return `input_data`; a later item overrides an earlier one.

    Raises:
        BadArgument: an item of another form, or invalid JSON; the message quotes it.
    """
    data: dict[str, Any] = {}
    for item in items:
        data |= read_file(Path(item[1:])) if item.startswith("@") else read_item(item)
    return data


def read_item(item: str) -> dict[str, Any]:
    match = ITEM.fullmatch(item)
    if match is None:
        raise BadArgument(f"Cannot read `{item}`. Write key=value, key:=json, or @file.json.")
    value = match["value"]
    return {match["key"]: value if match["separator"] == "=" else from_json(value, item)}


def read_file(path: Path) -> dict[str, Any]:
    try:
        data = from_json(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise BadArgument(f"Cannot read {path}: {error.strerror}.") from error
    if not isinstance(data, dict):
        raise BadArgument(f"{path} must contain a JSON object.")
    return data


def from_json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadArgument(f"Invalid JSON in `{where}`: {error}. For plain text write key=value.") from error
