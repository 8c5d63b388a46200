"""Retiming: the slow engine's words at the fast engine's times. The first knows what was said, the second when."""

from collections.abc import Iterator, Sequence

from common.transcript.format import Word

LEAST_S = 0.02
"""Minimum duration of a word, if there is room."""

TimeSpan = tuple[float, float]
"""Start and end in seconds of the medium."""


def retime_words(words: Sequence[Word], known: Sequence[TimeSpan | None], begin: float, end: float) -> list[Word]:
    """Return the words between `begin` and `end`, in order and without overlaps.

    `known` has the times of the same words in the draft. A word that the draft lacks keeps its own time, as far as
    there is room between its neighbors; if there is none, the words share the room.
    """
    placed: list[TimeSpan] = []
    for first, after in runs_of_known(known):
        time = known[first]
        if time is not None:
            placed.append(time)
            continue
        low = placed[-1][1] if placed else begin
        high = next((later[0] for later in known[after:] if later), end)
        if placed and high - low < LEAST_S * (after - first):
            low = placed.pop()[0]  # the previous word gives up some of its time
            placed += equal_shares(after - first + 1, low, max(high, low))
        else:
            placed += fit_times(words[first:after], low, max(high, low))
    return [
        word.model_copy(update={"start": time[0], "end": time[1]})
        for word, time in zip(words, without_overlaps(placed, begin, end), strict=True)
    ]


def runs_of_known(known: Sequence[TimeSpan | None]) -> Iterator[tuple[int, int]]:
    """Yield each known time alone, and consecutive unknown ones together, as start and end indexes."""
    first = 0
    while first < len(known):
        after = first + 1
        while known[first] is None and after < len(known) and known[after] is None:
            after += 1
        yield first, after
        first = after


def fit_times(words: Sequence[Word], low: float, high: float) -> list[TimeSpan]:
    """Return the words' own times if they fit, or else equal shares."""
    own = [(min(max(word.start, low), high), min(max(word.end, low), high)) for word in words]
    return own if all(end - start >= LEAST_S for start, end in own) else equal_shares(len(words), low, high)


def equal_shares(count: int, low: float, high: float) -> list[TimeSpan]:
    step = (high - low) / count
    return [(low + number * step, low + (number + 1) * step) for number in range(count)]


def without_overlaps(times: Sequence[TimeSpan], begin: float, end: float) -> Iterator[TimeSpan]:
    """Yield the times rounded to milliseconds, each starting no earlier than the previous one ends."""
    at = begin
    for time in times:
        start = min(max(round(time[0], 3), at), end)
        at = min(max(round(time[1], 3), start), end)
        yield start, at
