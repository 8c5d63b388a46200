"""Text tracking: from the frame in which something that looks like text first stands still, to its end.

A band is divided into cells. The strokes that are new at one moment form a track; each further frame is compared with
it, cell by cell. Nothing here depends on the speed of the OCR: the same frames give the same tracks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from services.paddleocr.areas import Box
from services.paddleocr.change_detection import ChangeDetector, keep_dense
from services.paddleocr.opencv import opencv
from services.paddleocr.video import Frame, resize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from services.paddleocr.video import Luma

WORK_WIDTH = 960
"""Width of a band for change detection; larger ones are scaled down."""
READ_WIDTH = 1280
"""The same, for the pictures that are read."""
FRESH_PIXELS = 70
"""Number of new stroke pixels that start a track: one short word, or two Chinese characters."""
SETTLE_S = 0.1
PAUSE_S = 0.2
"""Minimum time between two tracks. Nothing is lost: the strokes record since when they are present."""
CELL = 16
"""Pixels of the work size."""
SAME = 44
"""A pixel of a track that differs by no more than this is still present."""
GONE_BELOW = 0.5
"""A cell in which a smaller fraction of the pixels is the same has changed."""
GONE_AFTER = 2
"""Frames; a single one may be damaged."""
CROPS_S = (0.4, 1.2)
"""When further pictures of a track are taken, after the first one: additional readings to vote with."""
MARGIN = 0.6
"""Rows around new strokes that are read too, as a fraction of the height of what is new."""
LEAST_MARGIN = 14
MOST_OPEN = 24
MOSTLY = 0.6


@dataclass
class TrackCrop:
    """The part of a band to be read: a picture and its position in the work size."""

    picture: Luma
    top: float
    scale: float
    """Pixels of the picture per pixel of the work size."""


@dataclass
class TextTrack:
    """Strokes that were new at the same time. Frames are counted from the beginning of the chunk."""

    seen: int
    rows: tuple[int, int]
    width: int
    """Of the work size."""
    places: NDArray[np.intp]
    """Indexes of the strokes' pixels in the flattened band."""
    values: NDArray[np.int16]
    starts: NDArray[np.int64]
    """For each pixel the frame since which it has looked like this."""
    cells: NDArray[np.intp]
    """For each pixel the number of its cell, from 0."""
    sizes: NDArray[np.int64]
    """Number of pixels per cell."""
    ends: NDArray[np.int64]
    """For each cell the first frame that no longer shows it, -1 while it is present."""
    misses: NDArray[np.int64]
    arriving: NDArray[np.intp]
    """Like `places`: edges that were in the picture too, but still changing: perhaps the next line."""
    crops: list[TrackCrop] = field(default_factory=list)
    cut: bool = False
    """It was closed while a part of it was present, because the chunk ended."""

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Which cells are present."""
        return self.ends < 0

    def follow(self, number: int, flat: Luma) -> bool:
        """Compare with the next frame; return whether a cell has ended."""
        same = np.abs(flat[self.places] - self.values) <= SAME
        hits = np.bincount(self.cells, weights=same, minlength=len(self.sizes))
        self.misses = np.where(hits < GONE_BELOW * self.sizes, self.misses + 1, 0)
        died = self.alive & (self.misses >= GONE_AFTER)
        self.ends[died] = number - GONE_AFTER + 1
        return bool(died.any())

    def close(self, number: int) -> None:
        self.ends[self.alive] = number
        self.cut = True

    def within(self, box: Box) -> NDArray[np.bool_]:
        """Return which of the strokes' pixels are in a box of the work size."""
        return self.inside(self.places, box)

    def was_arriving(self, box: Box) -> bool:
        """Return whether most of what the first picture shows in a box came later than this track's strokes."""
        coming = int(self.inside(self.arriving, box).sum())
        return coming > MOSTLY * (coming + int(self.within(box).sum()))

    def inside(self, places: NDArray[np.intp], box: Box) -> NDArray[np.bool_]:
        rows, columns = places // self.width, places % self.width
        left, top, right, bottom = box
        found: NDArray[np.bool_] = (columns >= left) & (columns <= right) & (rows >= top) & (rows <= bottom)
        return found


class TextTracker:
    """Tracks text in one band through one chunk of video, and yields each track when it has ended."""

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self.times: list[float] = []
        self.open: list[TextTrack] = []
        self.stillness: ChangeDetector | None = None
        self.waited = 0
        self.next_at = 0

    @property
    def height(self) -> int:
        """Of the work size, in pixels."""
        return int(self.known.shape[0])

    def see(self, frame: Frame) -> Iterator[TextTrack]:
        """Process the next frame of the band; yield the tracks that ended with it."""
        number = len(self.times)
        self.times.append(frame.time)
        picture = in_work_size(frame.luma)
        if self.stillness is None:
            self.begin(picture)
        yield from self.follow(number, picture)
        self.start_track(number, frame, picture)
        for track in self.open:
            self.take_picture(track, number, frame)

    def begin(self, picture: Luma) -> None:
        self.stillness = ChangeDetector(picture, self.fps)
        self.known = np.zeros_like(picture)
        self.settle = max(round(self.fps * SETTLE_S), 1)

    def follow(self, number: int, picture: Luma) -> Iterator[TextTrack]:
        flat = picture.reshape(-1)
        changed = [track.follow(number, flat) for track in self.open]
        ended = [track for track in self.open if not track.alive.any()]
        if any(changed):
            self.open = [track for track in self.open if track.alive.any()]
            self.mark_known()
        if len(self.open) > MOST_OPEN:
            self.open[0].close(number)
            ended.append(self.open.pop(0))
        yield from ended

    def start_track(self, number: int, frame: Frame, picture: Luma) -> None:
        """Start a track if enough is new and has had time to settle."""
        cv2 = opencv()

        assert self.stillness  # noqa: S101 - made with the first frame
        still = self.stillness.see(picture)
        fresh = cv2.bitwise_and(still, cv2.bitwise_not(self.known))
        enough = (
            cv2.countNonZero(fresh) >= FRESH_PIXELS and cv2.countNonZero(fresh := keep_dense(fresh)) >= FRESH_PIXELS
        )
        self.waited = self.waited + 1 if enough else 0
        if self.waited > self.settle and number >= self.next_at:
            self.waited = 0
            self.next_at = number + round(self.fps * PAUSE_S)
            self.open.append(self.new_track(number, fresh, frame))
            self.mark_known()

    def new_track(self, number: int, fresh: Luma, frame: Frame) -> TextTrack:
        assert self.stillness  # noqa: S101 - made with the first frame
        height, width = fresh.shape
        places = np.flatnonzero(fresh)
        rows, columns = np.divmod(places, width)
        _, cells, sizes = np.unique(
            rows // CELL * (width // CELL + 1) + columns // CELL, return_inverse=True, return_counts=True
        )
        made = TextTrack(
            seen=number,
            rows=rows_to_read(rows, height),
            width=width,
            places=places,
            values=self.stillness.reference.reshape(-1)[places].astype(np.int16),
            starts=np.maximum(number - self.stillness.ages.reshape(-1)[places].astype(np.int64), 0),
            cells=cells,
            sizes=sizes,
            ends=np.full(len(sizes), -1),
            misses=np.zeros(len(sizes), np.int64),
            arriving=np.flatnonzero(keep_dense(self.stillness.arriving_edges())),
        )
        made.crops.append(crop_rows(frame.luma, made))
        return made

    def mark_known(self) -> None:
        """Mark the strokes that are already tracked, and their surroundings."""
        cv2 = opencv()

        self.known[:] = 0
        flat = self.known.reshape(-1)
        for track in self.open:
            flat[track.places[track.alive[track.cells]]] = 255
        self.known = cv2.dilate(self.known, cv2.getStructuringElement(cv2.MORPH_RECT, (7, 7)))

    def take_picture(self, track: TextTrack, number: int, frame: Frame) -> None:
        """Take another picture of a track while all of it is present."""
        taken = len(track.crops)
        if taken > len(CROPS_S) or not track.alive.all():
            return
        if number - track.seen >= CROPS_S[taken - 1] * self.fps:
            track.crops.append(crop_rows(frame.luma, track))

    def end(self, time: float) -> Iterator[TextTrack]:
        """Yield what is still present at the end of the chunk, which is at `time`."""
        self.times.append(time)
        for track in self.open:
            track.close(len(self.times) - 1)
            yield track
        self.open = []


def in_work_size(band: Luma) -> Luma:
    height, width = band.shape
    if width <= WORK_WIDTH:
        return band
    return resize(band, (WORK_WIDTH, max(round(height * WORK_WIDTH / width), 1)))


def rows_to_read(rows: NDArray[np.intp], height: int) -> tuple[int, int]:
    """Return the first row and the row after the last one: those of the strokes and a margin."""
    top, bottom = (int(edge) for edge in np.percentile(rows, (1, 99)))
    margin = max(round((bottom - top) * MARGIN), LEAST_MARGIN)
    return max(top - margin, 0), min(bottom + margin, height)


def crop_rows(band: Luma, track: TextTrack) -> TrackCrop:
    """Copy the rows of a track from a band at its own size, scaled down if that is large."""
    up = band.shape[1] / track.width
    top, bottom = (round(row * up) for row in track.rows)
    part = band[top:bottom]
    if band.shape[1] > READ_WIDTH:
        part = resize(part, (READ_WIDTH, max(round(part.shape[0] * READ_WIDTH / band.shape[1]), 1)))
    return TrackCrop(np.ascontiguousarray(part).copy(), track.rows[0], part.shape[1] / track.width)
