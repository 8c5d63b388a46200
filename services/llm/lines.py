"""The subtitle invariant: the same number of lines, ids and times, whatever a model answers.

A line is only ever replaced by the text under its own id. So a model that omits lines, adds some, reorders them or
obeys a subtitle cannot move or remove any: lines without an answer keep the source text.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic_core import to_json

from common.transcript.format import Segment
from services.llm.batches import Batch
from services.llm.engine import Messages
from services.llm.json_answers import StructuredAnswer

LONGEST_FACTOR, LONGEST_EXTRA = 6, 200
"""A longer answer to one line is the model talking, not the line."""
IDS_NAMED = 20


class AnsweredLine(StructuredAnswer):
    id: int
    text: str


class Lines(StructuredAnswer):
    lines: list[AnsweredLine]


@dataclass(slots=True)
class BatchTexts:
    """The usable texts of one batch so far, by id."""

    batch: Batch
    texts: dict[int, str] = field(default_factory=dict)

    @property
    def missing(self) -> list[int]:
        return [line.id for line in self.batch.lines if line.id not in self.texts]

    def judge(self, answer: Lines) -> str:
        """Keep what can be used, and return what is wrong. An answer with unrequested lines is not used at all."""
        wanted = {line.id: line.text for line in self.batch.lines}
        counted = Counter(line.id for line in answer.lines)
        if strange := [number for number in counted if number not in wanted or counted[number] > 1]:
            return f"These ids were not asked for, or came twice: {list_ids(strange)}. Answer each id of `lines` once."
        for line in answer.lines:
            if is_usable(line.text, wanted[line.id]):
                self.texts.setdefault(line.id, " ".join(line.text.split(" ")).strip())
        if not self.missing:
            return ""
        return f"These are missing, empty or far too long: {list_ids(self.missing)}. Answer each id of `lines`."


def is_usable(text: str, source: str) -> bool:
    return bool(text.strip()) and len(text) <= LONGEST_FACTOR * len(source) + LONGEST_EXTRA


def list_ids(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids[:IDS_NAMED])) + (" …" if len(ids) > IDS_NAMED else "")


def messages(instructions: str, batch: Batch) -> Messages:
    """Return the request to the model. The lines are data inside JSON, separate from the instructions."""
    shown = {
        "before": batch.before,
        "lines": [{"id": line.id, "text": line.text} for line in batch.lines],
        "after": batch.after,
    }
    return [{"role": "system", "content": instructions}, {"role": "user", "content": to_json(shown).decode()}]


def replace_text(line: Segment, text: str | None) -> Segment:
    """Return the line with its new text; words that no longer match the text are dropped."""
    if text is None or text == line.text:
        return line
    return line.model_copy(update={"text": text, "words": []})
