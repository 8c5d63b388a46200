"""The README in Chinese says what the one in English says: the same headings, commands, links and rows."""

import re
from pathlib import Path

from markdown_it.token import Token

from tests.support.markdown import Page, plain_text

ENGLISH, CHINESE = Page(Path("README.md")), Page(Path("README.zh-CN.md"))
COMMENT = re.compile(r"(^|\s)\s*# .*$", re.MULTILINE)


def levels(page: Page) -> list[int]:
    return [level for level, _ in page.headings]


def commands(page: Page) -> list[tuple[str, str]]:
    """Return the code blocks without what they say in words: comments are translated."""
    return [(language, COMMENT.sub("", block)) for language, block in page.blocks]


def in_rows(page: Page) -> list[list[str]]:
    """Return the code in each row of each table. The first cell is the same; in others each language has its order."""
    return [[plain_text(row[0]) if "`" in row[0].content else "", *sorted(code_in(row[1:]))] for row in page.rows]


def code_in(cells: list[Token]) -> list[str]:
    return [child.content for cell in cells for child in cell.children or () if child.type == "code_inline"]


def test_each_leads_to_the_other_at_its_top() -> None:
    assert ENGLISH.links[0] == str(CHINESE.path)
    assert CHINESE.links[0] == str(ENGLISH.path)


def test_the_headings_are_as_many_of_the_same_levels_in_the_same_order() -> None:
    assert levels(CHINESE) == levels(ENGLISH)


def test_the_commands_are_the_same() -> None:
    assert commands(CHINESE) == commands(ENGLISH)


def test_the_links_are_the_same() -> None:
    assert sorted(CHINESE.links[1:]) == sorted(ENGLISH.links[1:])


def test_the_tables_have_the_same_rows() -> None:
    assert in_rows(CHINESE) == in_rows(ENGLISH)
    assert len(ENGLISH.rows) > 20


def test_the_code_between_words_is_the_same() -> None:
    english, chinese = (
        sorted(token.content for token in page.inline if token.type == "code_inline") for page in (ENGLISH, CHINESE)
    )
    assert chinese == english
