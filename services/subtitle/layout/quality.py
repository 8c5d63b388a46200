"""Readability of cues: which ones need manual attention."""

from common.transcript.format import Segment, Transcript
from services.subtitle.layout.limits import Limits
from services.subtitle.layout.widths import is_wide, width

FRAME_S = 0.04
"""Times are rounded to milliseconds or to frames."""


def too_fast(transcript: Transcript, limits: Limits) -> list[int]:
    """Return the ids of the cues that exceed the reading speed."""
    return [cue.id for cue in transcript.segments if speed(cue) > limits.page(wide=is_wide(cue.text)).speed]


def too_short(transcript: Transcript, limits: Limits) -> list[int]:
    """Return the ids of the cues that are shown for less than the minimum, because the next one begins."""
    return [cue.id for cue in transcript.segments if round(cue.duration, 3) < limits.min_duration - FRAME_S / 2]


def too_wide(transcript: Transcript, limits: Limits) -> list[int]:
    """Return the ids of the cues with a line over the limit: a word that long cannot be broken."""
    return [cue.id for cue in transcript.segments if widest(cue) > limits.page(wide=is_wide(cue.text)).width]


def speed(cue: Segment) -> float:
    """Return columns per second."""
    return width(cue.text) / cue.duration if cue.duration else float("inf")


def widest(cue: Segment) -> int:
    return max(map(width, cue.text.split("\n")))
