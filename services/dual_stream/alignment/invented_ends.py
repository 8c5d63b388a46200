"""Words at the ends of an utterance that the slow engine invented: it doubts them, and a confident draft lacks them.

Whisper goes on after the last word of a window, or greets before the first: "大家听水。 Welcome".
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from common.transcript.format import Word
from common.transcript.loops import is_character, spoken_words
from services.dual_stream.alignment.assignment import AssignedUtterance
from services.dual_stream.alignment.hallucinations import mean_probability
from services.dual_stream.alignment.limits import FallbackLimits


def drop_invented_ends(matched: AssignedUtterance, limits: FallbackLimits) -> tuple[str, str]:
    """Remove the invented words at the beginning and the end, and return them.

    A word in the middle stays: there the engines heard the same speech differently.
    """
    draft = matched.utterance.draft
    if draft is None or not limits.is_confident(draft) or not any(matched.known):
        return "", ""
    first, last = count_unmatched(matched.known), count_unmatched(matched.known[::-1])
    inside = matched.words[first : len(matched.words) - last]
    before, after = matched.words[:first], matched.words[len(matched.words) - last :]
    confidence = draft.confidence or 0.0
    first = first if is_invented(before, inside, confidence, limits) else 0
    last = last if is_invented(after, inside, confidence, limits) else 0
    removed = text_of(matched.words[:first]), text_of(matched.words[len(matched.words) - last :])
    matched.words = matched.words[first : len(matched.words) - last]
    matched.known = matched.known[first : len(matched.known) - last]
    matched.confirmed = matched.confirmed[first : len(matched.confirmed) - last]
    return removed


def count_unmatched(known: Sequence[object | None]) -> int:
    """Return the number of words at the beginning that have no counterpart in the draft."""
    return sum(1 for _ in takewhile(lambda time: time is None, known))


def is_invented(words: Sequence[Word], inside: Sequence[Word], confidence: float, limits: FallbackLimits) -> bool:
    """Return whether the slow engine doubts these words; in a foreign script, the draft must be more probable."""
    probability = mean_probability(words)
    if probability is None or not spoken_words(text_of(words)):
        return False
    foreign = set(scripts(words)).isdisjoint(scripts(inside))
    return probability < (confidence if foreign else limits.doubtful_words)


def scripts(words: Sequence[Word]) -> Iterator[bool]:
    """Yield for each word whether it is written without spaces."""
    return (is_character(word) for word in spoken_words(text_of(words)))


def text_of(words: Sequence[Word]) -> str:
    return "".join(word.text for word in words).strip()
