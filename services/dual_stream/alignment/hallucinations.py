"""Detect hallucinations: what speaks against a text of the slow engine."""

from common.transcript.format import Segment
from common.transcript.loops import compression_ratio, is_character, max_repetitions, spoken_words
from services.dual_stream.alignment.limits import FallbackLimits
from services.dual_stream.alignment.tokens import normalize
from services.dual_stream.records import Objection

FASTEST_WORDS, FASTEST_CHARACTERS = 7.0, 12.0
"""Words and Chinese or Japanese characters that can be spoken in a second; fast speakers reach two thirds of it."""
FEWEST_WORDS = 5


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


def is_too_fast(segment: Segment) -> bool:
    """Return whether nobody can speak this text in this time: what Whisper invents at the end of a window has none."""
    words = spoken_words(segment.text)
    needed = sum(1 / (FASTEST_CHARACTERS if is_character(word) else FASTEST_WORDS) for word in words)
    return len(words) >= FEWEST_WORDS and needed > segment.duration


def looks_right(segment: Segment, limits: FallbackLimits) -> bool:
    return not find_objections(segment.text, segment.avg_logprob, limits)
