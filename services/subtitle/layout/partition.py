"""Optimal partition of a sequence, as Knuth and Plass break a paragraph into lines (1981)."""

from collections.abc import Callable

Part = tuple[int, int]
"""Index of the first element and index after the last."""


def partition(count: int, fits: Callable[[int, int], bool], cost: Callable[[int, int], float]) -> list[Part]:
    """Split `count` elements into parts that fit, at the lowest total cost.

    An element that does not fit alone is a part of its own. What fits must still fit when it is shortened.
    """
    best = [0.0] + [float("inf")] * count
    begin = [0] * (count + 1)
    for end in range(1, count + 1):
        for start in range(end - 1, -1, -1):
            if start < end - 1 and not fits(start, end):
                break
            total = best[start] + cost(start, end)
            if total < best[end]:
                best[end], begin[end] = total, start
    return walk_back(begin)


def walk_back(begin: list[int]) -> list[Part]:
    parts: list[Part] = []
    end = len(begin) - 1
    while end > 0:
        parts.append((begin[end], end))
        end = begin[end]
    return parts[::-1]
