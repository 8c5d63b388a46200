"""What a task function works with: its inputs, a place for its outputs, and its events."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import structlog

from common.errors import LeaseLost
from common.files.checkpoint import CHECKPOINT, Checkpoint
from common.files.storage import AttemptFolder
from common.gpu.lease_renewer import Lease
from common.gpu.residency import Model
from common.gpu.session import GpuSession, T, hold_model
from common.media.fields import Artifact, MediaFile
from common.net.fetch import fetch
from common.state.context import Progress, Timings
from common.state.events import Event, EventKind
from common.state.record import Record
from common.transcript.edits import read_edits, with_edits
from common.transcript.format import Transcript
from common.transcript.partial import output_path
from common.worker.heartbeat import Heartbeat
from common.worker.process import WorkerProcess

DOWNLOADS = "downloads"
EDITED = "edited"


class Job:
    """One attempt at a task, as seen by its function."""

    def __init__(self, record: Record, process: WorkerProcess, heartbeat: Heartbeat) -> None:
        self.task_id = record.context.task_id
        self.attempt = record.control.attempt
        self.priority = record.control.priority
        self.max_wait = record.control.max_wait
        self.process = process
        self.settings = process.settings
        self.storage = process.storage
        self.heartbeat = heartbeat
        self.folder = AttemptFolder(self.storage, self.task_id, self.attempt)
        self.timings = Timings(queued=record.control.queued)
        self.log = structlog.get_logger().bind(task_id=self.task_id, attempt=self.attempt)
        self.percent = 0.0
        self.leased: Lease | None = None

    def fetch(self, media: MediaFile) -> Path:
        """Return a local file: the one under share, or the downloaded URL. Transcripts of tasks include their edits.

        Raises:
            FileMissing, UnsafePath: there is no such file inside share.
            UrlNotAllowed, InputNotReadable, InputTooLarge, DownloadFailed, StorageFull: see `common.net.fetch`.
        """
        began = monotonic()
        try:
            return self.download(media) if media.kind == "url" else self.with_edits(self.storage.find(media))
        finally:
            self.timings.fetch = (self.timings.fetch or 0.0) + monotonic() - began

    def with_edits(self, file: Path) -> Path:
        """Return the file; for a transcript with user edits, a copy that includes them."""
        task_id = self.storage.owner(file)
        edits = self.process.redis.run(read_edits(task_id)) if task_id else {}
        record = self.process.redis.run(self.process.store.get(task_id)) if task_id and edits else None
        if not record or output_path(record) != self.storage.relative(file):
            return file
        copy = self.staging(EDITED) / f"{task_id}.json"
        copy.parent.mkdir(exist_ok=True)
        with_edits(Transcript.read(file), edits).write(copy)
        return copy

    def download(self, url: str) -> Path:
        self.storage.require_space()
        into = self.folder.staging(DOWNLOADS)
        into.mkdir(exist_ok=True)
        return fetch(url, into, settings=self.settings.storage, on_progress=self.report_download)

    def report_download(self, done: int, total: int | None) -> None:
        self.tell_progress(Progress(phase="download", percent=self.percent, processed=done, total=total))

    def staging(self, name: str) -> Path:
        """Return the path to write `name` to until the file is complete."""
        return self.folder.staging(name)

    def publish(self, staged: Path) -> Artifact:
        """Give a complete file its final name."""
        self.check()
        return self.folder.publish(staged)

    def publish_text(self, name: str, text: str) -> Artifact:
        """Publish the text as a UTF-8 file without a byte order mark; line ends are unchanged."""
        staged = self.staging(name)
        staged.write_text(text, encoding="utf-8", newline="\n")
        return self.publish(staged)

    def checkpoint(self) -> Checkpoint:
        """Return this attempt's checkpoint, which starts with the records of earlier attempts."""
        checkpoint = Checkpoint(self.folder.folder / CHECKPOINT)
        earlier = [self.storage.workspace(self.task_id) / f"attempt-{n}" / CHECKPOINT for n in range(1, self.attempt)]
        for file in reversed(earlier):
            if file.exists():
                checkpoint.inherit(file)
                break
        return checkpoint

    def progress(
        self,
        phase: str,
        *,
        percent: float,
        message: str = "",
        processed: float | None = None,
        total: float | None = None,
    ) -> None:
        """Report progress; the percentage never decreases.

        Raises:
            Cancelled, Fenced: the attempt must stop.
        """
        self.percent = max(self.percent, min(percent, 100.0))
        self.tell_progress(
            Progress(phase=phase, percent=self.percent, message=message, processed=processed, total=total),
        )

    def progress_in_medium(self, phase: str, at: float, *, start: float, end: float | None) -> None:
        """Report progress as second `at` of the part of a medium from `start` to `end`, if that is known."""
        length = (end or 0.0) - start
        percent = 100 * (at - start) / length if length > 0 else 0.0
        self.progress(phase, percent=round(percent, 2), processed=round(at, 3), total=end or None)

    def announce(self, phase: str, message: str) -> None:
        """Report what the attempt does between two parts of its work; the percentage stays."""
        self.tell_progress(Progress(phase=phase, percent=self.percent, message=message))

    def tell_progress(self, progress: Progress) -> None:
        self.check()
        self.heartbeat.queue_event(progress)

    def gpu(self, model: Model[T]) -> AbstractContextManager[GpuSession[T]]:
        """Hold the GPU with this model loaded for a `with` block. Call `session.step()` between two steps of long work.

        Do everything that needs no GPU outside the block: downloads, decoding, writing.

        Raises:
            GpuLockTimeout, GpuLockUnavailable: no device became free within the limit, if one is set.
            NestedGpuLock: this task already holds the GPU.
            OutOfGpuMemory: the model does not fit, even alone.
        """
        gpu, claim = self.process.gpu, self.process.gpu.claim(self.task_id, self.priority, self.max_wait)
        return hold_model(gpu, claim, model, timings=self.timings, check=self.check, announce=self.announce)

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Hold the GPU without a model, as `@gpu_lock` does. Without a GPU there is nothing to wait for."""
        gpu = self.process.gpu
        if not gpu.shared:
            yield
            return
        began = monotonic()
        with gpu.lock.lease(gpu.claim(self.task_id, self.priority, self.max_wait), check=self.check) as lease:
            self.timings.gpu_wait = (self.timings.gpu_wait or 0.0) + monotonic() - began
            self.leased = lease
            try:
                yield
            finally:
                self.leased = None

    def emit(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        """Publish an event of the task."""
        self.heartbeat.queue_event(Event(kind, data))

    def check(self) -> None:
        """Raise Cancelled or Fenced if the attempt must stop."""
        if self.heartbeat.stop:
            raise self.heartbeat.stop
        if self.leased and self.leased.lost:
            raise LeaseLost
