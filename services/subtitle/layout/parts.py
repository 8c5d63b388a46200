"""Splitting and joining of segments."""

from collections.abc import Sequence

from common.transcript.format import Segment, Word
from services.subtitle.layout.breaks import CLAUSE_END, SENTENCE_END
from services.subtitle.layout.pieces import DASH, has_true_words, line_joint


def part(segment: Segment, words: Sequence[Word], *, true_words: bool) -> Segment:
    """Return the part of `segment` with these words; true words are kept, estimated ones are dropped."""
    text = "".join(word.text for word in words).strip()
    end = max(word.end for word in words)
    kept = list(words) if true_words else []
    return segment.model_copy(update={"start": words[0].start, "end": end, "text": text, "words": kept})


def can_join(first: Segment, second: Segment) -> bool:
    """Return whether two segments may be joined without losing information."""
    same = (first.speaker, first.language, first.source) == (second.speaker, second.language, second.source)
    both = has_true_words(first) and has_true_words(second)
    return same and (both or not (first.words or second.words))


def join_segments(first: Segment, second: Segment) -> Segment:
    """Return one segment with the text of both. It has the first one's id."""
    space = separator(first.text.rstrip(), second.text.lstrip())
    words = [*first.words, *with_space(second.words, space)]
    text = "".join(word.text for word in words) or f"{first.text.rstrip()}{space}{second.text.lstrip()}"
    update = {"end": max(first.end, second.end), "text": text.strip(), "words": words}
    return first.model_copy(
        update=update | {"modified": first.modified or second.modified, **worse_measures(first, second)}
    )


def separator(left: str, right: str) -> str:
    """Return a space, unless punctuation of a language without spaces already separates the two; a line break between
    two speakers' dashes.
    """
    if DASH.match(left) and DASH.match(right):
        return "\n"
    return line_joint(left[-1:], right[:1]) if left[-1:] in SENTENCE_END | CLAUSE_END else " "


def with_space(words: list[Word], space: str) -> list[Word]:
    if not words:
        return []
    return [words[0].model_copy(update={"text": space + words[0].text.lstrip()}), *words[1:]]


def worse_measures(first: Segment, second: Segment) -> dict[str, float | None]:
    """Return the worse of both measures, or none if one is unknown."""
    worse = {"confidence": min, "avg_logprob": min, "compression_ratio": max, "no_speech_prob": max}
    pairs = {name: (getattr(first, name), getattr(second, name)) for name in worse}
    return {name: None if None in pair else worse[name](pair) for name, pair in pairs.items()}
