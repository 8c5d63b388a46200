"""Cutting a stream of audio at its silences.

The audio is gathered up to `length`. If it goes on, it is cut in the longest pause of the last fifth of that; where
that fifth has none, in the one before it, and so on. Speech without any pause is cut at `length`. So where a chunk ends
depends on nothing but the audio since its beginning: an attempt that skips the chunks it has finds the same ends again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from common.media.audio import Samples

T = TypeVar("T")
PARTS = 5

Span = tuple[int, int]
"""From one sample to another."""
FindSpeech = Callable[["Samples"], list[Span]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the audio. `start` and `end` are samples from the beginning of what is read."""

    index: int
    start: int
    samples: Samples

    @property
    def end(self) -> int:
        return self.start + len(self.samples)


def chunks(
    blocks: Iterator[Samples], length: int, find_speech: FindSpeech, *, index: int = 0, start: int = 0
) -> Iterator[Chunk]:
    """Yield the audio from the sample `start` on, in chunks of at most `length` samples, counted from `index`."""
    import numpy as np

    gathered, filled = np.empty(length, dtype=np.float32), 0
    for block in without_first(blocks, start):
        rest = block
        while len(rest):
            if filled == length:  # and it goes on
                whole, cut = gathered, place_to_cut(gathered, find_speech)
                gathered, filled = np.empty_like(whole), length - cut
                gathered[:filled] = whole[cut:]
                yield Chunk(index, start, whole[:cut])
                index, start = index + 1, start + cut
            taken, rest = rest[: length - filled], rest[length - filled :]
            gathered[filled : filled + len(taken)] = taken
            filled += len(taken)
    if filled:
        yield Chunk(index, start, gathered[:filled])


def without_first(blocks: Iterator[Samples], count: int) -> Iterator[Samples]:
    for block in blocks:
        if count < len(block):
            yield block[count:]
        count = max(count - len(block), 0)


def place_to_cut(audio: Samples, find_speech: FindSpeech) -> int:
    """Return the middle of the longest pause that comes late enough, or the end of the audio where it has none."""
    edges = [len(audio) * part // PARTS for part in range(PARTS + 1)]
    for begin, end in reversed(list(pairwise(edges))):
        speech = find_speech(audio[begin:end])
        if pauses := [pause for pause in between(speech, end - begin) if sum(pause)]:
            longest = max(pauses, key=lambda pause: (pause[1] - pause[0], pause[0]))
            return begin + sum(longest) // 2
    return len(audio)


def between(speech: list[Span], length: int) -> list[Span]:
    """Return where nobody speaks."""
    edges = [0, *(edge for span in speech for edge in span), length]
    return [(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if begin < end]


def with_check(items: Iterator[T], check: Callable[[], None]) -> Iterator[T]:
    """Yield the items, with a `check` before each one that raises when there is to be no more."""
    for item in items:
        check()
        yield item


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """Yield the items; while one is worked on, the next one is made in another thread. Never more than that one."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as other:
        coming = other.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = other.submit(next, items, None)
            yield item
