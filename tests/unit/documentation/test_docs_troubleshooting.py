"""The troubleshooting page quotes what Baton says: its codes and messages are those of the code."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from api_gateway.tasks.wait_reason import WaitReasonCode
from docs.writer.errors import vocabulary
from tests.support.markdown import ROOT, Page

PAGE = Page(Path("docs/troubleshooting.md"))
PACKAGES = ("common", "api_gateway", "services", "cli")
CODE = re.compile(r"[a-z]+(?:_[a-z]+)+")
PLACEHOLDER = "\N{REPLACEMENT CHARACTER}"
LEAST = 15
"""Characters that a message has beside its placeholders; with fewer, it would fit anything."""


@cache
def messages() -> list[re.Pattern[str]]:
    """Return what fits each text that the code may say, with its placeholders open."""
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    texts = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    return [pattern for node in texts if (pattern := template(node))]


def template(node: ast.AST) -> re.Pattern[str] | None:
    match node:
        case ast.Constant(value=str(text)):
            parts = [text]
        case ast.JoinedStr(values=values):
            parts = [str(part.value) if isinstance(part, ast.Constant) else "" for part in values]
        case _:
            return None
    if sum(map(len, parts)) < LEAST:
        return None
    text = PLACEHOLDER.join(parts)
    return re.compile(re.escape(" ".join(text.split())).replace(PLACEHOLDER, ".*"))


def codes() -> set[str]:
    return {kind.code for kind in vocabulary()} | set(get_args(WaitReasonCode))


@pytest.mark.parametrize("quote", PAGE.quotes)
def test_every_quoted_message_is_one_of_the_code(quote: str) -> None:
    assert any(pattern.fullmatch(quote) for pattern in messages())


def test_every_code_in_a_heading_exists() -> None:
    named = {words for _, words in PAGE.headings if CODE.fullmatch(words)}
    assert named
    assert named <= codes()


def test_a_message_that_nobody_says_is_noticed() -> None:
    assert not any(pattern.fullmatch("The model does not fit on the moon.") for pattern in messages())
