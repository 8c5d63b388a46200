"""Video decoder: streams the luma of each frame with its exact time, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import override

from common.errors import ClipOutsideMedia, NotMedia, NoVideoTrack, TooManyPixels
from common.media.decoders import check_decoder
from common.media.demux import MICROSECONDS, duration_of, open_medium
from common.media.track import MediaTrack
from services.paddleocr.opencv import opencv

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer
    from numpy.typing import NDArray

    Luma = NDArray[np.uint8]
    """Brightness, shape (height, width), 0 to 255."""

QUARTER_TURN = 90
USUAL_FPS = 25.0
EIGHT_BIT_LUMA = frozenset(
    {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "nv21", "gray", "yuva420p"}
)
"""Formats whose first plane is the required luma: nothing is converted."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture, or a part of it. `time` is in seconds of the medium."""

    time: float
    luma: Luma


class VideoTrack(MediaTrack["VideoStream", "VideoFrame"]):
    """The first video track of an open medium. Sizes are of the picture as it is shown, after rotation."""

    def __init__(self, container: InputContainer, stream: VideoStream, max_pixels: int) -> None:
        super().__init__(container, stream)
        self.max_pixels = max_pixels
        self.size: tuple[int, int] = (stream.codec_context.width, stream.codec_context.height)
        """Width and height in pixels."""

    @property
    @override
    def end_of_readable(self) -> str:
        return "The video cannot be read any further"

    @property
    def duration(self) -> float | None:
        """Seconds, according to the medium's header."""
        return duration_of(self.container)

    @property
    def fps(self) -> float:
        rate = self.stream.average_rate or self.stream.guessed_rate
        return float(rate) if rate else USUAL_FPS

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yield each frame from `start` on, in chronological order.

        Raises:
            TooManyPixels: the pictures grow beyond the limit.
            NotMedia: the medium cannot be read any further.
        """
        self.seek(start)
        last = -1.0
        for frame in self.decode_frames():
            time = last if frame.time is None else round(frame.time - self.origin, 6)
            if time >= start and time > last:
                last = time
                yield Frame(time, self.luma(frame))

    def frame_pair(self, near: float, *, apart: float) -> tuple[Frame, Frame] | None:
        """Return the frame found by a seek to `near`, and one that comes `apart` seconds after it."""
        self.seek(near)
        first: Frame | None = None
        for frame in self.decode_frames():
            time = (frame.time or 0.0) - self.origin
            if first is None:
                first = Frame(time, self.luma(frame))
            elif time >= first.time + apart:
                return first, Frame(time, self.luma(frame))
        return None

    def seek(self, start: float) -> None:
        """Seek to the last key frame before `start`."""
        from av.error import FFmpegError

        with suppress(FFmpegError):  # otherwise it is read from the current position
            self.container.seek(int(max(start + self.origin, 0.0) * MICROSECONDS))

    def luma(self, frame: VideoFrame) -> Luma:
        """Return the brightness of a whole frame, rotated, at the size of the video."""
        self.allow(frame.width * frame.height)
        if frame.format.name in EIGHT_BIT_LUMA:
            plane = frame.planes[0]
            rows = np.asarray(memoryview(plane)).view(np.uint8).reshape(-1, plane.line_size)
            picture: Luma = rows[: frame.height, : frame.width]
        else:
            picture = np.asarray(frame.to_ndarray(format="gray"), np.uint8)
        upright = np.rot90(picture, round(frame.rotation / QUARTER_TURN)) if frame.rotation else picture
        return self.in_size(upright)

    def in_size(self, picture: Luma) -> Luma:
        """Return the picture at the video's size, which a broadcast may change between programs."""
        width, height = self.size
        if picture.shape == (height, width):
            return picture
        if picture.shape == (width, height):  # only now it is known that the video is rotated
            self.size = (height, width)
            return picture
        return resize(picture, (width, height))

    def allow(self, pixels: int) -> None:
        if pixels > self.max_pixels:
            raise TooManyPixels(setting="paddleocr.max_pixels", limit=self.max_pixels, pixels=pixels)


def resize(picture: Luma, size: tuple[int, int]) -> Luma:
    """Return a picture at another size, (width, height) in pixels."""
    cv2 = opencv()

    made: Luma = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return made


@contextmanager
def open_video(path: Path, *, max_pixels: int, start: float = 0.0) -> Iterator[VideoTrack]:
    """Open the pictures of a medium.

    Raises:
        FileMissing: there is no such file.
        NotMedia: it is not a video.
        NoVideoTrack: it has no pictures, or only a cover.
        CodecNotAllowed: its decoder is not allowed.
        TooManyPixels: the pictures are larger than `max_pixels`.
        ClipOutsideMedia: `start` is after its end.
    """
    with open_medium(path) as container:
        video = VideoTrack(container, video_stream(container.streams.video), max_pixels)
        video.allow(video.size[0] * video.size[1])
        if video.duration is not None and start >= video.duration:
            raise ClipOutsideMedia(start=start, duration=video.duration)
        yield video


def video_stream(streams: Sequence[VideoStream]) -> VideoStream:
    from av.stream import Disposition

    moving = [stream for stream in streams if not stream.disposition & Disposition.attached_pic]
    if not moving:
        raise NoVideoTrack
    if moving[0].codec_context is None:
        raise NotMedia("The file ends before its pictures are described. Copy it again, and check that it plays.")
    check_decoder(moving[0])
    moving[0].thread_type = "AUTO"
    return moving[0]
