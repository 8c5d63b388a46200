"""Stereo whose channels cancel each other out: found while the mix is written, then mixed again with one inverted.

A channel that is the other one inverted (a wrongly wired cable, an effect) leaves silence in the mix.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from math import inf, isinf
from pathlib import Path
from typing import Any

from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.execution.media_limits import OnSeconds
from services.ffmpeg.media import StreamInfo

STEREO = 2
CANCELLING_DEG = 161
"""Phase above which the mix has less than a fiftieth of the louder channel's energy, as in `common.media.downmix`."""
SHORTEST_S = 1.0
LONGEST_PAUSE_S = 2.0
"""Silence between two spans is part of them: it has no phase."""
FOUND = "phase-{track}-{edge}.txt"
COMMANDS = "phase-{track}-commands.txt"
INVERTER = "stereotools@track{track}"
KEY = "lavfi.aphasemeter.out_phase_{edge}"
AT = re.compile(r"lavfi\.aphasemeter\.out_phase_\w+=([\d.]+)")

TimeSpan = tuple[float, float]
Spans = dict[int, list[TimeSpan]]
"""By track."""


def mixed_tracks(tracks: Mapping[int, StreamInfo], channels: int | None) -> list[int]:
    """Return the indices of the stereo tracks that are mixed to one channel."""
    return [index for index, track in tracks.items() if channels == 1 and track.channels == STEREO]


def write(
    ffmpeg: Ffmpeg, folder: Path, mixed: Mapping[int, Any], command: Callable[[Spans], Any], on_progress: OnSeconds
) -> Spans:
    """Run the command that writes the tracks in `mixed`, and once more if their channels cancel each other out.

    `command` gets the spans in which to `repair` each track, and returns what to run. The tracks in `mixed` are on the
    timeline of the output.
    """
    meters = [ffmpeg.discard(measure(sound, track)) for track, sound in mixed.items()]
    first = command({})
    ffmpeg.run(ffmpeg.merge_outputs(first, *meters) if meters else first, folder, on_progress)
    spans = find(folder, mixed)
    if spans:
        ffmpeg.run(command(spans), folder, on_progress)
    return spans


def find(folder: Path, tracks: Iterable[int]) -> Spans:
    """Return where the tracks that were measured in `folder` cancel out, and leave there what `repair` reads."""
    spans = {track: found for track in tracks if (found := read(folder, track))}
    for track, found in spans.items():
        (folder / COMMANDS.format(track=track)).write_text("".join(commands(track, found)))
    return spans


def measure(sound: Any, track: int) -> Any:
    """Return a track with a filter that writes when its channels cancel each other out."""
    metered = sound.filter("aphasemeter", video=0, phasing=1, angle=CANCELLING_DEG, duration=SHORTEST_S)
    for edge in ("start", "end"):
        names = {"key": KEY.format(edge=edge), "file": FOUND.format(track=track, edge=edge)}
        metered = metered.filter("ametadata", mode="print", **names)
    return metered


def read(folder: Path, track: int) -> list[TimeSpan]:
    """Return the spans that `measure` wrote; one that lasts to the end of the file has no end."""
    starts, ends = (read_edge(folder / FOUND.format(track=track, edge=edge)) for edge in ("start", "end"))
    ends += [inf] * (len(starts) - len(ends))
    return join(list(zip(starts, ends, strict=True)))


def read_edge(file: Path) -> list[float]:
    times = [float(seconds) for seconds in AT.findall(file.read_text())] if file.exists() else []
    file.unlink(missing_ok=True)
    return times


def join(spans: list[TimeSpan]) -> list[TimeSpan]:
    """Join spans with only a short pause between them."""
    if not spans:
        return []
    gaps = [(early[1], late[0]) for early, late in pairwise(spans) if late[0] - early[1] > LONGEST_PAUSE_S]
    edges = [spans[0][0], *(edge for gap in gaps for edge in gap), spans[-1][1]]
    return list(zip(edges[::2], edges[1::2], strict=True))


def commands(track: int, spans: list[TimeSpan]) -> Iterator[str]:
    """Yield what switches the inversion of a track on and off (https://ffmpeg.org/ffmpeg-filters.html#sendcmd)."""
    inverter = INVERTER.format(track=track)
    for begin, end in spans:
        interval = f"{begin:.3f}" if isinf(end) else f"{begin:.3f}-{end:.3f}"
        yield f"{interval} [enter] {inverter} enable 1, [leave] {inverter} enable 0;\n"


def repair(sound: Any, track: int, spans: list[TimeSpan]) -> Any:
    """Return the track with its second channel inverted in the spans; what is before and after stays as it is.

    The command must run in the folder of `find`. The spans are in a file there, because ffmpeg refuses expressions
    of more than a hundred terms, and the system refuses long arguments.
    """
    if not spans:
        return sound
    switched = sound.filter("asendcmd", filename=COMMANDS.format(track=track))
    return switched.filter(INVERTER.format(track=track), phaser=1, enable=0)


def warnings(spans: Spans, duration: float) -> list[str]:
    return [warning(track, found, duration) for track, found in spans.items()]


def warning(track: int, spans: list[TimeSpan], duration: float) -> str:
    seconds = sum(max(min(end, duration) - begin, 0.0) for begin, end in spans)
    return (
        f"The two channels of audio track {track} cancel each other out for {seconds:.1f} s; the second one was "
        "inverted there before mixing."
    )
