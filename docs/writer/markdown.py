"""Markdown elements of the pages: tables, code and escaped text."""

import re
from collections.abc import Iterable, Sequence

CODE = re.compile(r"(``.*?``|`[^`]*`)")
NONE = re.compile(r"(?<!`)\bNone\b(?!`)")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, or an empty string if it has no rows."""
    lines = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines])


def cell(text: str) -> str:
    """Return the text in one line, with the characters escaped that end a cell or begin a tag."""
    return escape(" ".join(text.split())).replace("|", "\\|")


def escape(text: str) -> str:
    """Return the text with its `<placeholders>` escaped, which would be HTML outside code."""
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in CODE.split(text))


def code(text: object) -> str:
    """Return the text as code, between double backticks if it contains a backtick."""
    return f"`` {text} ``" if "`" in str(text) else f"`{text}`"


def prose(text: str) -> str:
    """Return a description for readers of JSON: None becomes null."""
    return NONE.sub("`null`", escape(" ".join(text.split())))


def join_blocks(parts: Iterable[str]) -> str:
    """Return the blocks of a page, without empty ones, with an empty line between them."""
    return "\n\n".join(part for part in parts if part) + "\n"
