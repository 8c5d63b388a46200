"""Chunked transcription: each chunk is recorded when it is finished, each segment is published at once.

The audio is read, cut and searched for speech in another thread while the previous chunk is decoded; but the second
chunk only after the first text, which a client waits for. An attempt continues after the last chunk that an earlier
attempt recorded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from common.media.audio import SAMPLE_RATE_HZ, AudioTrack
from common.media.chunking import Chunk, SampleSpan, chunks, find_in_any_channel, separate_channels, with_check
from common.media.vad import find_speech_to_cut
from common.prefetch import prefetch
from common.stall import ends_when_stalled
from common.transcript.format import Segment
from common.transcript.live import fragment
from common.transcript.partial import ChunkText
from common.worker.job import Job
from common.worker.window_progress import WindowProgress

if TYPE_CHECKING:
    from common.media.audio import Samples

PREPARE = "prepare"
PHASE = "transcribe"

ChannelSpeech = tuple[Chunk, list[SampleSpan]]
"""One channel of a chunk, or the mix of all, and its spans with speech."""
Prepared = list[ChannelSpeech]
"""A chunk by channels."""


class FinishedChunk(ChunkText):
    """One record of the checkpoint. Times are seconds of the medium; `until` is a sample index of the audio that is
    read.
    """

    start: float
    end: float
    until: int


class ChunkedTranscription(ABC):
    """One attempt at one task; subclasses provide speech detection and decoding."""

    def __init__(self, job: Job, sound: AudioTrack, *, chunk: float, stall: timedelta) -> None:
        """Read the recorded chunks. `chunk` is the maximum length in seconds; after `stall` without a step the process
        ends.
        """
        self.job = job
        self.sound = sound
        self.longest = round(chunk * SAMPLE_RATE_HZ)
        self.stall = stall
        self.checkpoint = job.checkpoint()
        self.finished = [FinishedChunk.model_validate(record) for record in self.checkpoint.records()]
        self.resumed_at = self.until
        self.position = WindowProgress(sound.start)
        self.channel: int | None = None
        """The channel that is decoded; None for the mix of all."""
        self.decoded: list[FinishedChunk] = []
        """The channels of the current chunk that are decoded already."""
        self.has_begun = Event()
        """Set with the first text, when the first chunk is finished without any, or at the end."""
        self.has_ended = False
        self.decoding = False
        self.announced = ""

    @abstractmethod
    def find_speech(self, samples: Samples) -> list[SampleSpan]:
        """Return the spans with speech; called in another thread than `decode`."""

    @abstractmethod
    def decode(self, chunk: Chunk, speech: list[SampleSpan]) -> FinishedChunk:
        """Return the text of a chunk, or of one channel of it; each segment is added as soon as it was decoded."""

    # ---- what is known so far ----

    @property
    def until(self) -> int:
        return self.finished[-1].until if self.finished else 0

    @property
    def segments(self) -> list[Segment]:
        return [segment for done in self.finished for segment in done.segments]

    @property
    def next_id(self) -> int:
        """The id of the first segment of the next channel, or chunk."""
        return sum(len(done.segments) for done in [*self.finished, *self.decoded])

    @property
    def speaker(self) -> str | None:
        """The label of the channel's segments."""
        return None if self.channel is None else f"channel_{self.channel}"

    def seconds(self, sample: int) -> float:
        return self.sound.start + sample / SAMPLE_RATE_HZ

    # ---- the work ----

    def run(self) -> None:
        """Decode the missing chunks."""
        for done in self.finished:  # a killed process may not have sent its last ones
            self.publish(done.segments)
        with closing(prefetch(self.prepare_chunks())) as coming, self.reading_ahead():
            while prepared := self.next_chunk(coming):
                self.finish(self.decode_channels(prepared))

    def decode_channels(self, prepared: Prepared) -> FinishedChunk:
        """Decode each channel of a chunk, and merge their segments by time."""
        self.decoded, self.decoding = [], True
        for number, (chunk, speech) in enumerate(prepared):
            self.channel = number if self.sound.channels else None
            self.decoded.append(self.decode(chunk, speech))
        self.channel, done = None, merge_channels(self.decoded)
        self.decoded = []
        return done

    def add(self, done: FinishedChunk, segment: Segment) -> None:
        """Label, keep and publish a segment."""
        if self.speaker:
            words = [word.model_copy(update={"speaker": self.speaker}) for word in segment.words]
            segment = segment.model_copy(update={"speaker": self.speaker, "words": words})
        done.segments.append(segment)
        self.publish([segment])

    def advance(self, done: FinishedChunk, at: float) -> None:
        """Move the progress to second `at` of the medium; of several channels, each is a part of the chunk."""
        self.position.advance(self.place(done, at))

    def advance_in_window(self, done: FinishedChunk, start: float, end: float) -> None:
        """Move the progress by a step inside a window, which has these seconds of the medium."""
        self.position.step(self.place(done, start), self.place(done, end))

    def place(self, done: FinishedChunk, at: float) -> float:
        """Return how far the progress is when second `at` of the medium is decoded in the current channel."""
        parts = self.sound.channels or 1
        share = (len(self.decoded) + (at - done.start) / max(done.end - done.start, 0.001)) / parts
        return done.start + share * (done.end - done.start)

    @contextmanager
    def reading_ahead(self) -> Iterator[None]:
        """Never leave the reading thread waiting for a text that does not come."""
        try:
            yield
        finally:
            self.has_ended = True
            self.has_begun.set()

    def next_chunk(self, coming: Iterator[Prepared]) -> Prepared | None:
        """Return the next chunk; the process ends if that takes too long, as on a dead network drive."""
        self.decoding = False
        with ends_when_stalled(self.stall):
            return next(coming, None)

    def prepare_chunks(self) -> Iterator[Prepared]:
        """Read, cut and find speech: CPU work only."""
        blocks = with_check(self.sound.blocks(), self.on_block)
        find_pauses = partial(find_in_any_channel, find_speech_to_cut)
        for chunk in chunks(blocks, self.longest, find_pauses, index=len(self.finished), start=self.until):
            self.announce_reading("Finding speech")
            channels = [Chunk(chunk.index, chunk.start, samples) for samples in separate_channels(chunk.samples)]
            yield [(channel, self.find_speech(channel.samples)) for channel in channels]
            self.has_begun.wait()  # meanwhile, the first window has all cores
            if self.has_ended:
                return

    def empty_record(self, chunk: Chunk) -> FinishedChunk:
        """Return an empty record for a chunk."""
        start, end = self.seconds(chunk.start), self.seconds(chunk.end)
        return FinishedChunk(chunk=chunk.index, start=start, end=end, until=chunk.end)

    def finish(self, done: FinishedChunk) -> None:
        self.checkpoint.append(done)
        self.finished.append(done)
        self.position.advance(done.end)
        self.has_begun.set()
        self.report()

    # ---- reports ----

    def on_block(self) -> None:
        self.job.check()
        self.announce_reading(reading_message(self.sound))

    def announce_reading(self, message: str) -> None:
        """Report how the next chunk is prepared, if decoding waits for it."""
        if not self.decoding and message != self.announced:
            self.announced = message
            self.job.announce(PREPARE, message)

    def publish(self, segments: list[Segment]) -> None:
        """Publish final segments; a client that receives one again recognizes it by its id."""
        if segments:
            self.job.emit("fragment", fragment(segments))
            self.has_begun.set()

    def report(self) -> None:
        """Report progress by audio time; raises if the attempt must stop."""
        self.job.progress_in_medium(PHASE, self.position.at, start=self.sound.start, end=self.sound.promised)


def reading_message(sound: AudioTrack) -> str:
    return f"Reading audio, {sound.position // 10 * 10:.0f} s"


def merge_channels(decoded: list[FinishedChunk]) -> FinishedChunk:
    """Return the record of a chunk: the segments of all channels, by time."""
    segments = sorted((segment for done in decoded for segment in done.segments), key=lambda one: (one.start, one.id))
    spoken = next((done for done in decoded if done.language), decoded[0])
    return spoken.model_copy(update={"segments": segments})
