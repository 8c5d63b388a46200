"""Runner of a service's tasks without Celery: it claims, runs and finishes attempts on a real Redis, like a worker."""

from collections.abc import Mapping
from importlib import import_module
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

from common.clock import utcnow
from common.state import keys
from common.state.client import SyncRedis
from common.state.context import InputParams, Stage, WorkflowContext
from common.state.record import Record
from common.state.store import Submission
from common.transcript.format import Transcript
from common.worker.interface import attempt
from common.worker.process import WorkerProcess
from common.worker.task import REGISTRY
from services import settings
from tests.support.inspected_redis import every_command


class ServiceBench:
    """One process with one share. Loaded models stay loaded, as in a worker.

    Task names omit the service. `defaults` are defaults of the input; sections are sections of the settings.
    """

    def __init__(
        self, service: str, url: str, share: Path, defaults: Mapping[str, Any] | None = None, **sections: Any
    ) -> None:
        import_module(f"services.{service}.tasks")  # registers the tasks
        self.service = service
        self.share = share
        self.defaults = defaults or {}
        self.base = {"redis": {"url": url}, "storage": {"share": share, "min_free_bytes": 0}, "gpu": {"device": "cpu"}}
        self.numbers = count(1)
        self.process = self.make(**sections)

    def make(self, **sections: Any) -> WorkerProcess:
        return WorkerProcess(settings(**{**self.base, **sections}), self.service)

    def set(self, **sections: Any) -> None:
        """Restart with other settings."""
        self.close()
        self.process = self.make(**sections)

    @property
    def redis(self) -> SyncRedis:
        return self.process.redis

    def close(self) -> None:
        self.process.gpu.lock.renewer.close()
        self.redis.close()

    def run(self, task: str = "transcribe_audio", **given: Any) -> WorkflowContext:
        """Run a task to the end of its first attempt, and return its context."""
        contract = REGISTRY[f"{self.service}.{task}"].contract
        params = contract.input.model_validate({**self.defaults, **given})
        task_id, now = f"t{next(self.numbers)}", utcnow()
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
        record = self.redis.run(self.process.store.claim(task_id, self.service, self.process.name))
        assert isinstance(record, Record)
        return attempt(self.process, REGISTRY[contract.name], record)

    def output(self, task: str = "transcribe_audio", **given: Any) -> dict[str, Any]:
        """Run a task that succeeds, and return its output."""
        context = self.run(task, **given)
        assert context.error is None, context.error
        return context.stage.output or {}

    def error(self, task: str = "transcribe_audio", **given: Any) -> str:
        """Run a task that fails, and return the code of its error."""
        context = self.run(task, **given)
        assert context.error, context.stage.output
        return context.error.code

    def transcript(self, **given: Any) -> Transcript:
        """Run a transcription that succeeds, and return its transcript."""
        return self.transcript_of(self.output(**given))

    def transcript_of(self, output: Mapping[str, Any]) -> Transcript:
        return Transcript.read(self.share / output["transcript_path"]["path"])

    def text(self, artifact: Mapping[str, Any]) -> str:
        return Path(self.share, artifact["path"]).read_text(encoding="utf-8")

    def events(self, task_id: str) -> list[tuple[str, str]]:
        rows = every_command(self.redis).xrange(keys.events(task_id))
        return [(fields["event"], fields["data"]) for _, fields in rows]
