"""Errors of times: how far a transcript's words and segments are from where the utterances begin and end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import jiwer

from tests.support.recordings import Utterance
from tests.support.word_errors import normalize


class TimedText(Protocol):
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def text(self) -> str: ...


class TokenTime(NamedTuple):
    token: str
    start: float
    end: float


def boundary_errors(utterances: Sequence[Utterance], words: Sequence[TimedText]) -> tuple[list[float], list[float]]:
    """Return the errors of starts and ends in seconds, of each utterance whose first (last) word was recognized."""
    said = [[*tokens(utterance.text)] for utterance in utterances]
    found = [TokenTime(token, word.start, word.end) for word in words for token in tokens(word.text)]
    pairs = matching_places([token for sentence in said for token in sentence], [one.token for one in found])
    starts: list[float] = []
    ends: list[float] = []
    place = 0
    for utterance, sentence in zip(utterances, said, strict=True):
        first, last = place, place + len(sentence) - 1
        place += len(sentence)
        if first in pairs:
            starts.append(abs(found[pairs[first]].start - utterance.start))
        if last in pairs:
            ends.append(abs(found[pairs[last]].end - utterance.end))
    return starts, ends


def tokens(text: str) -> Iterator[str]:
    """Yield the words in lower case without punctuation. Numbers stay as written, so that a word keeps its time."""
    yield from normalize(text, "any").split()


def matching_places(said: list[str], found: list[str]) -> dict[int, int]:
    """Return where each recognized word of the truth is in the transcript."""
    if not said or not found:
        return {}
    (chunks,) = jiwer.process_words(" ".join(said), " ".join(found)).alignments
    return {
        chunk.ref_start_idx + n: chunk.hyp_start_idx + n
        for chunk in chunks
        if chunk.type == "equal"
        for n in range(chunk.ref_end_idx - chunk.ref_start_idx)
    }


def nearest_start_errors(utterances: Sequence[Utterance], segments: Sequence[TimedText]) -> list[float]:
    """Return the distance of each utterance's start from the nearest start of a segment, in seconds."""
    return [min((abs(s.start - one.start) for s in segments), default=float("inf")) for one in utterances]
