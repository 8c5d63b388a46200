"""Audio decoder: streams any audio track as 16 kHz mono, in constant memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import override

from common.errors import ClipOutsideMedia, MediaTooLong, NotMedia, TooManyChannels
from common.media.decoders import check_decoder
from common.media.demux import duration_of, open_medium
from common.media.downmix import Downmix
from common.media.track import MediaTrack
from common.media.track_choice import ChosenTrack, choose_track

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    """16 kHz, in [-1, 1]: mono with shape (frames,), or channels of their own with shape (frames, channels)."""

SAMPLE_RATE_HZ = 16_000
FULL_SCALE = 32_768.0
RUN_UP_S = 0.5
"""A decoder that starts in the middle of a stream needs some packets until its output is right."""
JITTER_S = 0.1
"""Timestamps of real files deviate by this much; a larger deviation is a gap."""
LONGEST_GAP_S = 3_600.0
"""A longer gap is a broken timestamp."""
SILENCE_BLOCK_S = 30.0
MISSING_S, MISSING_SHARE = 2.0, 0.02
"""How much may be missing at the end of a file without a warning: durations in headers are estimates."""

MAX_CHANNELS = 8
"""Channels that are read separately: memory grows with their number."""

INDEXED = frozenset({"mov", "matroska", "wav", "w64", "avi"})
"""Formats in which a seek is exact; the others are read from the beginning."""


class AudioTrack(MediaTrack["AudioStream", "AudioFrame"]):
    """One audio track of an open medium, from `start` to `end`; all times are seconds of the medium."""

    def __init__(
        self,
        container: InputContainer,
        chosen: ChosenTrack,
        *,
        start: float,
        end: float | None,
        longest: float,
        split: bool = False,
    ) -> None:
        super().__init__(container, checked_stream(container, chosen.index))
        self.chosen = chosen
        self.start = start
        self.end = end
        self.longest = longest
        self.channels = channels_of(self.stream) if split else None
        """Number of channels that are yielded side by side, None for their mix."""
        self.downmix = Downmix()
        self.position = start
        """End of the audio that was yielded so far."""

    @property
    @override
    def end_of_readable(self) -> str:
        return f"The audio cannot be read any further than {self.position:.1f} s"

    @property
    def promised(self) -> float | None:
        """Where the audio should end, according to the header and to `end`."""
        known = (self.end, duration_of(self.container))
        return min((position for position in known if position is not None), default=None)

    def refuse_empty(self, samples: int) -> None:
        """Raise if no samples were read.

        Raises:
            ClipOutsideMedia: `start` is after the end, which the header did not give.
            NotMedia: nothing can be decoded.
        """
        if not samples and self.start:
            raise ClipOutsideMedia(start=self.start)
        if not samples:
            raise NotMedia("The file has an audio track, but nothing in it can be decoded. Check that it plays.")

    def warnings(self, *, speech: bool) -> list[str]:
        """Return warnings about the audio after all of it was read; `speech` says whether any was found."""
        found = self.damage_warnings + self.downmix.warnings
        if self.channels == 1:
            found.append("The track has one channel only, so all speech has the speaker channel_0.")
        if self.promised and self.position < self.promised - max(MISSING_S, MISSING_SHARE * self.promised):
            found.append(f"The file promises audio up to {self.promised:.1f} s, but it ends at {self.position:.1f} s.")
        if not speech:
            found.append("No speech was found.")
        return found

    def blocks(self) -> Iterator[Samples]:
        """Yield the audio in blocks. Gaps in the medium become silence.

        Raises:
            MediaTooLong: there is more audio than allowed.
        """
        left = None if self.end is None else round((self.end - self.start) * SAMPLE_RATE_HZ)
        for block in self.from_start():
            kept = block[:left]
            left = None if left is None else left - len(kept)
            self.position += len(kept) / SAMPLE_RATE_HZ
            if self.position - self.start > self.longest:
                raise MediaTooLong(max_duration=self.longest)
            yield kept
            if left == 0:
                return

    def from_start(self) -> Iterator[Samples]:
        """Yield the samples from `start` on, without what the seek returned too early."""
        at: float | None = None
        for stamp, block in self.resample():
            at = min(self.start, stamp) if at is None else at
            gap = stamp - at if JITTER_S < stamp - at < LONGEST_GAP_S else 0.0
            for piece in chain(silence(gap, block.shape[1:]), [block]):
                early = max(round((self.start - at) * SAMPLE_RATE_HZ), 0)
                at += len(piece) / SAMPLE_RATE_HZ
                if early < len(piece):
                    yield piece[early:]

    def resample(self) -> Iterator[tuple[float, Samples]]:
        """Yield blocks of 16 kHz, mono or with separate channels, each with its timestamp.

        Samples pass through 16 bits, as in `faster_whisper.decode_audio`, so that the same audio gives the same text.
        """
        from av import AudioResampler

        stamp = 0.0
        for _, alike in groupby(self.decode_frames(), key=format_of):
            layout = self.stream.layout.name if self.channels else "mono"
            resampler = AudioResampler(format="s16p", layout=layout, rate=SAMPLE_RATE_HZ)
            for frame in chain(alike, [None]):
                if frame is not None:
                    stamp = self.timestamp_of(frame, otherwise=stamp)
                    frame.pts = None  # otherwise the resampler complains about gaps
                    frame = frame if self.channels else self.downmix.prepare(frame)  # noqa: PLW2901 - to be mixed
                for piece in resampler.resample(frame):
                    planes: Samples = piece.to_ndarray().astype(np.float32)
                    planes /= FULL_SCALE
                    yield stamp, planes.T if self.channels else planes[0]

    def timestamp_of(self, frame: AudioFrame, *, otherwise: float) -> float:
        return otherwise if frame.time is None else frame.time - self.origin

    def seek(self) -> None:
        """Seek to shortly before `start`, if the format allows it."""
        from av.error import FFmpegError

        wanted = self.start - RUN_UP_S
        if wanted > 0 and INDEXED.intersection(self.container.format.name.split(",")) and self.stream.time_base:
            with suppress(FFmpegError):  # otherwise it is read from the beginning
                self.container.seek(int((wanted + self.origin) / self.stream.time_base), stream=self.stream)


def format_of(frame: AudioFrame) -> tuple[str, str, int]:
    """Return the input format of the resampler; a broadcast changes it between programs."""
    return frame.format.name, frame.layout.name, frame.sample_rate


def silence(seconds: float, channels: tuple[int, ...] = ()) -> Iterator[Samples]:
    while seconds > 0:
        yield np.zeros((round(min(seconds, SILENCE_BLOCK_S) * SAMPLE_RATE_HZ), *channels), dtype=np.float32)
        seconds -= SILENCE_BLOCK_S


@contextmanager
def open_audio(
    path: Path,
    *,
    track: int | None = None,
    language: str | None = None,
    start: float = 0.0,
    end: float | None = None,
    longest: float = math.inf,
    split: bool = False,
) -> Iterator[AudioTrack]:
    """Open an audio track of a medium: by its number, or the one in a language (see `track_choice`); `longest` is the
    maximum number of seconds to read. `split` yields the channels separately instead of their mix.

    Raises:
        FileMissing: there is no such file.
        NotMedia: the file is not audio or video.
        NoAudioTrack: it has no such track.
        CodecNotAllowed: its decoder is not allowed.
        TooManyChannels: it is to be split, and has more channels than can be.
        ClipOutsideMedia: `start` is after its end.
    """
    with open_medium(path) as container:
        chosen = choose_track([StreamTags.of(stream) for stream in container.streams.audio], track, language)
        sound = AudioTrack(container, chosen, start=start, end=end, longest=longest, split=split)
        if sound.promised is not None and start >= sound.promised:
            raise ClipOutsideMedia(start=start, duration=sound.promised)
        sound.seek()
        yield sound


@dataclass(frozen=True, slots=True)
class StreamTags:
    """What the open container says about an audio stream."""

    language: str | None
    default: bool

    @classmethod
    def of(cls, stream: AudioStream) -> StreamTags:
        from av.stream import Disposition

        return cls(stream.language, bool(stream.disposition & Disposition.default))


def checked_stream(container: InputContainer, track: int) -> AudioStream:
    stream = container.streams.audio[track]
    check_decoder(stream)
    return stream


def channels_of(stream: AudioStream) -> int:
    count = stream.layout.nb_channels
    if count > MAX_CHANNELS:
        raise TooManyChannels(channels=count, most=MAX_CHANNELS)
    return count
