"""Timestamps of SRT, WebVTT and MicroDVD."""

import re
from math import floor
from typing import NamedTuple

STAMP = re.compile(
    r"(?P<sign>-?)(?:(?P<hours>\d{1,6})\s?:\s?)?(?P<minutes>\d{1,2})\s?:\s?(?P<seconds>\d{1,2})"
    r"(?:\s?[.,:;]\s?(?P<fraction>\d{1,20})(?P<below>\.\d{1,30})?)?(?![\d:])"
)
ARROW = re.compile(r"\s*(?:-{1,3}\s?>|[\u2013\u2014=]>|\u2192)")
"""SRT's arrow, and what typing errors and text editors make of it."""
SETTINGS = re.compile(r"(?:[ \t]+[A-Za-z][A-Za-z0-9]*:\S+)+(?=\s|$)")
"""WebVTT's cue settings, and SubRip's coordinates (`X1:100`)."""
STANDARD_ARROW = "-->"
SHOWN_MS = 2_000
"""Duration of a cue whose start or end cannot be read."""


class Timing(NamedTuple):
    """A timing line."""

    start: int
    """milliseconds"""
    end: int
    """milliseconds"""
    settings: str
    """What follows the times."""
    text: str = ""
    """Text of the cue that stands on the timing line."""
    fault: str = ""
    """Which time could not be read, and the line."""


def parse_timing(line: str) -> Timing | None:
    """Return start and end, or None if it is not a timing line."""
    first = STAMP.match(line.lstrip())
    arrow = ARROW.match(line.lstrip(), first.end()) if first else None
    if not first or not arrow:
        return None
    rest = line.lstrip()[arrow.end() :].lstrip()
    second = STAMP.match(rest)
    if not second:
        return None
    settings = SETTINGS.match(rest, second.end())
    end = settings.end() if settings else second.end()
    return Timing(to_ms(first), to_ms(second), rest[second.end() : end].strip(), rest[end:].strip())


def repair_timing(line: str) -> Timing | None:
    """Return the times of a line with an arrow of which only one time can be read, or None if neither can be."""
    before, arrow, after = line.partition(STANDARD_ARROW)
    if not arrow:
        return None
    if start := STAMP.fullmatch(before.strip()):
        return Timing(to_ms(start), to_ms(start), "", fault=f"the end cannot be read: {line.strip()}")
    if end := STAMP.match(after.strip()):
        return Timing(max(to_ms(end) - SHOWN_MS, 0), to_ms(end), "", fault=f"the start cannot be read: {line.strip()}")
    return None


def looks_like_timing(line: str, *, numbered: bool) -> bool:
    """Return whether a line is meant as times: an arrow and clocks, without letters if no number precedes the line."""
    before, arrow, after = line.partition(STANDARD_ARROW)
    clock = re.search(r"\d\s?:|:\s?-?\d", before + " " + after)
    return bool(arrow and clock) and (numbered or not re.search(r"[^\W\d_]", before + after))


def to_ms(stamp: re.Match[str]) -> int:
    """Return milliseconds. Of three digits at most, a further decimal part is below the millisecond."""
    fraction = stamp["fraction"] or ""
    whole = (int(stamp["hours"] or 0) * 60 + int(stamp["minutes"])) * 60 + int(stamp["seconds"])
    part = float(fraction + stamp["below"]) if stamp["below"] else float(f"0.{fraction or 0}") * 1000
    value = whole * 1000 + floor(part + 0.5)
    return -value if stamp["sign"] else value


def format_timestamp(ms: int, mark: str) -> str:
    """Format as HH:MM:SS with milliseconds after `mark`; the hours get more digits from 100 on."""
    seconds, rest = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}{mark}{rest:03d}"


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def to_frame(ms: int, fps: float) -> int:
    return floor(ms * fps / 1000 + 0.5)


def from_frame(frame: int, fps: float) -> int:
    return floor(frame * 1000 / fps + 0.5)
