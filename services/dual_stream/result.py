"""Output files of a task: transcript, subtitles and report, written record by record in constant memory."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from common.captions import srt
from common.captions.transcripts import document_of
from common.media.fields import Artifact
from common.transcript.edits import Edits, read_edits
from common.transcript.format import Segment, Transcript
from common.transcript.languages import seconds_by_language
from common.worker.job import Job
from services.dual_stream.alignment.limits import FallbackLimits
from services.dual_stream.channels import segments_by_time
from services.dual_stream.checkpoint import StreamCheckpoint

ENGINE = "dual_stream"
TRANSCRIPT, SUBTITLES, REPORT = "transcript.json", "transcript.srt", "alignment.json"


class ResultReader:
    """Reads the checkpoint once for each file."""

    def __init__(self, job: Job, ledger: StreamCheckpoint, *, multilingual: bool = False) -> None:
        self.job = job
        self.ledger = ledger
        self.segments = self.words = self.drafts = 0
        self.reasons: Counter[str] = Counter()
        self.count()
        self.languages = seconds_by_language(self.all_segments())
        self.language = next(iter(self.languages), None) if multilingual else ledger.language
        self.language_probability = None if multilingual else ledger.language_probability

    def count(self) -> None:
        for record in self.ledger.finals():
            self.segments += len(record.segments)
            self.words += sum(len(segment.words) for segment in record.segments)
            self.drafts += sum(segment.source == "draft" for segment in record.segments)
            self.reasons.update(reason for decision in record.decisions for reason in decision.reasons)

    def all_segments(self) -> Iterator[Segment]:
        return segments_by_time(self.ledger.finals())

    def transcript(self, *, duration: float, model: str) -> Artifact:
        """Write the engines' text; user edits are stored separately."""
        head = Transcript(
            language=self.language,
            language_probability=self.language_probability,
            duration=duration,
            engine=ENGINE,
            model=model,
        )
        segments = (segment.model_dump(mode="json", exclude_none=True) for segment in self.all_segments())
        return self.write_artifact(
            TRANSCRIPT, json_list(head.model_dump(exclude_none=True, exclude={"segments"}), "segments", segments)
        )

    def report(self, limits: FallbackLimits) -> Artifact:
        head = {"limits": limits.model_dump(), "reasons": dict(self.reasons)}
        decisions = (
            {"chunk": record.chunk, **decision.model_dump(exclude_none=True)}
            for record in self.ledger.finals()
            for decision in record.decisions
        )
        return self.write_artifact(REPORT, json_list(head, "decisions", decisions))

    def subtitles(self) -> Artifact:
        edits = self.job.process.redis.run(read_edits(self.job.task_id))
        return self.write_artifact(SUBTITLES, cues(self.all_segments(), edits))

    def write_artifact(self, name: str, pieces: Iterator[bytes]) -> Artifact:
        staged: Path = self.job.staging(name)
        with staged.open("wb") as file:
            file.writelines(pieces)
        return self.job.publish(staged)


def json_list(head: dict[str, Any], name: str, items: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """Yield a JSON object that ends in a list, one item per line."""
    yield to_json(head)[:-1] + f',\n"{name}": ['.encode()
    for number, item in enumerate(items):
        yield (b",\n" if number else b"\n") + to_json(item)
    yield b"\n]}\n"


def cues(segments: Iterator[Segment], edits: Edits) -> Iterator[bytes]:
    shown = (edits.get(segment.id, segment) for segment in segments)
    spoken = (segment for segment in shown if segment.text.strip())
    for number, segment in enumerate(spoken, 1):
        (caption,) = document_of(Transcript(segments=[segment])).captions
        yield srt.cue(number, caption, same=False).encode()
