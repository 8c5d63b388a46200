"""Assign the slow engine's words to the utterances of a chunk: every word belongs to exactly one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from common.transcript.format import Segment, Word
from services.dual_stream.alignment.limits import FallbackLimits
from services.dual_stream.alignment.retiming import TimeSpan
from services.dual_stream.alignment.token_alignment import ALIKE, align, likeness
from services.dual_stream.alignment.tokens import UNIT, AlignmentToken, tokenize
from services.dual_stream.context import ProcessingContext, Utterance


@dataclass(slots=True)
class AssignedUtterance:
    """An utterance and the slow engine's words in it, with the draft's times for them."""

    utterance: Utterance
    begin: float
    end: float
    words: list[Word] = field(default_factory=list)
    known: list[TimeSpan | None] = field(default_factory=list)
    confirmed: list[bool] = field(default_factory=list)
    """Whether the draft has the same word, or a similar one, there."""
    heard: list[Segment] = field(default_factory=list)
    """The segments the words come from."""
    agreed: int = 0
    """Number of tokens that both have."""

    def add(self, word: Word, time: TimeSpan | None, segment: Segment, *, confirmed: bool) -> None:
        if segment not in self.heard:
            self.heard.append(segment)
            word = with_leading_space(word, self.words)
        self.words.append(word)
        self.known.append(time)
        self.confirmed.append(confirmed)

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()

    @property
    def agreement(self) -> float:
        """Return the number of common tokens divided by the larger of the two token counts."""
        drafted = self.utterance.draft.words if self.utterance.draft else []
        most = max(len(tokenize(self.words)), len(tokenize(drafted)))
        return self.agreed / most if most else 1.0


def with_leading_space(word: Word, before: Sequence[Word]) -> Word:
    """Return a segment's first word with a leading space, if it follows another segment in a script with spaces."""
    glued = before and UNIT.fullmatch(before[-1].text.strip()[-1:] + word.text[:1])
    return word.model_copy(update={"text": f" {word.text}"}) if glued else word


def assign(context: ProcessingContext, limits: FallbackLimits) -> list[AssignedUtterance]:
    """Assign each word of the slow engine to the utterance whose draft contains it, or else by its time.

    A draft that is not usable neither attracts words nor gives them its times.
    """
    found = [
        AssignedUtterance(utterance, context.seconds(utterance.begin), context.seconds(utterance.end))
        for utterance in context.utterances
    ]
    segments = context.heard.segments if context.heard else []
    spoken = [(word, segment) for segment in segments for word in segment.words]
    drafted = [
        (word, n)
        for n, utterance in enumerate(context.utterances)
        if utterance.draft and limits.is_usable(utterance.draft)
        for word in utterance.draft.words
    ]
    pairs = matching_tokens([word for word, _ in spoken], [word for word, _ in drafted])
    assign_words(spoken, pairs, [n for _, n in drafted], found)
    for token, other in pairs:
        if likeness(token.text, other.text) >= ALIKE:
            found[drafted[other.word][1]].agreed += 1
    return found


def matching_tokens(spoken: Sequence[Word], drafted: Sequence[Word]) -> list[tuple[AlignmentToken, AlignmentToken]]:
    """Return the pairs of corresponding tokens."""
    ours, theirs = tokenize(spoken), tokenize(drafted)
    return [(ours[a], theirs[b]) for a, b in align(ours, theirs) if a is not None and b is not None]


def assign_words(
    spoken: Sequence[tuple[Word, Segment]],
    pairs: Sequence[tuple[AlignmentToken, AlignmentToken]],
    drafted_in: Sequence[int],
    found: Sequence[AssignedUtterance],
) -> None:
    """Assign each word to its utterance. `drafted_in` maps each word of the draft to its utterance."""
    owners = {token.word: drafted_in[other.word] for token, other in reversed(pairs)}
    known = times_of(pairs, len(spoken))
    chosen = all_owners(owners, [word for word, _ in spoken], found)
    confirmed = {token.word for token, other in pairs if likeness(token.text, other.text) >= ALIKE}
    for place, ((word, segment), time, owner) in enumerate(zip(spoken, known, chosen, strict=True)):
        found[owner].add(word, time, segment, confirmed=place in confirmed)


def times_of(pairs: Sequence[tuple[AlignmentToken, AlignmentToken]], count: int) -> list[TimeSpan | None]:
    """Return the draft's time for each of the slow engine's words; None where the draft lacks the word."""
    times: list[TimeSpan | None] = [None] * count
    for token, other in pairs:
        before = times[token.word]
        times[token.word] = (before[0] if before else other.start, other.end)
    return times


def all_owners(owners: dict[int, int], words: Sequence[Word], utterances: Sequence[AssignedUtterance]) -> list[int]:
    """Return the owner of each word; words without a draft go by time, between the owners of their neighbors."""
    places = sorted(owners)
    chosen: list[int] = []
    for place, word in enumerate(words):
        at = bisect_right(places, place)
        low = owners[places[at - 1]] if at else 0
        high = owners[places[at]] if at < len(places) else len(utterances) - 1
        low = max(low, chosen[-1] if chosen else 0)
        chosen.append(owners[place] if place in owners else nearest(word, utterances, low, high))
    return chosen


def nearest(word: Word, utterances: Sequence[AssignedUtterance], low: int, high: int) -> int:
    """Return the utterance from `low` to `high` that contains the word, or is nearest to it."""
    middle = (word.start + word.end) / 2
    return min(
        range(low, max(high, low) + 1),
        key=lambda n: max(utterances[n].begin - middle, middle - utterances[n].end, 0.0),
    )
