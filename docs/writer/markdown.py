"""The Markdown that the pages are made of."""

import re
from collections.abc import Iterable, Sequence

CODE = re.compile(r"(``.*?``|`[^`]*`)")
NONE = re.compile(r"(?<!`)\bNone\b(?!`)")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, or nothing when it has no rows."""
    lines = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines])


def cell(text: str) -> str:
    """Return the text in one line, with what would end the cell or begin a tag escaped."""
    return escape(" ".join(text.split())).replace("|", "\\|")


def escape(text: str) -> str:
    """Return the text with its `<placeholders>` shown, which would be HTML outside of code."""
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in CODE.split(text))


def code(text: object) -> str:
    """Return it as code; text with a backtick of its own needs two around it."""
    return f"`` {text} ``" if "`" in str(text) else f"`{text}`"


def prose(text: str) -> str:
    """Return a description as a client reads it: Python's None is null in JSON."""
    return NONE.sub("`null`", escape(" ".join(text.split())))


def join_blocks(parts: Iterable[str]) -> str:
    """Return the blocks of a page, with one empty line between them and none that is empty."""
    return "\n\n".join(part for part in parts if part) + "\n"
