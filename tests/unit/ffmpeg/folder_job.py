"""A job without Redis: real folders, and everything it was told."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from common.files.storage import AttemptFolder, Storage
from common.media.fields import Artifact, MediaFile
from common.worker.job import Job
from services.ffmpeg.settings import FfmpegSettings


@dataclass
class FolderSettings:
    """As much of the settings as a task of this service reads."""

    ffmpeg: FfmpegSettings = field(default_factory=FfmpegSettings)

    def section(self, kind: type[FfmpegSettings]) -> FfmpegSettings:
        assert kind is FfmpegSettings
        return self.ffmpeg


@dataclass
class FolderJob:
    share: Path
    settings: FolderSettings = field(default_factory=FolderSettings)
    told: list[tuple[str, float]] = field(default_factory=list)
    checks: int = 0
    stop: BaseException | None = None
    task_id: str = "job-1"
    attempt: int = 1

    def __post_init__(self) -> None:
        self.storage = Storage(self.share)
        self.storage.prepare()
        self.folder = AttemptFolder(self.storage, self.task_id, self.attempt)

    def fetch(self, media: MediaFile) -> Path:
        return self.storage.find(media)

    def staging(self, name: str) -> Path:
        return self.folder.staging(name)

    def publish(self, staged: Path) -> Artifact:
        return self.folder.publish(staged)

    def progress(self, phase: str, *, percent: float, **_: Any) -> None:
        self.told.append((phase, percent))
        self.check()

    def check(self) -> None:
        self.checks += 1
        if self.stop:
            raise self.stop

    def limit(self, **values: Any) -> None:
        self.settings.ffmpeg = FfmpegSettings(**{"binary": self.settings.ffmpeg.binary, **values})

    def path(self, artifact: Artifact) -> Path:
        return self.share / artifact.path

    def published(self) -> list[str]:
        files = self.storage.workspace(self.task_id).rglob("*")
        return [file.name for file in files if file.is_file() and ".partial" not in file.parts]

    def phases(self) -> list[str]:
        return list(dict.fromkeys(phase for phase, _ in self.told))

    def as_job(self) -> Job:
        return cast("Job", self)
