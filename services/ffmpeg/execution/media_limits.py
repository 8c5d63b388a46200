"""Limits of media and outputs: checked before ffmpeg starts, and while it runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from common.errors import ClipOutsideMedia, MediaTooLong, TooManyPixels
from services.ffmpeg.errors import FfmpegStalled, OutputTooLarge
from services.ffmpeg.execution.resource_limits import ResourceLimits, ResourceMonitor, no_output_error
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.settings import FfmpegSettings

OnSeconds = Callable[[float], None]
"""Called with the seconds done, at least every half second; an exception ends the work."""

BUSY_S = 0.3
BUSY_SHARE = 0.05
"""An ffmpeg that uses more CPU time than both while it writes nothing is not waiting. A busy machine gives it little.
"""

PADDING_S = 1.0
"""How much longer than its input an encoder may make its output."""


def check_pictures(info: MediaInfo, settings: FfmpegSettings) -> None:
    """Raise TooManyPixels if a track's pictures are larger than allowed."""
    for stream in info.streams:
        pixels = (stream.width or 0) * (stream.height or 0)
        if pixels > settings.max_pixels:
            raise TooManyPixels(width=stream.width, height=stream.height, max_pixels=settings.max_pixels)


@dataclass(frozen=True, slots=True)
class Clip:
    """A part of a medium, in seconds. A length of None extends to the end, which the header does not give."""

    start: float
    length: float | None

    @property
    def options(self) -> dict[str, Any]:
        """As input options of ffmpeg."""
        chosen = {"ss": self.start, "t": self.length}
        return {name: value for name, value in chosen.items() if value}


def clip(info: MediaInfo, settings: FfmpegSettings, start: float = 0.0, end: float | None = None) -> Clip:
    """Return the part of a medium to read.

    Raises:
        ClipOutsideMedia: it starts after the file's end.
        MediaTooLong: it is longer than allowed.
    """
    known = [position for position in (end, info.duration) if position is not None]
    stop = min(known) if known else None
    if stop is not None and start >= stop:
        raise ClipOutsideMedia(start=start, duration=info.duration)
    length = None if stop is None else stop - start
    refuse_long(length or 0.0, settings)
    return Clip(start, length)


def refuse_long(seconds: float, settings: FfmpegSettings) -> None:
    limit = settings.max_duration.total_seconds()
    if seconds > limit:
        raise MediaTooLong(seconds=round(seconds, 3), max_duration=limit)


@dataclass
class ProgressMonitor:
    """Monitors a running ffmpeg: how long it has stood still, how much it has written, its progress."""

    effort: ResourceLimits
    folder: Path
    on_progress: OnSeconds
    meter: ResourceMonitor | None = None
    last: tuple[float, int] = (0.0, 0)
    """Its progress, and when it last wrote: moving an MP4's index to the front makes no file grow."""
    moved: float = field(default_factory=monotonic)
    cpu: float = 0.0
    """CPU seconds used by then."""

    @property
    def settings(self) -> FfmpegSettings:
        return self.effort.settings

    def begin(self, pid: int) -> None:
        """Limit the started process, and measure it from now on."""
        self.meter = ResourceMonitor.begin(self.effort, pid)

    def __call__(self, seconds: float) -> None:
        """Raise if a limit is exceeded; then report progress to the caller.

        Raises:
            OutputTooLarge, MediaTooLong, MediaTooDemanding, FfmpegStalled: a configured limit is exceeded.
        """
        written = self.check_output()
        refuse_long(seconds - PADDING_S, self.settings)
        if self.meter:
            self.meter.check(seconds)
        self.check_stall(seconds, written)
        self.on_progress(seconds)

    def check_stall(self, seconds: float, written: int) -> None:
        """Raise if there was no progress for too long.

        Raises:
            MediaTooDemanding: it computes all the time, so another attempt would take as long.
            FfmpegStalled: it waits, for example for the storage.
        """
        cpu = self.meter.cpu if self.meter else 0.0
        if (seconds, written) != self.last:
            self.last, self.moved, self.cpu = (seconds, written), monotonic(), cpu
            return
        stalled, used = monotonic() - self.moved, cpu - self.cpu
        if stalled <= self.settings.stall_timeout.total_seconds():
            return
        if used > max(BUSY_S, BUSY_SHARE * stalled):
            raise no_output_error(used, stalled, seconds)
        raise FfmpegStalled(seconds_done=seconds)

    def check_output(self) -> int:
        """Return when a file in the folder was last written, in nanoseconds.

        Raises:
            OutputTooLarge: the folder contains too many bytes or files.
        """
        files = [file.stat() for file in self.folder.iterdir() if file.is_file()]
        if sum(file.st_size for file in files) > self.settings.max_output_bytes:
            raise OutputTooLarge(f"The output exceeds ffmpeg.max_output_bytes ({self.settings.max_output_bytes}).")
        if len(files) > self.settings.max_output_files:
            raise OutputTooLarge(f"The output exceeds ffmpeg.max_output_files ({self.settings.max_output_files}).")
        return max((file.st_mtime_ns for file in files), default=0)
