"""The subtitle invariant: the same number of lines, ids and times, whatever a model answers.

A line is only ever replaced by the text under its own id. So a model that omits lines, adds some, reorders them or
obeys a subtitle cannot move or remove any: lines without an answer keep the source text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json
from typing_extensions import override

from common.transcript.format import Segment
from services.llm.batches import Batch, Line
from services.llm.json_answers import StructuredAnswer
from services.llm.markup import plain, same_markup
from services.llm.server_dialect import Messages

LONGEST_FACTOR, LONGEST_EXTRA = 6, 200
"""A longer answer to one line is the model talking, not the line."""
IDS_NAMED = 20
LETTER = re.compile(r"[^\W\d_]")
TOLERANCE = 1.15
"""A text is shortened only if it exceeds its limit by more than this: models count characters badly."""
ECHO_LINES, ECHO_LETTERS = 3, 8
"""A batch with this many lines of this many letters that all stay the same was not translated."""


class AnsweredLine(StructuredAnswer):
    id: int
    text: str


class Lines(StructuredAnswer):
    lines: list[AnsweredLine]

    @override
    @classmethod
    def from_loose(cls, value: Any) -> Any:
        """Accept a bare list, a list under another name, and a map from ids to texts."""
        if isinstance(value, Mapping) and len(value) == 1 and "lines" not in value:
            [inner] = value.values()
            value = inner if isinstance(inner, list | Mapping) else value
        if isinstance(value, Mapping) and "lines" not in value and {"id", "text"} <= value.keys():
            value = [value]  # the only line, without the list around it
        if isinstance(value, Mapping) and "lines" not in value:
            value = [{"id": number, "text": text} for number, text in value.items()]
        if isinstance(value, Mapping):
            value = value["lines"] if isinstance(value["lines"], list) else cls.from_loose(value["lines"])["lines"]
        return {"lines": value}


@dataclass(slots=True)
class BatchTexts:
    """The usable texts of one batch so far, by id."""

    batch: Batch
    must_change: bool = False
    """Whether a batch that comes back unchanged is refused, as an untranslated one."""
    texts: dict[int, str] = field(default_factory=dict)
    shortening: bool = False
    """Whether the model was asked to shorten lines. It is asked once."""

    @property
    def missing(self) -> list[int]:
        return [line.id for line in self.batch.lines if line.id not in self.texts]

    def judge(self, answer: Lines) -> str:
        """Keep what can be used, and return what is wrong. An answer with unrequested lines is not used at all."""
        wanted = {line.id: line for line in self.batch.lines}
        if strange := [line.id for line in answer.lines if line.id not in wanted]:
            return f"These ids were not asked for: {list_ids(strange)}. Answer each id of `lines` once."
        given: dict[int, set[str]] = {}
        for line in answer.lines:
            given.setdefault(line.id, set()).add(clean_text(line.text))
        usable = {number: texts.pop() for number, texts in given.items() if len(texts) == 1}
        usable = {number: text for number, text in usable.items() if is_usable(text, wanted[number].text)}
        if self.must_change and is_echo(usable, wanted):
            return "These lines have their source text. Answer each of them in the target language."
        for number, text in usable.items():
            self.keep(wanted[number], text)
        return self.fault()

    def keep(self, line: Line, text: str) -> None:
        """Take a text, unless the one before it is better: its markup is complete, and it is not too long."""
        known = self.texts.get(line.id)
        if known is None or badness(line, text) < badness(line, known):
            self.texts[line.id] = text

    def fault(self) -> str:
        if self.missing:
            ids = list_ids(self.missing)
            return f"These are missing, empty, double or far too long: {ids}. Answer each id of `lines`."
        if lost := self.without_markup():
            return (
                f"These lack tags such as <i>, or a speaker's dash: {list_ids(lost)}. Answer them again, with each "
                "tag and each dash of the source at its place."
            )
        long = [line for line in self.batch.lines if is_long(line, self.texts[line.id])]
        if not long or self.shortening:
            return ""
        self.shortening = True
        named = ", ".join(f"{line.id} (at most {line.limit} characters)" for line in long[:IDS_NAMED])
        return f"These are too long to be read in their time: {named}. Answer only these, each shorter."

    def without_markup(self) -> list[int]:
        lines = [line for line in self.batch.lines if line.id in self.texts]
        return [line.id for line in lines if not same_markup(line.text, self.texts[line.id])]


def badness(line: Line, text: str) -> tuple[bool, int]:
    return not same_markup(line.text, text), max(len(text) - (line.limit or len(text)), 0)


def is_long(line: Line, text: str) -> bool:
    return line.limit is not None and len(text) > line.limit * TOLERANCE


def clean_text(text: str) -> str:
    """Return a text without blank lines and spaces at its ends, and with every lone surrogate replaced."""
    rows = (" ".join(row.split(" ")).strip() for row in text.encode(errors="replace").decode().splitlines())
    return "\n".join(row for row in rows if row)


def is_usable(text: str, source: str) -> bool:
    return bool(text) and len(text) <= LONGEST_FACTOR * len(source) + LONGEST_EXTRA


def is_echo(texts: Mapping[int, str], wanted: Mapping[int, Line]) -> bool:
    """Return whether the lines that have enough letters to tell are several, and all unchanged."""
    sources = {number: plain(clean_text(wanted[number].text)) for number in texts}
    telling = [number for number, source in sources.items() if len(LETTER.findall(source)) >= ECHO_LETTERS]
    return len(telling) >= ECHO_LINES and all(plain(texts[number]) == sources[number] for number in telling)


def list_ids(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids[:IDS_NAMED])) + (" …" if len(ids) > IDS_NAMED else "")


def messages(instructions: str, batch: Batch) -> Messages:
    """Return the request to the model. The lines are data inside JSON, separate from the instructions."""
    shown = {"before": batch.before, "lines": [line.as_json() for line in batch.lines], "after": batch.after}
    return [{"role": "system", "content": instructions}, {"role": "user", "content": to_json(shown).decode()}]


def replace_text(segment: Segment, text: str | None) -> Segment:
    """Return the line with its new text; words that no longer match the text are dropped."""
    if text is None or text == segment.text:
        return segment
    return segment.model_copy(update={"text": text, "words": []})
