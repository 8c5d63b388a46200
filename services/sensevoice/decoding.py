"""From scores to words: greedy CTC decoding (Graves et al. 2006), and merging of its pieces.

A piece of the vocabulary is part of a word, a word, or a character. The output is words in scripts with spaces, and
characters in scripts without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from services.sensevoice.features import FRAME_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float32]

BLANK = 0
SPACE = re.compile(r"[▁\s]")
"""SentencePiece writes the space before a word as a low line."""
CONTROL = re.compile(r"<[^<>]+>")
"""A tag in the middle of text, or <unk>: not speech."""
TAIL_S = 0.3
"""A word before a pause is extended by this much: of 0 to 0.6 s, the value with the smallest error."""
ALONE = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts without spaces: Han, hiragana, katakana."""
UNIT = re.compile(rf" ?[{ALONE}]| ?[^ {ALONE}]+| ")
LETTER = re.compile(r"\w")
ENDS_ALONE = re.compile(rf"[{ALONE}]\W*$")
BEGINS_ALONE = re.compile(rf" ?[{ALONE}]")


@dataclass(frozen=True, slots=True)
class TimedToken:
    """One word, or one character of a script without spaces. Its text includes the preceding space.

    `start` and `end` are seconds from the beginning of the audio.
    """

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class VocabularyPiece:
    """One entry of the vocabulary, recognized from frame `first` to before `end`."""

    text: str
    first: float
    end: float
    probability: float


def best_name(scores: Scores, names: Mapping[int, str | None]) -> str | None:
    """Return the name with the best score; other entries of the vocabulary are ignored."""
    return names[max(names, key=lambda number: float(scores[number]))] if names else None


def decode(scores: Scores, vocabulary: tuple[str, ...], *, duration: float) -> list[TimedToken]:
    """Return the words of the best path through `scores`, shape (frames, vocabulary); none ends after `duration`."""
    found = [to_token(unit, duration) for unit in group_pieces(best_path(scores, vocabulary))]
    limits = [*(token.start for token in found[1:]), duration]
    return [extend_token(token, limit) for token, limit in zip(found, limits, strict=False)]


def best_path(scores: Scores, vocabulary: tuple[str, ...]) -> Iterator[VocabularyPiece]:
    """Yield the pieces of the best path: repeats are merged, blanks are dropped."""
    best = scores.argmax(axis=-1)
    highest = scores.max(axis=-1, keepdims=True)
    shares = 1.0 / np.exp(scores - highest).sum(axis=-1)
    edges = [*np.flatnonzero(np.diff(best, prepend=-1)).tolist(), len(best)]
    for first, end in pairwise(edges):
        number = int(best[first])
        if number != BLANK and not CONTROL.fullmatch(vocabulary[number]):
            yield VocabularyPiece(SPACE.sub(" ", vocabulary[number]), first, end, float(shares[first:end].max()))


def group_pieces(found: Iterator[VocabularyPiece]) -> list[list[VocabularyPiece]]:
    """Group the pieces of each word."""
    gathered: list[list[VocabularyPiece]] = []
    for piece in found:
        for part in split_piece(piece):
            if gathered and continues_word(joined_text(gathered[-1]), part.text):
                gathered[-1].append(part)
            else:
                gathered.append([part])
    return [word for word in gathered if joined_text(word).strip()]


def joined_text(pieces: list[VocabularyPiece]) -> str:
    return "".join(piece.text for piece in pieces)


def split_piece(piece: VocabularyPiece) -> list[VocabularyPiece]:
    """Split a piece with several characters without spaces; they share its frames."""
    texts = UNIT.findall(piece.text)
    length = (piece.end - piece.first) / max(len(texts), 1)
    begins = (piece.first + number * length for number in range(len(texts)))
    return [
        replace(piece, text=text, first=begin, end=begin + length) for text, begin in zip(texts, begins, strict=True)
    ]


def continues_word(word: str, text: str) -> bool:
    """Return whether a text belongs to the previous word: punctuation always does, a letter in a script with spaces."""
    if text.startswith(" "):
        return False
    if not word.strip():
        return True
    return not LETTER.search(text) or not (ENDS_ALONE.search(word) or BEGINS_ALONE.match(text))


def to_token(unit: list[VocabularyPiece], duration: float) -> TimedToken:
    """Return a word with its times. A frame is centered on its timestamp, as FunASR pads the audio on the left."""
    start = max((unit[0].first - 0.5) * FRAME_S, 0.0)
    end = min((unit[-1].end - 0.5) * FRAME_S, duration)
    mean = sum(piece.probability for piece in unit) / len(unit)
    return TimedToken("".join(piece.text for piece in unit), min(start, end), end, min(mean, 1.0))


def extend_token(token: TimedToken, limit: float) -> TimedToken:
    """Extend a word to the next one, or by a while: CTC tells only where a word is recognized."""
    return replace(token, end=max(min(token.end + TAIL_S, limit), token.start))
