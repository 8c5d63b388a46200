"""Speech at the same time: both texts are shown, one line for each speaker, or two cues at once."""

from collections.abc import Sequence

from common.transcript.format import Segment, Word
from services.subtitle.layout.parts import worse_measures
from services.subtitle.layout.pieces import DASH, has_true_words, is_dialogue

LONGEST_CUT_S, LONGEST_CUT = 0.5, 0.25
"""A cue may end this much earlier than its speech, in seconds and as a fraction, because the next one begins."""
DASHED = "- "


def overlap_matters(start: float, end: float, next_start: float) -> bool:
    """Return whether ending a cue where the next one begins would hide too much of it. All units are the same."""
    lost = end - next_start
    return lost > LONGEST_CUT * (end - start)


def speak_at_once(first: Segment, second: Segment) -> bool:
    """Return whether two overlap so much that both must be shown. One speaker's overlap is an error in the times."""
    if first.speaker is not None and first.speaker == second.speaker:
        return False
    lost = first.end - second.start
    return lost > LONGEST_CUT_S and overlap_matters(first.start, first.end, second.start)


def can_be_dialogue(first: Segment, second: Segment) -> bool:
    """Return whether two cues can be the two lines of a dialogue."""
    both = has_true_words(first) and has_true_words(second)
    alike = (first.source, first.language) == (second.source, second.language)
    return alike and (both or not (first.words or second.words)) and not is_dialogue(first.text)


def dialogue(first: Segment, second: Segment) -> Segment:
    """Return one cue with a dashed line for each of the two. It has the first one's id, and no speaker."""
    texts = [with_dash(" ".join(segment.text.split("\n")).strip()) for segment in (first, second)]
    words = [*own_words(first, texts[0]), *own_words(second, f"\n{texts[1]}")]
    times = {"start": min(first.start, second.start), "end": max(first.end, second.end)}
    update = {**times, "text": "\n".join(texts), "words": words, "speaker": None}
    return first.model_copy(
        update=update | {"modified": first.modified or second.modified, **worse_measures(first, second)}
    )


def with_dash(text: str) -> str:
    return text if DASH.match(text) else DASHED + text


def own_words(segment: Segment, text: str) -> Sequence[Word]:
    """Return the words with their speaker; the first one begins as the text does, with a line break or a dash."""
    if not segment.words:
        return []
    first, *rest = (
        word.model_copy(update={"speaker": word.speaker or segment.speaker}) for word in segment.words if word.text
    )
    begins = text.removesuffix(segment.text.strip().replace("\n", " "))
    return [first.model_copy(update={"text": begins + first.text.lstrip()}), *rest]
