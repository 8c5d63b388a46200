"""A job without Redis: real folders, and everything it was told."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from common.files.storage import AttemptFolder, Storage
from common.media.fields import Artifact, MediaFile
from common.transcript.format import Transcript
from common.worker.job import Job
from services.subtitle.settings import SubtitleSettings


@dataclass
class SubtitleJob:
    share: Path
    limits: SubtitleSettings = field(default_factory=SubtitleSettings)
    told: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.storage = Storage(self.share)
        self.storage.prepare()
        self.folder = AttemptFolder(self.storage, "job-1", 1)

    @property
    def settings(self) -> "SubtitleJob":
        return self

    def section(self, kind: type[SubtitleSettings]) -> SubtitleSettings:
        assert kind is SubtitleSettings
        return self.limits

    def fetch(self, media: MediaFile) -> Path:
        return self.storage.find(media)

    def staging(self, name: str) -> Path:
        return self.folder.staging(name)

    def publish(self, staged: Path) -> Artifact:
        return self.folder.publish(staged)

    publish_text = Job.publish_text

    def progress(self, _phase: str, *, percent: float, **_: Any) -> None:
        self.told.append(percent)

    def put(self, name: str, content: bytes | str | Transcript) -> MediaFile:
        """Put a file under share."""
        if isinstance(content, Transcript):
            content = content.model_dump_json(exclude_none=True)
        (self.share / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return MediaFile(name)

    def read(self, artifact: Artifact | None) -> str:
        assert artifact
        return (self.share / artifact.path).read_bytes().decode("utf-8")

    def transcript(self, artifact: Artifact | None) -> Transcript:
        return Transcript.model_validate_json(self.read(artifact))

    def as_job(self) -> Job:
        return cast("Job", self)
