"""Runs the task as a worker's child does, without Celery: claim, attempt, finish, on a real Redis."""

import json
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

from common import keys
from common.clock import utcnow
from common.context import InputParams, Stage, WorkflowContext
from common.record import Record
from common.redis import SyncRedis
from common.state import Submission
from common.transcript import Transcript
from common.worker.interface import attempt
from common.worker.process import WorkerProcess
from common.worker.task import REGISTRY
from services import settings
from services.dual_stream import tasks
from services.dual_stream.contracts import TRANSCRIBE_AUDIO, TranscribeAudioInput

NAME = TRANSCRIBE_AUDIO.name
STEADY = {"model": "tiny-test", "draft_model": "tiny-test", "temperature": [0]}
"""Above a temperature of 0 the tiny model guesses by chance, so two runs differ."""


class Bench:
    """One process with one share."""

    def __init__(self, url: str, share: Path, **sections: Any) -> None:
        assert tasks  # registers the task
        base = {"redis": {"url": url}, "storage": {"share": share, "min_free_bytes": 0}, "gpu": {"device": "cpu"}}
        self.share = share
        self.numbers = count(1)
        self.process = WorkerProcess(settings(**{**base, **sections}), "dual_stream")

    @property
    def redis(self) -> SyncRedis:
        return self.process.redis

    def close(self) -> None:
        self.process.gpu.lock.keeper.close()
        self.redis.close()

    def create(self, **given: Any) -> str:
        """Record a task, and return its id."""
        params = TranscribeAudioInput.model_validate({**STEADY, **given})
        task_id, now = f"t{next(self.numbers)}", utcnow()
        context = WorkflowContext(
            workflow_id=task_id,
            task_id=task_id,
            task_name=NAME,
            created_at=now,
            updated_at=now,
            input_params=InputParams(task_name=NAME, input_data=params.model_dump(mode="json")),
            shared_storage_path=PurePosixPath("/share/workflows") / task_id,
            stages={NAME: Stage()},
        )
        self.redis.run(self.process.store.create(Submission(context, TRANSCRIBE_AUDIO, digest=task_id, priority=5)))
        return task_id

    def claim(self, task_id: str) -> Record:
        record = self.redis.run(self.process.store.claim(task_id, "dual_stream", self.process.name))
        assert isinstance(record, Record)
        return record

    def attempt(self, task_id: str) -> WorkflowContext:
        """Run a task to the end of its next attempt, whatever that is."""
        return attempt(self.process, REGISTRY[NAME], self.claim(task_id))

    def run(self, **given: Any) -> WorkflowContext:
        return self.attempt(self.create(**given))

    def output(self, **given: Any) -> dict[str, Any]:
        """Run a task that succeeds, and return its output."""
        context = self.run(**given)
        assert context.error is None, context.error
        return context.stage.output or {}

    def transcript(self, output: dict[str, Any]) -> Transcript:
        return Transcript.read(self.share / output["transcript_path"]["path"])

    def error(self, **given: Any) -> str:
        """Run a task that fails, and return the code of its error."""
        context = self.run(**given)
        assert context.error, context.stage.output
        return context.error.code

    def events(self, task_id: str) -> list[tuple[str, Any]]:
        rows = self.redis.client.xrange(keys.events(task_id))
        return [(fields["event"], json.loads(fields["data"])) for _, fields in rows]
