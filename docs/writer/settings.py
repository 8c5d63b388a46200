"""Every setting: types and limits from the models, defaults and words from `config/baton.yaml`."""

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
"""Sections whose keys are of the user's choice: the key that the file shows, and how a variable is written."""

INTRO = """The settings are read from the environment, then from `config/baton.yaml` (`BATON_CONFIG` names another
file), then from the defaults here. Durations are seconds, sizes are bytes; lists and maps in the environment are
JSON: `BATON_CALLBACKS__ALLOWED_HOSTS='["n8n", "10.0.0.0/8"]'`. A key or a `BATON_` variable that is not listed here
is an error at start. A change needs a restart, except those of `gpu_lock_monitor`, which `PATCH
/v1/monitoring/config` changes at once."""


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
    """Return words that stand on their own as a sentence."""
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
    """Yield each setting under a path; where the user chooses the keys, once with the key that the file shows."""
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
    """Return the default as the file writes it; a key that the user adds has none there."""
    value = defaults
    for part in path.split("."):
        if not isinstance(value, dict) or part not in value:
            return ""
        value = value[part]
    return code(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def words_of(path: str, words: dict[str, str], shape: Schema) -> str:
    return words.get(path) or next((one["description"] for one in alternatives(shape) if "description" in one), "")


def comments() -> dict[str, str]:
    """Return what the file says of each key, by its dotted path."""
    found: dict[str, str] = {}
    above: list[str] = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if match := LINE.match(line):
            above = [*above[: len(match["indent"]) // INDENT], match["key"]]
            if match["words"]:
                found[".".join(above)] = match["words"]
    return found
