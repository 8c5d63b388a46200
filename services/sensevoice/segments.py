"""Convert recognition results to segments of the medium."""

from collections import Counter
from collections.abc import Iterable

from common.transcript.format import Segment, Word
from services.sensevoice.engine import Recognition, TimedToken


def segment_of(heard: Recognition, number: int, offset: float) -> Segment:
    """Return a segment; `offset` is the position of the audio in the medium, in seconds."""
    words = [word_of(token, offset) for token in heard.tokens]
    return Segment(
        id=number,
        start=words[0].start,
        end=words[-1].end,
        text=heard.text,
        words=words,
        language=heard.language,
        confidence=round(heard.confidence, 4),
        emotion=heard.emotion,
        event=heard.event,
    )


def word_of(token: TimedToken, offset: float) -> Word:
    return Word(
        text=token.text,
        start=round(token.start + offset, 3),
        end=round(token.end + offset, 3),
        probability=round(token.probability, 4),
    )


def count_names(names: Iterable[str | None]) -> dict[str, int]:
    """Return the number of occurrences of each name, most frequent first."""
    return dict(Counter(name for name in names if name).most_common())
