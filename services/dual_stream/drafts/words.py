"""Drafts made of words."""

from collections.abc import Iterable

import numpy as np

from common.media.audio import SAMPLE_RATE_HZ
from common.media.chunking import SampleSpan
from common.transcript.format import Segment, Word


def words_by_utterance(words: Iterable[Word], speech: list[SampleSpan]) -> list[list[Word]]:
    """Assign each word to the utterance that is next to its middle."""
    found: list[list[Word]] = [[] for _ in speech]
    for word in words:
        middle = (word.start + word.end) / 2 * SAMPLE_RATE_HZ
        distances = [max(begin - middle, middle - end) for begin, end in speech]
        found[distances.index(min(distances))].append(word)
    return found


def join_words(words: list[Word], language: str | None) -> Segment | None:
    """Return the words of an utterance as its draft; its confidence is the geometric mean of their probabilities, as
    SenseVoice's is of its tokens'.
    """
    if not words:
        return None
    probabilities = np.maximum([word.probability or 0.0 for word in words], 1e-9)
    return Segment(
        id=0,
        start=words[0].start,
        end=words[-1].end,
        text="".join(word.text for word in words).strip(),
        words=words,
        language=language,
        confidence=round(float(np.exp(np.mean(np.log(probabilities)))), 4),
    )
