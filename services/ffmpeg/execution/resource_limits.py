"""Resource limits of one ffmpeg: CPU time and wall time relative to its output, and memory."""

import resource
import sys
from dataclasses import dataclass, field
from time import monotonic
from typing import Self

import psutil

from services.ffmpeg.errors import MediaTooDemanding
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.settings import FfmpegSettings

FULL_HD = 1_920 * 1_080
MEASURE_S = 1.0
"""Interval between measurements: finding the children of a process reads the whole process table."""

HEADROOM = 1.25
"""The kernel's limits are higher by this factor, so that the measurement, which can explain itself, comes first."""


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """The limits of one ffmpeg. CPU time and wall time grow with the seconds of output."""

    settings: FfmpegSettings
    task: str = "transcode"
    """A key of `ffmpeg.cpu_per_second`."""
    pictures: float = 1.0
    """Size of the largest input picture relative to 1920 x 1080; at least 1."""
    duration: float | None = None
    """Seconds of the input."""

    @classmethod
    def of(cls, settings: FfmpegSettings, task: str, info: MediaInfo) -> Self:
        pixels = max(((stream.width or 0) * (stream.height or 0) for stream in info.of("video")), default=0)
        return cls(settings, task, max(1.0, pixels / FULL_HD), info.duration)

    @property
    def cpu_per_second(self) -> float:
        return float(getattr(self.settings.cpu_per_second, self.task))

    def cpu_allowed(self, seconds: float) -> float:
        floor = self.settings.cpu_floor.total_seconds()
        return self.pictures * (floor + self.cpu_per_second * seconds)

    def wall_allowed(self, seconds: float) -> float:
        floor = self.settings.wall_floor.total_seconds()
        return self.pictures * (floor + self.settings.wall_per_second * seconds)

    def cpu_in_all(self) -> int:
        """Return the CPU seconds at which the kernel ends it, as a safety net."""
        longest = self.settings.max_duration.total_seconds()
        length = min(self.duration or longest, longest)
        return int(HEADROOM * self.cpu_allowed(length)) + 1


@dataclass
class ResourceMonitor:
    """Measures a running ffmpeg with its children, and compares it with its limits."""

    effort: ResourceLimits
    process: psutil.Process
    began: float = field(default_factory=monotonic)
    measured: float = 0.0
    cpu: float = 0.0
    """CPU seconds at the last measurement."""

    @classmethod
    def begin(cls, effort: ResourceLimits, pid: int) -> Self:
        """Set the kernel's limits, and start measuring."""
        set_limits(pid, effort)
        return cls(effort, psutil.Process(pid))

    def check(self, seconds: float) -> None:
        """Compare the resources used with what `seconds` of output may take, at most once every `MEASURE_S`.

        Raises:
            MediaTooDemanding: a limit is exceeded.
        """
        now = monotonic()
        if now - self.measured < MEASURE_S:
            return
        self.measured = now
        self.check_time(now - self.began, seconds)
        try:
            self.check_use(seconds)
        except psutil.NoSuchProcess:  # it ended, or became a zombie, in the meantime
            return

    def check_time(self, taken: float, seconds: float) -> None:
        allowed = self.effort.wall_allowed(seconds)
        if taken > allowed:
            raise too_demanding_error("time", taken, allowed, seconds, "ffmpeg.wall_per_second or ffmpeg.wall_floor")

    def check_use(self, seconds: float) -> None:
        family = [self.process, *self.process.children(recursive=True)]
        self.cpu, memory = cpu_of(family), memory_of(family)
        if self.cpu > (allowed := self.effort.cpu_allowed(seconds)):
            raise too_demanding_error("CPU time", self.cpu, allowed, seconds, cpu_settings(self.effort))
        if memory > (limit := self.effort.settings.max_memory):
            raise MediaTooDemanding(
                f"ffmpeg used {memory >> 20} MiB of memory; {limit >> 20} MiB are allowed. "
                "Simplify the file or the subtitles, or raise ffmpeg.max_memory.",
                limit="memory",
                used=memory,
                allowed=limit,
            )


def cpu_settings(effort: ResourceLimits) -> str:
    return f"ffmpeg.cpu_per_second.{effort.task} or ffmpeg.cpu_floor"


def too_demanding_error(limit: str, used: float, allowed: float, seconds: float, settings: str) -> MediaTooDemanding:
    return MediaTooDemanding(
        f"ffmpeg used {used:.0f} s of {limit} for {seconds:.1f} s of output; {allowed:.0f} s are allowed. "
        f"Simplify the file or the subtitles, or raise {settings}.",
        limit=limit,
        used=round(used, 1),
        allowed=round(allowed, 1),
        seconds_done=round(seconds, 1),
    )


def no_output_error(used: float, stalled: float, seconds: float) -> MediaTooDemanding:
    return MediaTooDemanding(
        f"ffmpeg wrote nothing for {stalled:.0f} s, while it used {used:.0f} s of CPU time. "
        "Simplify the file or the subtitles, or raise ffmpeg.stall_timeout.",
        limit="CPU time",
        used=round(used, 1),
        seconds_done=round(seconds, 1),
    )


def cpu_limit_error(effort: ResourceLimits) -> MediaTooDemanding:
    return MediaTooDemanding(
        f"The kernel ended ffmpeg at {effort.cpu_in_all()} s of CPU time. "
        f"Simplify the file or the subtitles, or raise {cpu_settings(effort)}.",
        limit="CPU time",
        allowed=effort.cpu_in_all(),
    )


def cpu_of(family: list[psutil.Process]) -> float:
    """Return the CPU seconds of processes and of the children they have reaped."""
    return sum(sum(process.cpu_times()[:4]) for process in family)


def memory_of(family: list[psutil.Process]) -> int:
    """Return the resident bytes of processes."""
    return sum(process.memory_info().rss for process in family)


def set_limits(pid: int, effort: ResourceLimits) -> None:
    """Limit CPU time and data size of a process and of its future children; Linux only."""
    if sys.platform != "linux":
        return
    cpu, data = effort.cpu_in_all(), int(HEADROOM * effort.settings.max_memory)
    try:
        for kind, value in ((resource.RLIMIT_CPU, cpu), (resource.RLIMIT_DATA, data)):
            lower_limit(pid, kind, value)
    except ProcessLookupError:  # it has already ended
        return


def lower_limit(pid: int, kind: int, value: int) -> None:
    """Set a soft limit, but not above the process's hard limit."""
    _, hard = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
