"""The text of a task at any moment: its output if it has succeeded, or else what its checkpoint contains.

A service whose contract has an output named `transcript_path` produces a transcript. Its partial text can be read if
the records of its checkpoint follow one rule: a record with text is a `ChunkText`, plus whatever the service adds.
`chunk` is the index of the part of the medium, in chronological order. A later record of the same chunk replaces the
earlier one, so a service may first record drafts (`Segment.source`) and later their replacement. `aligned` marks what
two engines agreed on; a record without it never replaces one that has it. Records without `segments` are ignored.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from common.contract import Contract
from common.errors import FileMissing
from common.files.checkpoint import CHECKPOINT, Checkpoint
from common.files.storage import Storage
from common.state.record import Record
from common.transcript.format import Language, Segment, Transcript

OUTPUT = "transcript_path"


class ChunkText(BaseModel):
    """A checkpoint record with the text of one chunk of the medium; times are seconds of the medium."""

    chunk: int
    segments: list[Segment] = []
    aligned: bool = False
    language: Language | None = None
    language_probability: float | None = None


@dataclass(frozen=True, slots=True)
class TextFile:
    """The file that holds a task's text now; no path if there is none yet."""

    path: Path | None
    final: bool = False

    @property
    def version(self) -> str:
        """A value that changes with the content: files are replaced as a whole, or grow."""
        if self.path is None:
            return ""
        with suppress(FileNotFoundError):  # an attempt's folder is removed when a later attempt succeeds
            seen = self.path.stat()
            return f"{self.path.parent.name}-{seen.st_mtime_ns}-{seen.st_size}"
        return ""

    def read(self) -> Transcript:
        """Return the text.

        Raises:
            FileMissing: the output of the task has just been removed.
        """
        if self.path is None:
            return Transcript(source="none")
        if self.final:
            return self.output(self.path)
        return put_together(Checkpoint(self.path).records())

    def output(self, path: Path) -> Transcript:
        try:
            return Transcript.read(path).model_copy(update={"source": "final"})
        except FileNotFoundError as error:
            raise FileMissing from error


def makes_transcript(contract: Contract) -> bool:
    return OUTPUT in contract.output.model_fields


def text_file(storage: Storage, record: Record) -> TextFile:
    """Return the file with the text of a task.

    Raises:
        FileMissing: the output of the task no longer exists.
    """
    if output := output_path(record):
        return TextFile(storage.find(output), final=True)
    return TextFile(newest_checkpoint(storage.workspace(record.context.task_id)))


def output_path(record: Record) -> str | None:
    """Return the path of the transcript that a task has produced, relative to share."""
    output = record.context.stage.output.get(OUTPUT)
    return output["path"] if output else None


def newest_checkpoint(workspace: Path) -> Path | None:
    """Return the checkpoint of the latest attempt that has one: it starts with the records of earlier attempts."""
    found = {int(file.parent.name.removeprefix("attempt-")): file for file in workspace.glob(f"attempt-*/{CHECKPOINT}")}
    return found[max(found)] if found else None


def put_together(records: Iterable[dict[str, Any]]) -> Transcript:
    latest: dict[int, ChunkText] = {}
    for record in records:
        if "segments" not in record:
            continue
        told = ChunkText.model_validate(record)
        before = latest.get(told.chunk)
        if before is None or told.aligned or not before.aligned:
            latest[told.chunk] = told
    chunks = [latest[number] for number in sorted(latest)]
    return transcript_of(chunks) if chunks else Transcript(source="none")


def transcript_of(chunks: list[ChunkText]) -> Transcript:
    segments = [segment for chunk in chunks for segment in chunk.segments]
    if any(segment.speaker for segment in segments):  # the channels of a chunk may be chunks of their own
        segments.sort(key=lambda segment: (segment.start, segment.id))
    heard = next((chunk for chunk in chunks if chunk.language), chunks[0])
    return Transcript(
        language=heard.language,
        language_probability=heard.language_probability,
        duration=max((segment.end for segment in segments), default=0.0),
        source="aligned" if any(chunk.aligned for chunk in chunks) else "checkpoint",
        segments=segments,
    )
