"""Readable cues from a transcript: split, joined, laid out in lines, and timed.

A line break is the white space before the first word of the next line, so that a cue's words still give its text.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice, zip_longest
from typing import Self

from common.captions.timestamps import milliseconds
from common.captions.transcripts import no_lead
from common.transcript.format import Segment, Transcript, Word
from services.subtitle.layout.atoms import Row, atoms
from services.subtitle.layout.cuts import cuts
from services.subtitle.layout.ids import new_ids
from services.subtitle.layout.limits import CueRoom, Limits
from services.subtitle.layout.lines import lines
from services.subtitle.layout.overlaps import can_be_dialogue, dialogue, speak_at_once
from services.subtitle.layout.parts import can_join, join_segments, part
from services.subtitle.layout.pieces import has_true_words, pieces
from services.subtitle.layout.timing import ReadingSpan, reading_time, schedule
from services.subtitle.layout.widths import is_wide, width
from services.subtitle.shots import NO_SHOTS, Shots

JOIN_PAUSE_SECONDS = 0.5
"""Cues further apart are not joined: the viewer would read ahead of the speech."""

Tick = Callable[[float], None]


def ignore_progress(_: float) -> None:
    """Ignore progress."""


@dataclass(frozen=True)
class CueLayouter:
    """Creates cues within limits. `lead` returns what will be written before a segment's text, such as a speaker's
    name.
    """

    limits: Limits = field(default_factory=Limits)
    lead: Callable[[Segment], str] = no_lead
    language: str | None = None
    """Of segments without a language of their own."""
    shots: Shots = NO_SHOTS

    @classmethod
    def of(
        cls,
        transcript: Transcript,
        limits: Limits,
        lead: Callable[[Segment], str] = no_lead,
        shots: Shots = NO_SHOTS,
    ) -> Self:
        """Return a layouter with the limits for the transcript's language, and the video's frames."""
        own = limits.for_language(transcript.language, transcript.text)
        framed = own.model_copy(update={"fps": own.fps or shots.fps})
        return cls(framed, lead, transcript.language, shots)

    def to_cues(self, transcript: Transcript, *, tick: Tick = ignore_progress) -> Transcript:
        """Return the transcript as cues, in chronological order; `tick` receives the completed fraction."""
        fresh, cues = new_ids(transcript), list[Segment]()
        segments = in_order(transcript)
        for index, segment in enumerate(segments):
            self.add(cues, self.split(segment, fresh))
            tick((index + 1) / len(segments))
        laid = [self.lay_out(cue) for cue in self.merge_overlaps(cues)]
        return transcript.model_copy(update={"segments": self.apply_times(laid)})

    def wrap(self, transcript: Transcript) -> Transcript:
        """Return the transcript with each segment in lines, and timed, but neither split nor joined."""
        laid = [self.lay_out(segment) for segment in in_order(transcript)]
        return transcript.model_copy(update={"segments": self.apply_times(laid)})

    def page(self, segment: Segment) -> CueRoom:
        page = self.limits.page(wide=is_wide(segment.text))
        return replace(page, lead=min(width(self.lead(segment)), page.width // 2))

    def row(self, segment: Segment, page: CueRoom) -> Row:
        language = segment.language or self.language
        return Row(atoms(pieces(segment, page.width, language), page.width, language), language)

    def split(self, segment: Segment, fresh: Iterator[int]) -> list[Segment]:
        """Return a segment as cues that each fit their page; the first one keeps the id."""
        page = self.page(segment)
        row, true_words = self.row(segment, page), has_true_words(segment)
        parts = cuts(row, self.limits, page)
        if len(parts) == 1 and not true_words:
            return [segment]
        made = [part(segment, words_of(row, start, end), true_words=true_words) for start, end in parts]
        numbered = zip(made, chain([segment.id], islice(fresh, len(made) - 1)), strict=True)
        return [cue.model_copy(update={"id": number}) for cue, number in numbered]

    def add(self, cues: list[Segment], more: list[Segment]) -> None:
        """Append cues, joining each to the previous one if one of the two is too short and both fit together."""
        for cue in more:
            if cues and self.can_merge(cues[-1], cue):
                cues[-1] = join_segments(cues[-1], cue)
            else:
                cues.append(cue)

    def merge_overlaps(self, cues: list[Segment]) -> list[Segment]:
        """Return the cues with two that are spoken at once joined to a dialogue, if both fit."""
        merged: list[Segment] = []
        for cue in sorted(cues, key=lambda cue: cue.start):
            if merged and speak_at_once(merged[-1], cue) and self.fits_dialogue(merged[-1], cue):
                merged[-1] = dialogue(merged[-1], cue)
            else:
                merged.append(cue)
        return merged

    def fits_dialogue(self, first: Segment, second: Segment) -> bool:
        if self.lead(first) or self.lead(second) or not can_be_dialogue(first, second):
            return False
        both = dialogue(first, second)
        rows, page = both.text.split("\n"), self.page(both)
        fits = len(rows) <= page.lines and max(map(width, rows)) <= page.width
        return fits and both.duration <= self.limits.max_duration

    def can_merge(self, first: Segment, second: Segment) -> bool:
        short = min(first.duration, second.duration) < self.limits.min_duration
        pause = second.start - first.end
        if not (self.limits.merge_short and short and 0 <= pause <= JOIN_PAUSE_SECONDS and can_join(first, second)):
            return False
        return self.is_within_limits(join_segments(first, second))

    def is_within_limits(self, cue: Segment) -> bool:
        """Return whether a cue fits its page and the maximum duration."""
        page = self.page(cue)
        row = self.row(cue, page)
        return cue.duration <= self.limits.max_duration and row.fits(0, len(row.atoms), page)

    def lay_out(self, segment: Segment) -> Segment:
        """Return the segment with its text in lines."""
        page = self.page(segment)
        row, true_words = self.row(segment, page), has_true_words(segment)
        laid: list[Word] = []
        for start, end in lines(row, page):
            laid += strip_words(words_of(row, start, end), before="\n" if laid else "")
        text = "".join(word.text for word in laid)
        return segment.model_copy(update={"text": text, "words": laid if true_words else segment.words})

    def apply_times(self, cues: list[Segment]) -> list[Segment]:
        spans = [self.span(cue, after) for cue, after in zip_longest(cues, cues[1:])]
        shown = schedule(spans, self.limits, [milliseconds(shot) for shot in self.shots.shots])
        return [
            cue.model_copy(update={"start": span.start / 1000, "end": span.end / 1000})
            for cue, span in zip(cues, shown, strict=True)
        ]

    def span(self, cue: Segment, after: Segment | None) -> ReadingSpan:
        reading = reading_time(width(cue.text), self.page(cue).speed)
        overlaps = after is not None and speak_at_once(cue, after)
        return ReadingSpan(milliseconds(cue.start), milliseconds(cue.end), reading, overlaps)


def in_order(transcript: Transcript) -> list[Segment]:
    """Return the segments with text, by their starts."""
    return sorted(
        (segment for segment in transcript.segments if segment.text.strip()), key=lambda segment: segment.start
    )


def words_of(row: Row, start: int, end: int) -> list[Word]:
    return [word for atom in row.atoms[start:end] for word in atom.words]


def strip_words(words: list[Word], *, before: str) -> list[Word]:
    """Return the words of a line without surrounding spaces, and with `before` in front."""
    texts = [word.text for word in words]
    for index, text in enumerate(texts):
        texts[index] = text.lstrip()
        if texts[index]:
            break
    for index in range(len(texts) - 1, -1, -1):
        texts[index] = texts[index].rstrip()
        if texts[index]:
            break
    texts[0] = before + texts[0]
    return [word.model_copy(update={"text": text}) for word, text in zip(words, texts, strict=True)]
