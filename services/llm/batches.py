"""Split lines into batches, each with the surrounding lines as context."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.transcript.format import Segment


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that are sent to the model together."""

    index: int
    lines: Sequence[Segment]
    before: Sequence[str]
    after: Sequence[str]


def batches(lines: Sequence[Segment], *, most: int, characters: int, context: int) -> Iterator[Batch]:
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
