"""The text of a task: engine output, events published since, and user edits."""

import asyncio
from dataclasses import dataclass

from pydantic_core import to_json

from common.contract import Catalog
from common.errors import BatonError
from common.files.storage import Storage
from common.state import keys
from common.state.client import AsyncRedis, translate_errors
from common.state.record import Record
from common.transcript.edits import Edits, edits_of, raw_edits, with_edits
from common.transcript.format import Segment, Transcript
from common.transcript.live import published_segments, with_published
from common.transcript.partial import TextFile, makes_transcript, text_file


class NoTranscript(BatonError):
    """This kind of task has no transcript. Use a task whose output has a `transcript_path`: see `GET /v1/catalog`."""

    code = "no_transcript"
    status = 404


@dataclass(frozen=True, slots=True)
class TaskText:
    """The parts of the text; combining them reads files, so do it in a thread."""

    file: TextFile
    told: list[Segment]
    edits: Edits

    @property
    def version(self) -> bytes:
        """Return a value that changes with the text."""
        return b" ".join((self.file.version.encode(), to_json(self.told), to_json(self.edits)))

    def engine_transcript(self) -> Transcript:
        """Return the text without the edits."""
        return with_published(self.file.read(), self.told)

    def transcript(self) -> Transcript:
        return with_edits(self.engine_transcript(), self.edits)


async def task_text(redis: AsyncRedis, storage: Storage, catalog: Catalog, record: Record) -> TaskText:
    """Find the text of a task.

    Raises:
        NoTranscript: this kind of task never has one.
        FileMissing: the task's output no longer exists.
    """
    task_id, name = record.context.task_id, record.context.task_name
    contract = catalog.get(name)
    if contract is None or not makes_transcript(contract):
        raise NoTranscript(task_name=name)
    file = await asyncio.to_thread(text_file, storage, record)
    said = [] if file.final else await read_events(redis, task_id)
    edited = await redis.run(raw_edits(task_id))
    return await asyncio.to_thread(lambda: TaskText(file, published_segments(said), edits_of(edited)))


async def read_events(redis: AsyncRedis, task_id: str) -> list[tuple[str, str]]:
    """Return the events of the task, as far back as its stream goes."""
    with translate_errors():
        entries = await redis.client.xrange(keys.events(task_id))
    return [(fields["event"], fields["data"]) for _, fields in entries]
