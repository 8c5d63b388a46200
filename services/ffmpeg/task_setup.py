"""The common start of each task of the service: settings, opened input, progress reporting."""

from dataclasses import replace
from pathlib import Path

from common.contract import Contract
from common.errors import NoVideoTrack
from common.media.fields import MediaFile
from common.worker.job import Job
from services.ffmpeg import probe
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.execution.media_limits import Clip, OnSeconds, clip
from services.ffmpeg.execution.resource_limits import ResourceLimits
from services.ffmpeg.fields import MediaInput
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.settings import FfmpegSettings


class TaskSetup:
    """Connects a job to the ffmpeg modules, which do not know about jobs."""

    def __init__(self, job: Job, contract: Contract, params: MediaInput | None = None) -> None:
        self.job = job
        self.task = contract.name.partition(".")[2]
        self.settings = job.settings.section(FfmpegSettings)
        self.ffmpeg = Ffmpeg(self.settings, allow_damaged=bool(params and params.allow_damaged))

    def inspect(self, path: Path) -> MediaInfo:
        return probe.inspect(path, self.settings)

    def open(self, media: MediaFile) -> tuple[Path, MediaInfo]:
        """Return an input as a local file, and its contents; length and size determine ffmpeg's limits."""
        path = self.job.fetch(media)
        info = self.inspect(path)
        self.ffmpeg = replace(self.ffmpeg, limits=ResourceLimits.of(self.settings, self.task, info))
        return path, info

    def open_video(self, media: MediaFile) -> tuple[Path, MediaInfo]:
        """Return an input that has pictures.

        Raises:
            NoVideoTrack: it has none.
        """
        path, info = self.open(media)
        if not info.of("video"):
            raise NoVideoTrack
        return path, info

    def clip(self, info: MediaInfo, start: float = 0.0, end: float | None = None) -> Clip:
        return clip(info, self.settings, start, end)

    def folder(self, name: str) -> Path:
        """Return an empty folder for files that will be published, or for intermediate files."""
        folder = self.job.staging(name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def duration(self, path: Path) -> float:
        return self.inspect(path).duration or 0.0

    def reporter(self, phase: str, total: float | None, *, span: tuple[float, float] = (0.0, 100.0)) -> OnSeconds:
        """Return a callback that reports how many of `total` seconds are done, as a percentage within `span`.

        If nothing has changed, or the total is unknown, it only checks whether the attempt must stop.
        """
        said = -1.0

        def report(done: float) -> None:
            nonlocal said
            if done == said:
                self.job.check()
                return
            said = done
            share = min(done / total, 1.0) if total else 0.0
            percent = span[0] + share * (span[1] - span[0])
            self.job.progress(phase, percent=round(percent, 1), processed=round(done, 2), total=total)

        return report
