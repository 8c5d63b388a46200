"""Timestamps of SRT, WebVTT and MicroDVD."""

import re
from math import floor

STAMP = r"(-?)(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
TIMING = re.compile(rf"^\s*{STAMP}\s*-->\s*{STAMP}(?:[ \t]+(.*))?$")


def parse_timing(line: str) -> tuple[int, int, str] | None:
    """Return start and end in milliseconds and the rest of the line, or None if it is not a timing line."""
    found = TIMING.match(line)
    if not found:
        return None
    groups = found.groups()
    return to_ms(groups[:5]), to_ms(groups[5:10]), (groups[10] or "").strip()


def to_ms(groups: tuple[str | None, ...]) -> int:
    sign, hours, minutes, seconds, fraction = groups
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    value = whole * 1000 + int((fraction or "").ljust(3, "0"))
    return -value if sign else value


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
