"""A task that a test runs instead of a worker, so that it controls when events are published."""

from typing import Any, Self

from common.errors import BatonError
from common.files.storage import AttemptFolder, Storage
from common.settings import RedisSettings, TaskSettings
from common.state.client import SyncRedis
from common.state.context import Progress, Status
from common.state.events import Event, EventKind
from common.state.record import Record
from common.state.store import StateStore
from common.transcript.format import Segment, Transcript
from tests.support.stack import Stack

WORKER = "the test, in the place of a worker"
RSS_BYTES = 1


class AttemptByHand:
    """An attempt of a pending task in a stack without a worker for it."""

    def __init__(self, stack: Stack, task_id: str) -> None:
        self.task_id = task_id
        self.storage = Storage(stack.share)
        self.redis = SyncRedis(RedisSettings.model_validate({"url": stack.redis.url}))
        self.store = StateStore(TaskSettings())
        queue = stack.read(task_id)["task_name"].partition(".")[0]
        record = self.redis.run(self.store.claim(task_id, queue, WORKER))
        assert isinstance(record, Record), record
        self.record = record

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.redis.close()

    def tell(self, kind: EventKind, *segments: dict[str, Any], language: str = "en") -> None:
        """Publish a draft or a fragment."""
        self.publish(Event(kind, {"segment_index": segments[0]["id"], "language": language, "segments": segments}))

    def publish(self, *events: Event, progress: Progress | None = None) -> None:
        fence = self.record.control.fence
        self.redis.run(self.store.beat(self.task_id, fence, rss=RSS_BYTES, progress=progress, events=events))

    def move(self, percent: float, phase: str = "transcribe") -> None:
        progress = Progress(phase=phase, percent=percent)
        self.publish(Event("progress", progress.model_dump()), progress=progress)

    def succeed(self, segments: list[Segment], **told: Any) -> None:
        """End the task successfully with this text as its output."""
        folder = AttemptFolder(self.storage, self.task_id, self.record.control.attempt)
        staged = folder.staging("transcript.json")
        Transcript(segments=segments, **told).write(staged)
        made = folder.publish(staged).model_dump()
        self.end(Status.SUCCESS, output={"transcript_path": made}, duration=1.0)

    def fail(self, error: BatonError) -> None:
        self.end(Status.FAILED, error=error)

    def end(self, status: Status, **more: Any) -> None:
        answer = self.redis.run(self.store.finish(self.record, self.record.final_context(status, **more)))
        assert answer == "OK", answer
