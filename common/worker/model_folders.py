"""Get a model for a task: from the models folder, or from the hub with published progress."""

from collections.abc import Callable
from pathlib import Path

from common.contract import TaskInput
from common.errors import BatonError, ErrorRecord
from common.models.contract import DownloadModelOutput
from common.models.events import Download, ModelEvents
from common.models.spec import ModelFamily, ModelSpec
from common.models.store import ModelStore
from common.worker.job import Job

PHASE = "download model"


def model_folder(job: Job, spec: ModelSpec, *, share: float = 0.0) -> Path:
    """Return a model's folder, downloaded if it is missing; `share` is the percentage of the task that the download
    makes up.

    Raises:
        ModelMissing, ModelDamaged, ModelGated, ModelNotOnHub, ModelDownloadFailed, StorageFull: see `ModelStore.find`.
        Cancelled, Fenced: the attempt must stop.
    """
    report = DownloadReporter(job, spec, share)
    try:
        folder = ModelStore(job.storage, job.settings.models).find(spec, on_progress=report, check=job.check)
    except BatonError as error:
        report.news.publish_failed(spec.id, job.task_id, ErrorRecord.of(error))
        raise
    if report.began:
        report.news.publish_downloaded(spec.id, job.task_id)
    return folder


def folder_of(job: Job, name: str, family: ModelFamily, required: tuple[str, ...]) -> Path:
    """Return the folder of a model by its name: of a known model as `model_folder` does, or else the user's own.

    Raises:
        UnsafePath: see `ModelStore.find_own`. Also everything that `model_folder` raises.
    """
    spec = family.by_name.get(name)
    return model_folder(job, spec) if spec else ModelStore(job.storage, job.settings.models).find_own(name, required)


class DownloadReporter:
    """Publishes a download's progress: to the task at every call, to the model events at every percent."""

    def __init__(self, job: Job, spec: ModelSpec, share: float) -> None:
        self.job = job
        self.spec = spec
        self.share = share
        self.news = ModelEvents(job.process.redis)
        self.percent = -1

    def __call__(self, done: int, total: int) -> None:
        part = done / total if total else 0.0
        self.job.progress(PHASE, percent=self.share * part, message=self.spec.name, processed=done, total=total)
        if self.percent != int(100 * part):
            self.percent = int(100 * part)
            self.news.progress(self.spec.id, self.download(done, total))

    @property
    def began(self) -> bool:
        return self.percent >= 0

    def download(self, done: int, total: int) -> Download:
        return Download(
            percent=self.percent, processed=done, total=total, worker=self.job.process.name, task_id=self.job.task_id
        )


def downloads(family: ModelFamily) -> Callable[[TaskInput, Job], DownloadModelOutput]:
    """Return the function that implements `download_contract(family)`."""

    def download_model(params: TaskInput, job: Job) -> DownloadModelOutput:
        """Download a model, unless it is already there."""
        spec = family.by_name[params.model_dump()["model"]]
        folder = model_folder(job, spec, share=100.0)
        size = ModelStore(job.storage, job.settings.models).places.size(spec)
        return DownloadModelOutput(model=spec.name, path=job.storage.relative(folder), size=size)

    return download_model
