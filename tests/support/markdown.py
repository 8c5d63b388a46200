"""Parts of a Markdown page as GitHub parses it: headings and anchors, links, code, tables, quotes."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
NOT_OURS = ("share", "node_modules")
PARSER = MarkdownIt("commonmark").enable("table")
IN_HTML = re.compile(r"""(?:href|srcset|src)=["']([^"']+)["']""")
NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")


def pages() -> list[Path]:
    """Return every page of the repository."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    ours = (path for path in found if not any(part.startswith(".") or part in NOT_OURS for part in path.parts))
    return sorted(ours)


@dataclass(frozen=True)
class Page:
    """One page; its path is relative to the repository."""

    path: Path

    @classmethod
    def all(cls) -> list["Page"]:
        return [cls(path) for path in pages()]

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")

    @cached_property
    def tokens(self) -> list[Token]:
        return PARSER.parse(self.text)

    @cached_property
    def inline(self) -> list[Token]:
        """Return the words, links and code of all paragraphs, headings and cells."""
        return [child for token in self.tokens if token.type == "inline" for child in token.children or ()]

    @cached_property
    def headings(self) -> list[tuple[int, str]]:
        """Return the level and the words of each heading."""
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        return [
            (int(opening.tag[1]), plain_text(inside)) for opening, inside in pairs if opening.type == "heading_open"
        ]

    @cached_property
    def anchors(self) -> set[str]:
        """Return the anchors that a link may contain after `#`. A repeated heading gets a number."""
        seen: Counter[str] = Counter()
        anchors = set()
        for _, words in self.headings:
            anchor = NOT_IN_ANCHOR.sub("", words.strip().lower()).replace(" ", "-")
            anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
            seen[anchor] += 1
        return anchors

    @cached_property
    def links(self) -> list[str]:
        """Return the targets of the links and pictures, in order."""
        return list(self.find_links())

    def find_links(self) -> Iterator[str]:
        for token in [*self.inline, *self.tokens]:
            if token.type == "link_open":
                yield str(token.attrs["href"])
            elif token.type == "image":
                yield str(token.attrs["src"])
            elif token.type in {"html_block", "html_inline"}:
                yield from IN_HTML.findall(token.content)

    @cached_property
    def blocks(self) -> list[tuple[str, str]]:
        """Return the language and the text of each code block."""
        return [(token.info, token.content) for token in self.tokens if token.type in {"fence", "code_block"}]

    @cached_property
    def code(self) -> list[str]:
        """Return every line of code, in blocks and inline."""
        lines = [line for _, block in self.blocks for line in block.splitlines()]
        return lines + [token.content for token in self.inline if token.type == "code_inline"]

    @cached_property
    def rows(self) -> list[list[Token]]:
        """Return the cells of each row of each table, as inline tokens."""
        rows: list[list[Token]] = []
        inside = False
        for token in self.tokens:
            if token.type == "tr_open":
                rows.append([])
            inside = token.type in {"td_open", "th_open"} or (inside and token.type == "inline")
            if inside and token.type == "inline":
                rows[-1].append(token)
        return rows

    @cached_property
    def quotes(self) -> list[str]:
        """Return the source text of each quoted paragraph, in one line."""
        found = []
        depth = 0
        for token in self.tokens:
            depth += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
            if depth and token.type == "inline":
                found.append(" ".join(token.content.split()))
        return found


def plain_text(token: Token) -> str:
    """Return the text of an inline token, without markup."""
    return "".join(child.content for child in token.children or () if child.type in {"text", "code_inline"})
