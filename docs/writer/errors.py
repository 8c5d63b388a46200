"""The page of error codes: each error's code, status and message."""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from common.errors import BatonError
from docs.writer.markdown import code, join_blocks, table

ROOT = Path(__file__).parents[2]
PACKAGES = ("common", "api_gateway", "services", "cli")
DEFINES = re.compile(r"^class (?:\w+\(\w*Error|BatonError\(Exception)\):", re.MULTILINE)
INTERNAL = frozenset({"fenced"})
"""Raised in a running task only; users never see it."""

INTRO = """An HTTP error is `application/problem+json` (RFC 9457). `code` is stable. `detail` says what happened and
what to do next. Further members name the cause. A failed task has the same `code` and `message` in its `error`.
*Retried* means that Baton retries the task automatically; the status of such an error matters only if a request fails
with it.

In addition, an unknown path is `not_found` (404), and a method that a path does not support is
`method_not_allowed` (405). [Troubleshooting](../troubleshooting.md) explains the most common errors."""

TITLES = {
    "common": "For every task",
    "common.captions": "Subtitle files",
    "common.models": "Models",
    "api_gateway": "The gateway",
    "api_gateway.callbacks": "Callbacks",
    "api_gateway.openai": "OpenAI's audio routes",
    "cli": "The command line",
}


def page() -> str:
    """Return the page, with a section for each part of Baton."""
    groups: dict[str, list[type[BatonError]]] = {}
    for kind in vocabulary():
        groups.setdefault(group(kind), []).append(kind)
    return join_blocks(["# Error codes", INTRO, *(part for name in groups for part in section(name, groups[name]))])


def vocabulary() -> list[type[BatonError]]:
    """Return every error class, in the order of the files."""
    for file in sources():
        import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    return [kind for kind in subclasses(BatonError) if kind.code not in INTERNAL]


def sources() -> Iterator[Path]:
    """Yield the files that define errors."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if DEFINES.search(file.read_text(encoding="utf-8")):
                yield file


def subclasses(kind: type[BatonError]) -> Iterator[type[BatonError]]:
    """Yield a class and its subclasses, each once, in the order of their definitions."""
    found = {kind}
    waiting = [kind]
    while waiting:
        below = [one for one in waiting.pop().__subclasses__() if one.__module__.partition(".")[0] in PACKAGES]
        waiting.extend(below)
        found.update(below)
    order = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in sources()]
    yield from sorted(found, key=lambda one: (order.index(one.__module__), line(one)))


def line(kind: type[BatonError]) -> int:
    source = (ROOT / f"{kind.__module__.replace('.', '/')}.py").read_text(encoding="utf-8")
    return source.index(f"class {kind.__name__}(")


def group(kind: type[BatonError]) -> str:
    """Return the part of Baton that defines an error: a service, or the longest package name in `TITLES`."""
    parts = kind.__module__.split(".")
    if parts[0] == "services":
        return parts[1]
    return next(name for end in (2, 1) if (name := ".".join(parts[:end])) in TITLES)


def section(name: str, kinds: Iterable[type[BatonError]]) -> Iterator[str]:
    yield f"## {TITLES.get(name, code(name))}"
    head = ("code", "exit status", "message") if name == "cli" else ("code", "status", "retried", "message")
    yield table(head, (row(name, kind) for kind in kinds))


def row(name: str, kind: type[BatonError]) -> tuple[str, ...]:
    if name == "cli":
        return code(kind.code), str(vars(kind).get("exit_code", 1)), kind.default_message()
    return code(kind.code), str(kind.status), "yes" if kind.retryable else "", kind.default_message()
