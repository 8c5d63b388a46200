"""Runs the service's tasks as a worker's child does, without Celery: claim, attempt, finish, on a real Redis."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

from common import keys
from common.clock import utcnow
from common.context import InputParams, Stage, WorkflowContext
from common.record import Record
from common.redis import SyncRedis
from common.state import Submission
from common.transcript import Segment, Transcript
from common.worker.interface import attempt
from common.worker.process import WorkerProcess
from common.worker.task import REGISTRY
from services import settings
from services.paddleocr import tasks


class OcrBench:
    """One process with one share. A model that was loaded stays, as in a worker."""

    def __init__(self, url: str, share: Path, **own: Any) -> None:
        assert tasks  # registers them
        self.share = share
        self.numbers: Iterator[int] = count(1)
        sections = {"redis": {"url": url}, "storage": {"share": share, "min_free_bytes": 0}, "gpu": {"device": "cpu"}}
        self.process = WorkerProcess(settings(**sections, paddleocr=own), "paddleocr")

    @property
    def redis(self) -> SyncRedis:
        return self.process.redis

    def close(self) -> None:
        self.process.gpu.lock.keeper.close()
        self.redis.close()

    def run(self, name: str, **given: Any) -> WorkflowContext:
        """Run a task to the end of its first attempt, whatever that is."""
        contract = REGISTRY[f"paddleocr.{name}"].contract
        params = contract.input.model_validate(given)
        task_id, now = f"ocr{next(self.numbers)}", utcnow()
        context = WorkflowContext(
            workflow_id=task_id,
            task_id=task_id,
            task_name=contract.name,
            created_at=now,
            updated_at=now,
            input_params=InputParams(task_name=contract.name, input_data=params.model_dump(mode="json")),
            shared_storage_path=PurePosixPath("/share/workflows") / task_id,
            stages={contract.name: Stage()},
        )
        self.redis.run(self.process.store.create(Submission(context, contract, digest=task_id, priority=5)))
        record = self.redis.run(self.process.store.claim(task_id, "paddleocr", self.process.name))
        assert isinstance(record, Record)
        return attempt(self.process, REGISTRY[contract.name], record)

    def output(self, name: str, **given: Any) -> dict[str, Any]:
        """Run a task that succeeds, and return its output."""
        context = self.run(name, **given)
        assert context.error is None, context.error
        return context.stage.output or {}

    def error(self, name: str, **given: Any) -> str:
        """Run a task that fails, and return the code of its error."""
        context = self.run(name, **given)
        assert context.error, context.stage.output
        return context.error.code

    def text(self, artifact: dict[str, Any]) -> str:
        return (self.share / artifact["path"]).read_text(encoding="utf-8")

    def segments(self, output: dict[str, Any]) -> list[Segment]:
        return Transcript.read(self.share / output["transcript_path"]["path"]).segments

    def events(self, task_id: str) -> list[tuple[str, str]]:
        rows = self.redis.client.xrange(keys.events(task_id))
        return [(fields["event"], fields["data"]) for _, fields in rows]
