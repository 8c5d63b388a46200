"""Levenshtein distance between two sequences."""

from collections.abc import Sequence


def distance(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the smallest number of insertions, deletions and substitutions that turn `first` into `second`."""
    row = list(range(len(second) + 1))
    for number, one in enumerate(first, 1):
        above, row[0] = row[0], number
        for column, other in enumerate(second, 1):
            above, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, above + (one != other))
    return row[-1]
