"""Extraction of burned-in subtitles: decode, detect changes, read, assemble; each in its own thread where possible.

The video is processed in chunks of time; processing of each starts from scratch a little before the chunk. So the
result of a chunk depends only on its frames, and an attempt that skips finished chunks finds the same as an
uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from common.errors import MediaTooLong, NotMedia
from common.prefetch import prefetch
from common.transcript.format import Segment
from common.transcript.live import fragment
from common.worker.job import Job
from services.paddleocr.area_detection import DEFAULT_AREA, detect_areas
from services.paddleocr.areas import FoundArea
from services.paddleocr.batching import BATCH, OcrBatcher
from services.paddleocr.contracts import ExtractSubtitlesInput
from services.paddleocr.line_assembly import LineAssembler, SeenLine, seen_lines
from services.paddleocr.text_tracking import TextTrack, TextTracker
from services.paddleocr.video import Frame, VideoTrack

if TYPE_CHECKING:
    from services.paddleocr.video import Luma

PHASE = "read subtitles"
LEAD_S = 1.0
"""Lead-in before a chunk; text across the border is complete in one of the two chunks."""
FRAMES_AHEAD = 8
TRACKS_AHEAD = 16
TELL_S = 1.0
"""Interval of progress reports, in seconds of video."""


class DetectedAreasRecord(BaseModel):
    """The first record of the checkpoint."""

    areas: list[FoundArea]
    calls: int


class OcrChunk(BaseModel):
    """All other records: the lines of a chunk, and the end of its frames, in seconds."""

    chunk: int
    until: float
    calls: int
    lines: list[SeenLine]


@dataclass(frozen=True, slots=True)
class Bands:
    """The parts of a frame that are examined, one for each area."""

    time: float
    parts: list[Luma]


@dataclass(frozen=True, slots=True)
class EndedTrack:
    """A text track that has ended, with what is needed to place it in time and in the picture."""

    chunk: int
    area: FoundArea
    track: TextTrack
    times: list[float]
    height: int


@dataclass(frozen=True, slots=True)
class ProgressMark:
    """How far detection has come, in seconds; with `done` a chunk ended there."""

    time: float
    done: int | None = None


TrackingEvent = EndedTrack | ProgressMark


class ChunkTracker:
    """The text trackers of one chunk, one for each area."""

    def __init__(self, number: int, areas: Sequence[FoundArea], fps: float) -> None:
        self.number = number
        self.areas = areas
        self.trackers = [TextTracker(fps) for _ in areas]

    def see(self, bands: Bands) -> Iterator[EndedTrack]:
        for area, tracker, part in zip(self.areas, self.trackers, bands.parts, strict=True):
            for track in tracker.see(Frame(bands.time, part)):
                yield self.seen_text(area, tracker, track)

    def end(self, time: float) -> Iterator[EndedTrack]:
        for area, tracker in zip(self.areas, self.trackers, strict=True):
            for track in tracker.end(time):
                yield self.seen_text(area, tracker, track)

    def seen_text(self, area: FoundArea, tracker: TextTracker, track: TextTrack) -> EndedTrack:
        return EndedTrack(self.number, area, track, tracker.times, tracker.height)


class Extraction:
    """One attempt at one task. It continues after the last chunk that an earlier attempt recorded."""

    def __init__(self, params: ExtractSubtitlesInput, job: Job, video: VideoTrack, batcher: OcrBatcher) -> None:
        self.params = params
        self.job = job
        self.video = video
        self.batcher = batcher
        self.checkpoint = job.checkpoint()
        self.length = batcher.settings.chunk_length.total_seconds()
        self.areas: list[FoundArea] = []
        self.segments: list[Segment] = []
        self.until = params.start
        self.done = 0

    def run(self) -> None:
        """Read the whole video.

        Raises:
            NotMedia: nothing can be decoded.
        """
        records = list(self.checkpoint.records())
        self.find_areas(records)
        self.ledger = LineAssembler(
            places=self.areas,
            min_confidence=self.params.min_confidence,
            longest=self.batcher.settings.max_line_duration.total_seconds(),
            language=self.params.language,
        )
        for record in records[1:]:
            self.take(OcrChunk.model_validate(record))
        self.read_on()
        self.publish(self.ledger.add([], float("inf")))
        if self.until <= self.params.start:
            raise NotMedia("The file has a video track, but nothing in it can be decoded. Check that it plays.")

    # ---- the areas ----

    def find_areas(self, records: Sequence[dict[str, object]]) -> None:
        if records:
            known = DetectedAreasRecord.model_validate(records[0])
            self.areas, self.batcher.calls = known.areas, known.calls
            return
        self.areas = self.given_area() or self.found_areas() or [DEFAULT_AREA]
        self.checkpoint.append(DetectedAreasRecord(areas=self.areas, calls=self.batcher.calls))

    def given_area(self) -> list[FoundArea]:
        if self.params.area is None:
            return []
        self.params.area.pixels(*self.video.size)  # refuse invalid areas before the work starts
        return [FoundArea(**self.params.area.model_dump(), confidence=1)]

    def found_areas(self) -> list[FoundArea]:
        self.job.progress("find the area", percent=0.0)
        found = detect_areas(
            self.video, self.batcher.read, self.job.check, start=self.params.start, end=self.params.end
        )
        best = found.areas[:1]
        return best + [area for area in found.areas[1:] if area.confidence > 0.5 * best[0].confidence]

    # ---- decoding and watching: not in the main thread ----

    def begin_of(self, chunk: int) -> float:
        return self.params.start + chunk * self.length

    def bands(self) -> Iterator[Bands]:
        """Decode, and keep only the examined parts."""
        longest = self.batcher.settings.max_duration.total_seconds()
        for frame in self.video.frames(max(self.begin_of(self.done) - LEAD_S, self.params.start)):
            if self.params.end is not None and frame.time >= self.params.end:
                return
            if frame.time - self.params.start > longest:
                raise MediaTooLong(max_duration=longest)
            height, width = frame.luma.shape
            boxes = [area.pixels(width, height) for area in self.areas]
            yield Bands(frame.time, [frame.luma[top:bottom, left:right].copy() for left, top, right, bottom in boxes])

    def events(self) -> Generator[TrackingEvent, None, None]:
        """Track the bands, chunk by chunk; two chunks at a time during a lead-in."""
        watches: list[ChunkTracker] = []
        next_chunk, told, last = self.done, self.params.start, self.begin_of(self.done)
        with closing(prefetch(self.bands(), depth=FRAMES_AHEAD, name="decode")) as coming:
            for bands in coming:
                if bands.time >= self.begin_of(next_chunk) - LEAD_S:
                    watches.append(ChunkTracker(next_chunk, self.areas, self.video.fps))
                    next_chunk += 1
                while watches and bands.time >= self.begin_of(watches[0].number + 1):
                    yield from end_chunk(watches.pop(0), bands.time)
                for watch in watches:
                    yield from watch.see(bands)
                last = bands.time
                if last >= told + TELL_S:
                    told = last
                    yield ProgressMark(last)
        for watch in watches:
            yield from end_chunk(watch, last + 1 / self.video.fps)

    # ---- reading ----

    def read_on(self) -> None:
        pending: dict[int, list[EndedTrack]] = {}
        lines: dict[int, list[SeenLine]] = {}
        with closing(prefetch(self.events(), depth=TRACKS_AHEAD, name="watch")) as coming:
            for event in coming:
                self.job.check()
                if isinstance(event, EndedTrack):
                    waiting = pending.setdefault(event.chunk, [])
                    waiting.append(event)
                    if len(waiting) >= BATCH:
                        lines.setdefault(event.chunk, []).extend(self.read(pending.pop(event.chunk)))
                elif event.done is None:
                    self.report(event.time)
                else:
                    found = lines.pop(event.done, []) + self.read(pending.pop(event.done, []))
                    self.finish(OcrChunk(chunk=event.done, until=event.time, calls=self.batcher.calls, lines=found))

    def read(self, tracks: list[EndedTrack]) -> list[SeenLine]:
        readings = self.batcher.read_tracks([ended.track for ended in tracks])
        return [
            line
            for ended, texts in zip(tracks, readings, strict=True)
            for line in seen_lines(ended.track, ended.times, texts, ended.area, ended.height)
        ]

    def finish(self, chunk: OcrChunk) -> None:
        self.checkpoint.append(chunk)
        self.take(chunk)
        self.report(chunk.until)

    def take(self, chunk: OcrChunk) -> None:
        self.done, self.until, self.batcher.calls = chunk.chunk + 1, chunk.until, chunk.calls
        self.publish(self.ledger.add(chunk.lines, chunk.until - LEAD_S))

    # ---- reports ----

    def publish(self, segments: list[Segment]) -> None:
        """Publish final segments; a client that receives one again recognizes it by its id."""
        self.segments.extend(segments)
        if segments:
            self.job.emit("fragment", fragment(segments))

    def report(self, at: float) -> None:
        """Report progress by video time; raises if the attempt must stop."""
        end = self.params.end or self.video.duration
        self.job.progress_in_medium(PHASE, at, start=self.params.start, end=end)


def end_chunk(watch: ChunkTracker, time: float) -> Iterator[TrackingEvent]:
    yield from watch.end(time)
    yield ProgressMark(time, done=watch.number)
