"""Check subtitles against limits: what a viewer cannot read, and what a guide does not allow."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from common.captions.document import Caption, Document
from services.subtitle.contracts import Problem, Rule
from services.subtitle.layout.break_costs import BOUND, break_costs
from services.subtitle.layout.limits import CueRoom, Limits
from services.subtitle.layout.widths import is_wide, width

TOLERANCE_MS = 1
"""Formats round times to milliseconds."""
QUOTED_CHARACTERS = 120


def check(document: Document, limits: Limits, language: str | None) -> list[Problem]:
    """Return the problems in the order of the cues."""
    found: list[Problem] = []
    captions = document.captions
    for number, caption in enumerate(captions, 1):
        page = limits.page(wide=is_wide(caption.text))
        following = captions[number] if number < len(captions) else None
        for rule, value, limit in (
            *check_text(caption, page, limits, language),
            *check_times(caption, page, limits),
            *check_gap(caption, following, limits),
        ):
            text = " ".join(caption.text.split())[:QUOTED_CHARACTERS]
            found.append(Problem(rule=rule, cue=number, line=caption.line, value=value, limit=limit, text=text))
    return found


Finding = tuple[Rule, float | None, float | None]
"""The rule, the value and the limit."""


def check_text(caption: Caption, page: CueRoom, limits: Limits, language: str | None) -> Iterator[Finding]:
    rows = caption.text.strip().split("\n")
    if not caption.text.strip():
        yield "empty", None, None
        return
    if (widest := max(map(width, rows))) > page.width:
        yield "too_wide", widest, page.width
    if len(rows) > limits.max_lines:
        yield "too_many_lines", len(rows), limits.max_lines
    if breaks_badly(rows, language):
        yield "bad_break", None, None


def breaks_badly(rows: Sequence[str], language: str | None) -> bool:
    """Return whether a line ends with a word that belongs to the next one, such as an article or "Mr."."""
    return any(break_costs([row, f" {following}"], language)[1] >= BOUND for row, following in pairwise(rows))


def check_times(caption: Caption, page: CueRoom, limits: Limits) -> Iterator[Finding]:
    seconds = (caption.end - caption.start) / 1000
    speed = width(caption.text) / seconds if seconds else float("inf")
    if caption.text.strip() and speed > page.speed:
        yield "too_fast", round(min(speed, 1e6), 1), page.speed
    if seconds < limits.min_duration - TOLERANCE_MS / 1000:
        yield "too_short", seconds, limits.min_duration
    if seconds > limits.max_duration + TOLERANCE_MS / 1000:
        yield "too_long", seconds, limits.max_duration


def check_gap(caption: Caption, following: Caption | None, limits: Limits) -> Iterator[Finding]:
    if following is None:
        return
    gap = (following.start - caption.end) / 1000
    if gap < 0:
        yield "overlap", gap, 0.0
    elif gap < limits.min_gap - TOLERANCE_MS / 1000:
        yield "gap_too_short", gap, limits.min_gap
