"""Find silences, and plan the cuts between segments."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.ffmpeg.contracts import SplitAudioSegmentsInput
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.execution.media_limits import OnSeconds
from services.ffmpeg.operations import audio

PRECISION_S = 0.001
"""Cuts are rounded to milliseconds, so no remainder is shorter."""

FOUND = "silences.txt"
EDGE = re.compile(r"lavfi\.silence_(start|end)=(-?[\d.]+)")

SilentSpan = tuple[float, float]


def detect(
    ffmpeg: Ffmpeg, source: Path, folder: Path, params: SplitAudioSegmentsInput, *, track: int, on_progress: OnSeconds
) -> tuple[list[SilentSpan], float]:
    """Return the silences of a track and the track's length, in seconds."""
    sound = (
        ffmpeg.input(source)[f"a:{track}"]
        .filter("aresample", **audio.ON_TIMELINE)
        .filter("silencedetect", noise=f"{params.silence_level}dB", duration=params.min_silence)
        .filter("ametadata", mode="print", file=FOUND)
    )
    ending = ffmpeg.run(ffmpeg.discard(sound), folder, on_progress)
    return list(read(folder / FOUND, ending.seconds)), ending.seconds


def read(found: Path, duration: float) -> Iterator[SilentSpan]:
    """Yield the silences that silencedetect wrote; one that lasts to the end of the file has no end."""
    begun: float | None = None
    for edge, seconds in EDGE.findall(found.read_text() if found.exists() else ""):
        if edge == "start":
            begun = max(0.0, float(seconds))
        elif begun is not None:
            yield begun, float(seconds)
            begun = None
    if begun is not None:
        yield begun, duration


def plan(silences: Sequence[SilentSpan], duration: float, params: SplitAudioSegmentsInput) -> list[float]:
    """Return the cut times: in the middle of silences, or at the maximum length if there is none in time."""
    middles = [(start + end) / 2 for start, end in silences]
    cuts: list[float] = []
    cut = next_cut(middles, 0.0, duration, params)
    while cut is not None:
        cuts.append(round(cut, 3))
        cut = next_cut(middles, cut, duration, params)
    return cuts


def next_cut(
    middles: Sequence[float], position: float, duration: float, params: SplitAudioSegmentsInput
) -> float | None:
    """Return the cut after the one at `position`, None if the rest is one segment."""
    fits = duration - position <= params.max_length + PRECISION_S
    if fits and params.cut_at == "silence":
        return None
    first = bisect_left(middles, position + params.min_length)
    after = bisect_right(middles, min(position + params.max_length, duration - params.min_length))
    if first < after:
        return middles[first if params.cut_at == "every_silence" else after - 1]
    return None if fits else position + params.max_length
