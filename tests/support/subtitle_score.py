"""Accuracy of recognized subtitles: F1 by line, character error rate (CER), and times."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.transcript.format import Segment
from tests.support.burned import Shown
from tests.support.edit_distance import distance

ALIKE = 0.5
"""Fraction of wrong characters up to which a line counts as found; the CER measures how wrong it is."""


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one video. Times are the largest errors among the lines that were found, in seconds."""

    f1: float
    cer: float
    start_error: float
    end_error: float


def score(read: Sequence[Segment], truth: Sequence[Shown]) -> Score:
    """Match each true line with the text recognized at its time, one to one."""
    left = list(read)
    pairs: list[tuple[Segment, Shown]] = []
    for line in truth:
        best = max(left, key=lambda segment: overlap_seconds(segment, line), default=None)
        if (
            best
            and overlap_seconds(best, line) > 0
            and distance(normalize_text(best.text), normalize_text(line.text)) <= ALIKE * len(line.text)
        ):
            pairs.append((best, line))
            left.remove(best)
    wrong = sum(distance(normalize_text(segment.text), normalize_text(line.text)) for segment, line in pairs)
    letters = sum(len(normalize_text(line.text)) for _, line in pairs)
    return Score(
        f1=2 * len(pairs) / ((len(read) + len(truth)) or 1),
        cer=wrong / letters if letters else 0.0,
        start_error=max((abs(segment.start - line.start) for segment, line in pairs), default=0.0),
        end_error=max((abs(segment.end - line.end) for segment, line in pairs), default=0.0),
    )


def overlap_seconds(segment: Segment, line: Shown) -> float:
    return min(segment.end, line.end) - max(segment.start, line.start)


def normalize_text(text: str) -> str:
    """Return the text without spaces, which the small models omit, and with ASCII punctuation."""
    signs = str.maketrans("，。？！：；", ",.?!:;")  # noqa: RUF001 - full-width signs
    return "".join(text.split()).translate(signs)
