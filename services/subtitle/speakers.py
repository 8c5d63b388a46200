"""Assign speakers to words and segments: a segment is split where its speaker changes.

The first part keeps the id of its segment, the others get ids above all existing ones (see `ids`). A segment whose
words do not give its text, because it has none or a user edited it, is not split: it gets one speaker.
"""

from collections.abc import Iterator
from itertools import chain, groupby, islice

from common.transcript.format import Segment, Transcript, Word
from services.subtitle.layout.breaks import can_break
from services.subtitle.layout.ids import new_ids
from services.subtitle.layout.parts import part
from services.subtitle.layout.pieces import has_true_words
from services.subtitle.timeline import Timeline


def assign(transcript: Transcript, timeline: Timeline, within: float) -> Transcript:
    """Return the transcript with speakers. Without turns it is unchanged."""
    if not timeline.turns:
        return transcript
    fresh = new_ids(transcript)
    segments = [cut for segment in transcript.segments for cut in assign_speakers(segment, timeline, within, fresh)]
    return transcript.model_copy(update={"segments": segments})


def assign_speakers(segment: Segment, timeline: Timeline, within: float, fresh: Iterator[int]) -> list[Segment]:
    words = [word_with_speaker(word, timeline, within) for word in segment.words]
    if not has_true_words(segment):
        speaker = timeline.speaker(segment.start, segment.end, within) or segment.speaker
        return [segment.model_copy(update={"words": words, "speaker": speaker})]
    groups = by_speaker(words, segment.speaker)
    if len(groups) == 1:
        return [segment.model_copy(update={"words": groups[0][1], "speaker": groups[0][0]})]
    numbers = chain([segment.id], islice(fresh, len(groups) - 1))
    return [
        part(segment, group, true_words=True).model_copy(update={"id": number, "speaker": speaker})
        for (speaker, group), number in zip(groups, numbers, strict=True)
    ]


def word_with_speaker(word: Word, timeline: Timeline, within: float) -> Word:
    return word.model_copy(update={"speaker": timeline.speaker(word.start, word.end, within) or word.speaker})


def by_speaker(words: list[Word], otherwise: str | None) -> list[tuple[str | None, list[Word]]]:
    """Return the words in groups of one speaker. A word without a speaker, or one that ends another, joins the last
    group.
    """
    owners: list[str | None] = []
    first = next((word.speaker for word in words if word.speaker), otherwise)
    before = ""
    for word in words:
        own = word.speaker if not owners or can_break(before, word.text) else None
        owners.append(own or (owners[-1] if owners else first))
        before = word.text or before
    return [
        (owner, [word for _, word in group])
        for owner, group in groupby(zip(owners, words, strict=True), key=lambda pair: pair[0])
    ]


def speaking_times(transcript: Transcript) -> dict[str, float]:
    """Return the speaking time of each speaker, by the segments."""
    spoken_for: dict[str, float] = {}
    for segment in transcript.segments:
        if segment.speaker:
            spoken_for[segment.speaker] = spoken_for.get(segment.speaker, 0.0) + segment.duration
    return {speaker: round(total, 3) for speaker, total in sorted(spoken_for.items())}
