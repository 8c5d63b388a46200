"""The checkpoint of a task, written by two stages and read by the next attempt: each chunk continues in its stage."""

from collections.abc import Iterator
from threading import Lock

from common.files.checkpoint import Checkpoint
from services.dual_stream.records import DraftRecord, FinalRecord

NOTHING = FinalRecord(chunk=-1, start=0.0, end=0.0, until=0, next_id=0)


class StreamCheckpoint:
    """Holds only what the next chunk needs, not the records: those of a long film would fill the memory."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.writing = Lock()
        self.last = NOTHING
        """The last final; chunks become final in order."""
        self.language: str | None = None
        self.language_probability: float | None = None
        self.languages: dict[int | None, tuple[str, float]] = {}
        """The language of each channel, with its probability; None is the mix of all."""
        self.said: dict[int | None, str] = {}
        """The end of the text of each channel."""
        self.drafts: dict[int, DraftRecord] = {}
        """Of the chunks with a draft but no final."""
        for record in self.records():
            self.note(record)
        self.resumed_at = self.last.until

    def records(self) -> Iterator[DraftRecord | FinalRecord]:
        for record in self.checkpoint.records():
            kind = FinalRecord if record["stage"] == "final" else DraftRecord
            yield kind.model_validate(record)

    def finals(self) -> Iterator[FinalRecord]:
        return (record for record in self.records() if isinstance(record, FinalRecord))

    def append(self, record: DraftRecord | FinalRecord) -> None:
        """Record a chunk. What is recorded may be published: no attempt will change it."""
        with self.writing:
            self.checkpoint.append(record)
            self.note(record)

    def note(self, record: DraftRecord | FinalRecord) -> None:
        if isinstance(record, DraftRecord):
            self.drafts[record.chunk] = record
        else:
            self.drafts.pop(record.chunk, None)
            self.last = record
            self.said[record.channel] = record.said
            if record.language:
                self.note_language(record.channel, record.language, record.language_probability or 0.0)

    def note_language(self, channel: int | None, language: str, probability: float) -> None:
        """Keep the most probable language of each channel, and of all."""
        if probability > self.languages.get(channel, ("", 0.0))[1]:
            self.languages[channel] = language, probability
        if probability > (self.language_probability or 0.0):
            self.language, self.language_probability = language, probability
