"""The page of settings: types and limits from the code, defaults and comments from `config/baton.yaml`."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import services
from docs.writer.markdown import code, escape, join_blocks, table
from docs.writer.schema import Schema, alternatives, describe_type, limits, reference_name, target

FILE = Path(__file__).parents[2] / "config" / "baton.yaml"
LINE = re.compile(r"^(?P<indent> *)(?P<key>\w+):(?P<value>.*?)(?:(?:^|\s)# (?P<words>.*))?$")
INDENT = 2
OPEN = {"llm.providers": ("ollama", "<NAME>"), "gpu_lock_monitor.per_task": ("<task>", "<TASK>")}
"""Sections whose keys the user chooses: the key in the file, and the placeholder in the variable."""

INTRO = """Baton reads settings from the environment, then from `config/baton.yaml` (`BATON_CONFIG` selects another
file), then uses these defaults. Durations are in seconds, sizes in bytes. Lists and maps in the environment are
JSON: `BATON_CALLBACKS__ALLOWED_HOSTS='["n8n", "10.0.0.0/8"]'`. An unknown key or `BATON_` variable is an error at
start. Changes take effect after a restart, except in `gpu_lock_monitor`: `PATCH /v1/monitoring/config` changes
those settings at once."""


def page() -> str:
    """Return the page, a table for each section."""
    root = type(services.settings()).model_json_schema()
    defaults, words = yaml.safe_load(FILE.read_text(encoding="utf-8")), comments()
    parts = ["# Settings", INTRO]
    for section, field in root["properties"].items():
        parts += [
            f"## {code(section)}",
            sentence(words.get(section, "")),
            section_table(section, field, root, defaults, words),
        ]
    return join_blocks(parts)


def sentence(words: str) -> str:
    """Return a comment as a sentence."""
    return f"{escape(words[:1].upper() + words[1:])}." if words else ""


def paths() -> list[str]:
    """Return the path of every setting."""
    root = type(services.settings()).model_json_schema()
    return [path for section, field in root["properties"].items() for path, _ in leaves(section, field, root)]


def section_table(section: str, field: Schema, root: Schema, defaults: Any, words: dict[str, str]) -> str:
    rows = (
        (
            code(path),
            code(variable(path)),
            describe_type(shape, root),
            limits(shape, root),
            format_default(path, defaults),
            words_of(path, words, shape),
        )
        for path, shape in leaves(section, field, root)
    )
    return table(("setting", "variable", "type", "limits", "default", "meaning"), rows)


def leaves(path: str, field: Schema, root: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield each setting under a path; if the user chooses the keys, once, with the key in the file."""
    inside = target(field, root) if reference_name(field) else {}
    if path in OPEN and isinstance(values := field.get("additionalProperties"), dict):
        yield from leaves(f"{path}.{OPEN[path][0]}", values, root)
    elif "properties" in inside:
        for name, shape in inside["properties"].items():
            yield from leaves(f"{path}.{name}", shape, root)
    else:
        yield path, field


def variable(path: str) -> str:
    """Return the environment variable of a setting."""
    for prefix, (key, placeholder) in OPEN.items():
        if path.startswith(f"{prefix}.{key}"):
            return variable(prefix) + f"__{placeholder}__" + path.rpartition(".")[2].upper()
    return f"BATON_{path.replace('.', '__').upper()}"


def format_default(path: str, defaults: Any) -> str:
    """Return the default as it is in the file; empty if the file does not have the key."""
    value = defaults
    for part in path.split("."):
        if not isinstance(value, dict) or part not in value:
            return ""
        value = value[part]
    return code(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def words_of(path: str, words: dict[str, str], shape: Schema) -> str:
    return words.get(path) or next((one["description"] for one in alternatives(shape) if "description" in one), "")


def comments() -> dict[str, str]:
    """Return the comment of each key in the file, by dotted path."""
    found: dict[str, str] = {}
    above: list[str] = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if match := LINE.match(line):
            above = [*above[: len(match["indent"]) // INDENT], match["key"]]
            if match["words"]:
                found[".".join(above)] = match["words"]
    return found
