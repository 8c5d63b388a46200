"""Detect hallucinations: what speaks against a text of the slow engine."""

import math
from collections.abc import Sequence

from common.transcript.format import Segment, Word
from common.transcript.loops import compression_ratio, is_character, max_repetitions, spoken_words
from services.dual_stream.alignment.limits import FallbackLimits
from services.dual_stream.alignment.tokens import normalize
from services.dual_stream.records import Objection

FASTEST_WORDS, FASTEST_CHARACTERS = 7.0, 12.0
"""Words and Chinese or Japanese characters that can be spoken in a second; fast speakers reach two thirds of it."""
FEWEST_WORDS = 5
LEAST_PROBABILITY = 1e-6


def find_objections(
    text: str, avg_logprob: float | None, limits: FallbackLimits, *, draft: str = ""
) -> list[Objection]:
    """Return the objections to a text, from the text and its probability; if the draft repeats itself too, the
    repetition was actually spoken.
    """
    found: list[Objection] = []
    if not normalize(text):
        found.append("empty")
    if compression_ratio(text) > max(limits.compression_ratio, compression_ratio(draft)):
        found.append("compression_ratio")
    if avg_logprob is not None and avg_logprob < limits.avg_logprob:
        found.append("avg_logprob")
    if max_repetitions(spoken_words(text)) >= max(limits.repeats, 1 + max_repetitions(spoken_words(draft))):
        found.append("repetition")
    return found


def mean_probability(words: Sequence[Word]) -> float | None:
    """Return the geometric mean of the words' probabilities; None if there are none, or one has none."""
    known = [word.probability for word in words if word.probability is not None]
    if not known or len(known) < len(words):
        return None
    return math.exp(sum(math.log(max(probability, LEAST_PROBABILITY)) for probability in known) / len(known))


def is_too_fast(segment: Segment) -> bool:
    """Return whether nobody can speak this text in this time: what Whisper invents at the end of a window has none."""
    words = spoken_words(segment.text)
    needed = sum(1 / (FASTEST_CHARACTERS if is_character(word) else FASTEST_WORDS) for word in words)
    return len(words) >= FEWEST_WORDS and needed > segment.duration


def looks_right(segment: Segment, limits: FallbackLimits) -> bool:
    return not find_objections(segment.text, segment.avg_logprob, limits)
