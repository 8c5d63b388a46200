"""Split lines into batches, each with the surrounding lines as context."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """What the model gets of a subtitle line."""

    id: int
    text: str
    speaker: str = ""
    limit: int | None = None
    """Maximum number of characters of the answer, so that it can be read in its time."""

    def as_json(self) -> dict[str, Any]:
        """Return the line as an object of the request."""
        extra = {"speaker": self.speaker or None, "max_characters": self.limit}
        return {"id": self.id, "text": self.text, **{name: value for name, value in extra.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that are sent to the model together."""

    index: int
    lines: Sequence[Line]
    before: Sequence[str] = ()
    after: Sequence[str] = ()

    def halves(self) -> Iterable["Batch"]:
        """Return both halves, without context: the context may be what the server refuses."""
        middle = len(self.lines) // 2
        return (replace(self, lines=part, before=(), after=()) for part in (self.lines[:middle], self.lines[middle:]))

    def without(self, done: Iterable[int]) -> "Batch":
        """Return the batch without these lines."""
        finished = set(done)
        return replace(self, lines=[line for line in self.lines if line.id not in finished])


def batches(lines: Sequence[Line], *, most: int, characters: int, context: int) -> Iterator[Batch]:
    """Yield batches in order, each with at most `most` lines and `characters` characters (but at least one line)."""
    texts = [line.text for line in lines]
    for index, (begin, end) in enumerate(cuts(texts, most, characters)):
        yield Batch(index, lines[begin:end], texts[max(begin - context, 0) : begin], texts[end : end + context])


def cuts(texts: Sequence[str], most: int, characters: int) -> Iterator[tuple[int, int]]:
    begin, size = 0, 0
    for end, text in enumerate(texts):
        if end > begin and (end - begin == most or size + len(text) > characters):
            yield begin, end
            begin, size = end, 0
        size += len(text)
    if texts:
        yield begin, len(texts)
