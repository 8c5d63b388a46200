"""Where a copied cut begins in its input: at a keyframe, up to several seconds before the requested start; without
pictures, at a packet of audio, which may be on the other side of a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import NotMedia
from common.media.demux import MICROSECONDS, open_medium, origin_of, unreadable_is_not_media

if TYPE_CHECKING:
    from av.container import InputContainer

PREROLL_S = 3 / 23
"""ffmpeg seeks this much earlier in video with reordered pictures, and may so find the keyframe before."""
MOST_PACKETS = 1_000
"""Of other tracks before the first picture, or of audio before the first one that was copied."""
EARLY_S = 1.0
"""Some formats are sought imprecisely."""

SAMPLE_FORMATS = frozenset({"aiff", "au", "caf", "w64", "wav"})

TimedPacket = tuple[float, bytes]
"""Second of the medium, and content."""


def find_offset(source: Path, made: Path, start: float) -> float:
    """Return the second of `source` that is the beginning of `made`, whose video was copied from about `start` on."""
    first = read_packet(made, 0.0)
    found = [packet for early in (0.0, PREROLL_S) if (packet := read_packet(source, max(start - early, 0.0)))]
    if not first or not found:
        return start
    at = next((at for at, content in found if content == first[1]), found[0][0])
    return max(round(at - first[0], 3), 0.0)


def find_audio_offset(source: Path, made: Path, start: float, *, track: int) -> float:
    """Return the second of `source` that is the beginning of `made`, whose audio was copied from about `start` on.

    It is `start` itself for WAV and the like, which are cut between any two samples (the same samples may also occur
    elsewhere, as in a tone), and where no packet is the first one of `made`: FLAC is encoded again. A packet of MPEG-TS
    has a header that other containers drop.
    """
    with suppress(NotMedia), unreadable_is_not_media(source):
        if has_only_samples(source):
            return start
        first = next(read_audio_packets(made, 0.0, 0), None)
        packets = islice(read_audio_packets(source, max(start - EARLY_S, 0.0), track), MOST_PACKETS)
        equal = [at for at, content in packets if first and content.endswith(first[1])]
        if first and equal:
            nearest = min(equal, key=lambda at: abs(at - start))
            return max(round(nearest - first[0], 3), 0.0)
    return start


def has_only_samples(path: Path) -> bool:
    with open_medium(path) as container:
        return container.format.name in SAMPLE_FORMATS


def read_audio_packets(path: Path, at: float, track: int) -> Iterator[TimedPacket]:
    """Yield the packets of an audio track from about second `at` on."""
    with open_medium(path) as container:
        origin = origin_of(container)
        if at:
            container.seek(round((at + origin) * MICROSECONDS), backward=True)
        tracks = container.streams.audio[track : track + 1]
        for packet in container.demux(tracks) if tracks else ():
            if packet.pts is not None and packet.time_base and packet.size:
                yield float(packet.pts * packet.time_base) - origin, bytes(packet)


def read_packet(path: Path, at: float) -> TimedPacket | None:
    """Return the first video packet after seeking to the keyframe before second `at`; None if it cannot be read."""
    with suppress(NotMedia), unreadable_is_not_media(path), open_medium(path) as container:
        origin = origin_of(container)
        if at:
            container.seek(round((at + origin) * MICROSECONDS), backward=True)
        return next_packet(container, origin)
    return None


def next_packet(container: InputContainer, origin: float) -> TimedPacket | None:
    videos = [stream for stream in container.streams.video if not stream.disposition & stream.disposition.attached_pic]
    for number, packet in enumerate(container.demux(videos[:1])):
        if packet.pts is not None and packet.time_base and packet.is_keyframe:
            return float(packet.pts * packet.time_base) - origin, bytes(packet)
        if number > MOST_PACKETS:
            break
    return None
