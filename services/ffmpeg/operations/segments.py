"""Write audio in segments, decoded once."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.ffmpeg.contracts import SplitAudioSegmentsInput
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.execution.media_limits import Clip, OnSeconds
from services.ffmpeg.media import StreamInfo
from services.ffmpeg.operations import audio, phase

WHOLE = Clip(0.0, None)
LISTED = "segments.csv"
NEVER = "10000000"
CUTS_PER_SECOND = 100
"""ffmpeg cuts between packets, so the audio is put into packets of 10 ms; lossy codecs have their own, longer ones."""


@dataclass(frozen=True, slots=True)
class SegmentFile:
    file: Path
    start: float
    end: float


def split(
    ffmpeg: Ffmpeg,
    source: Path,
    folder: Path,
    params: SplitAudioSegmentsInput,
    *,
    track: int,
    sound: StreamInfo,
    cuts: Sequence[float] | None,
    on_progress: OnSeconds,
) -> tuple[list[SegmentFile], phase.Spans]:
    """Cut at `cuts`, or every `params.max_length` if it is None. Return the segments with their actual times, and where
    channels cancelled each other out.
    """
    rate = params.sample_rate or audio.supported_rate(params.format, sound.sample_rate or audio.USUAL_RATE_HZ)
    whole = ffmpeg.input(source)[f"a:{track}"]
    options = {
        **audio.encoding(params),
        "f": "segment",
        "segment_format": audio.MUXERS[params.format],
        "segment_list": LISTED,
        "segment_list_type": "csv",
        "reset_timestamps": 1,
        **where(params, cuts),
    }
    options.pop("rf64", None)  # the segment muxer does not pass it on; no segment comes near 4 GiB

    def command(spans: phase.Spans) -> Any:
        timed = phase.repair(whole.filter("aresample", rate, **audio.ON_TIMELINE), track, spans.get(track, []))
        decoded = timed.filter("asetnsamples", n=rate // CUTS_PER_SECOND, pad=0)
        return ffmpeg.output(decoded, audio.file_name("%06d", params), options)

    mixed = {index: audio.on_timeline(whole, WHOLE) for index in phase.mixed_tracks({track: sound}, params.channels)}
    spans = phase.write(ffmpeg, folder, mixed, command, on_progress)
    return list(read(folder)), spans


def where(params: SplitAudioSegmentsInput, cuts: Sequence[float] | None) -> dict[str, str | float]:
    if cuts is None:
        return {"segment_time": params.max_length}
    return {"segment_times": ",".join(map(str, cuts)) or NEVER}


def read(folder: Path) -> Iterator[SegmentFile]:
    with (folder / LISTED).open(newline="") as listed:
        for name, start, end in csv.reader(listed):
            yield SegmentFile(folder / name.removeprefix("file:"), float(start), float(end))
