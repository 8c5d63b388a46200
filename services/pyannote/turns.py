"""Turns: who speaks when, statistics, and RTTM."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.pyannote.contracts import Speaker

DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker, without a pause. Times are seconds of the medium."""

    start: float
    end: float
    speaker: str

    @property
    def duration(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Diarization:
    """All turns, in chronological order."""

    turns: Sequence[Turn]
    """They may overlap."""
    exclusive: Sequence[Turn]
    """The same with one speaker at a time."""


def speakers(turns: Sequence[Turn]) -> dict[str, Speaker]:
    """Return each speaker's statistics, longest speech first."""
    total = sum(turn.duration for turn in turns)
    found = {label: [turn for turn in turns if turn.speaker == label] for label in {turn.speaker for turn in turns}}
    parts = {
        label: Speaker(
            seconds=round(seconds := sum(turn.duration for turn in own), DECIMALS),
            share=round(seconds / total, DECIMALS),
            turns=len(own),
        )
        for label, own in found.items()
    }
    return dict(sorted(parts.items(), key=lambda item: (-item[1].seconds, item[0])))


def overlap(turns: Sequence[Turn]) -> float:
    """Return the seconds during which more than one speaks."""
    edges = sorted([(turn.start, 1) for turn in turns] + [(turn.end, -1) for turn in turns])
    seconds, active, since = 0.0, 0, 0.0
    for at, change in edges:
        seconds += at - since if active > 1 else 0.0
        active, since = active + change, at
    return round(seconds, DECIMALS)


def one_at_a_time(turns: Sequence[Turn]) -> list[Turn]:
    """Return turns without overlaps, in order: the last speaker to start has priority, then the previous one continues.

    The library's own exclusive turns may overlap where it closed a short gap across another speaker.
    """
    marks = sorted({at for turn in turns for at in (turn.start, turn.end)})
    coming = deque(sorted(turns, key=lambda turn: turn.start))
    active: list[Turn] = []
    found: list[Turn] = []
    for start, end in pairwise(marks):
        active = [turn for turn in active if turn.end > start]
        while coming and coming[0].start <= start:
            active.append(coming.popleft())
        if active:
            found.append(Turn(start, end, active[-1].speaker))
    return join_turns(found)


def join_turns(turns: Sequence[Turn]) -> list[Turn]:
    whole: list[Turn] = []
    for turn in turns:
        if whole and whole[-1].speaker == turn.speaker and whole[-1].end == turn.start:
            turn = Turn(whole.pop().start, turn.end, turn.speaker)  # noqa: PLW2901 - the longer one of them
        whole.append(turn)
    return whole


def rttm(turns: Sequence[Turn], name: str) -> str:
    """Return RTTM (NIST, The 2009 Rich Transcription Evaluation Plan, appendix A). The name must not contain spaces."""
    return "".join(rttm_lines(turns, name))


def rttm_lines(turns: Sequence[Turn], name: str) -> Iterator[str]:
    for turn in turns:
        times = f"{turn.start:.3f} {turn.duration:.3f}"
        yield f"SPEAKER {name} 1 {times} <NA> <NA> {turn.speaker} <NA> <NA>\n"
