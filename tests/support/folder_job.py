"""The `Job` of the unit tests: a real job with a real share. It sends no heartbeats and needs no Redis."""

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from typing_extensions import override

from common.media.fields import Artifact, MediaFile
from common.settings import Settings
from common.state.context import InputParams, Stage, Status, WorkflowContext
from common.state.record import Control, Record
from common.transcript.format import Transcript
from common.worker.heartbeat import Heartbeat
from common.worker.job import Job
from common.worker.process import WorkerProcess
from services import settings

NO_REDIS = {"url": "redis://127.0.0.1:9/0"}
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


class FolderJob(Job):
    """One attempt of task `job-1`, with its files under `share`.

    Set `heartbeat.stop` to stop it. `heartbeat.unsent` holds its events. `sections` are sections of the settings.
    """

    def __init__(self, share: Path, service: str, *, attempt: int = 1, **sections: Any) -> None:
        self.share = share
        self.sections = sections
        self.reported: list[tuple[str, float]] = []
        """Phase and percentage of each progress report."""
        self.checks = 0
        process = WorkerProcess(self.load_settings(), service)
        record = make_record(f"{service}.task", attempt)
        heartbeat = Heartbeat(process.redis, process.store, record, process.settings.gpu_lock_monitor.heartbeat)
        super().__init__(record, process, heartbeat)

    def load_settings(self, **sections: Any) -> Settings:
        storage = {"share": self.share, "min_free_bytes": 0}
        return settings(**{"redis": NO_REDIS, "storage": storage, **self.sections, **sections})

    def configure(self, section: str, **values: Any) -> None:
        """Change settings of one section; the settings given at creation stay."""
        self.settings = self.load_settings(**{section: {**self.sections.get(section, {}), **values}})

    @override
    def progress(
        self,
        phase: str,
        *,
        percent: float,
        message: str = "",
        processed: float | None = None,
        total: float | None = None,
    ) -> None:
        self.reported.append((phase, percent))
        super().progress(phase, percent=percent, message=message, processed=processed, total=total)

    @override
    def check(self) -> None:
        self.checks += 1
        super().check()

    @property
    def phases(self) -> list[str]:
        """The phases that the task reported, in order."""
        return list(dict.fromkeys(phase for phase, _ in self.reported))

    @property
    def percents(self) -> list[float]:
        return [percent for _, percent in self.reported]

    @property
    def published(self) -> list[str]:
        """The names of all complete files of the task."""
        files = self.storage.workspace(self.task_id).rglob("*")
        return [file.name for file in files if file.is_file() and ".partial" not in file.parts]

    def path(self, artifact: Artifact) -> Path:
        return self.share / artifact.path

    def put(self, name: str, content: bytes | str | Transcript) -> MediaFile:
        """Write a file under share."""
        if isinstance(content, Transcript):
            content = content.model_dump_json(exclude_none=True)
        (self.share / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return MediaFile(name)

    def read(self, artifact: Artifact | None) -> str:
        assert artifact
        return self.path(artifact).read_bytes().decode("utf-8")

    def transcript(self, artifact: Artifact | None) -> Transcript:
        return Transcript.model_validate_json(self.read(artifact))


def make_record(task_name: str, attempt: int) -> Record:
    """Return the record of a task during an attempt."""
    context = WorkflowContext(
        workflow_id="job-1",
        task_id="job-1",
        task_name=task_name,
        created_at=CREATED,
        updated_at=CREATED,
        input_params=InputParams(task_name=task_name, input_data={}),
        shared_storage_path=PurePosixPath("/share/workflows/job-1"),
        stages={task_name: Stage()},
    )
    control = Control(
        status=Status.RUNNING,
        digest="job-1",
        task_name=task_name,
        queue=task_name.partition(".")[0],
        priority=5,
        fence=attempt,
        attempt=attempt,
        attempt_limit=3,
        created_us=0,
        waiting_us=0,
    )
    return Record(context, control)
