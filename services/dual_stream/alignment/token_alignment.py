"""Token alignment: a global alignment of the tokens of two engines (Needleman and Wunsch 1970).

Why not `difflib`: it takes the longest common block first and never revises that, so a repeated or hallucinated phrase
attracts matches from where they belong; and it only knows equal and unequal. Here the score of a pair also depends on
the similarity of its texts and the distance of its times, and the sum is optimal. See docs/decisions.
"""

from collections.abc import Sequence
from itertools import takewhile

from services.dual_stream.alignment.tokens import AlignmentToken

GAP = -0.8
EQUAL, ALIKE, OTHER = 2.0, 1.0, -0.5
FAR_S = 1.0
FAR = 1.5
"""Penalty of a pair whose times are `FAR_S` or more apart: different words are then no pair, equal ones still are."""

Pair = tuple[int | None, int | None]


def align(ours: Sequence[AlignmentToken], theirs: Sequence[AlignmentToken]) -> list[Pair]:
    """Return pairs of indexes, in order; None where one side has no counterpart. Every index occurs once."""
    best = [[GAP * column for column in range(len(theirs) + 1)]]
    for row, token in enumerate(ours, 1):
        above, line = best[-1], [GAP * row]
        for column, other in enumerate(theirs, 1):
            line.append(max(above[column - 1] + score(token, other), above[column] + GAP, line[-1] + GAP))
        best.append(line)
    return list(reversed(trace_back(best, ours, theirs)))


def trace_back(best: list[list[float]], ours: Sequence[AlignmentToken], theirs: Sequence[AlignmentToken]) -> list[Pair]:
    """Return the best path, traced back from its end."""
    row, column, path = len(ours), len(theirs), list[Pair]()
    while row or column:
        here = best[row][column]
        if row and column and here == best[row - 1][column - 1] + score(ours[row - 1], theirs[column - 1]):
            row, column = row - 1, column - 1
            path.append((row, column))
        elif row and (not column or here == best[row - 1][column] + GAP):
            row -= 1
            path.append((row, None))
        else:
            column -= 1
            path.append((None, column))
    return path


def score(one: AlignmentToken, other: AlignmentToken) -> float:
    return likeness(one.text, other.text) - FAR * min(abs(one.middle - other.middle) / FAR_S, 1.0)


def likeness(one: str, other: str) -> float:
    if one == other:
        return EQUAL
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return ALIKE if 2 * common >= max(len(one), len(other)) else OTHER
