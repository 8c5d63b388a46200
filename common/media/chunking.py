"""Cut an audio stream into chunks at pauses.

Audio is collected up to `length`. If more follows, it is cut in the longest pause of the last fifth; if that fifth has
no pause, in the fifth before it, and so on. Speech without any pause is cut at `length`. The end of a chunk therefore
depends only on the audio since its beginning: an attempt that skips finished chunks finds the same ends again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from common.media.audio import Samples

T = TypeVar("T")
PARTS = 5

SampleSpan = tuple[int, int]
"""First sample and the sample after the last."""
FindSpeech = Callable[["Samples"], list[SampleSpan]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the audio, or one channel of it. `start` and `end` are samples from the beginning of what is read."""

    index: int
    start: int
    samples: Samples
    channel: int | None = None
    """None if `samples` are all that is read."""
    channels: int = 1

    @property
    def end(self) -> int:
        return self.start + len(self.samples)

    @property
    def until(self) -> int:
        """Return the sample up to which all channels are done when this one is, in order of the channels."""
        return self.end if self.channel in {None, self.channels - 1} else self.start


def chunks(
    blocks: Iterator[Samples], length: int, find_speech: FindSpeech, *, index: int = 0, start: int = 0
) -> Iterator[Chunk]:
    """Yield the audio from sample `start` on in chunks of at most `length` samples, numbered from `index`."""
    gathered, filled = np.empty(0, dtype=np.float32), 0
    for block in without_first(blocks, start):
        rest = block
        if not len(gathered):
            gathered = np.empty((length, *block.shape[1:]), dtype=np.float32)
        while len(rest):
            if filled == length:  # and more follows
                whole, cut = gathered, find_cut(gathered, find_speech)
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


def find_cut(audio: Samples, find_speech: FindSpeech) -> int:
    """Return the middle of the longest pause that is late enough, or the end of the audio if there is none."""
    edges = [len(audio) * part // PARTS for part in range(PARTS + 1)]
    for begin, end in reversed(list(pairwise(edges))):
        speech = find_speech(audio[begin:end])
        if found := [pause for pause in pauses(speech, end - begin) if sum(pause)]:
            longest = max(found, key=lambda pause: (pause[1] - pause[0], pause[0]))
            return begin + sum(longest) // 2
    return len(audio)


def pauses(speech: list[SampleSpan], length: int) -> list[SampleSpan]:
    """Return the spans without speech."""
    edges = [0, *(edge for span in speech for edge in span), length]
    return [(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if begin < end]


def separate_channels(samples: Samples) -> list[Samples]:
    """Return each channel on its own, shape (frames,); of a mix only itself."""
    if samples.ndim == 1:
        return [samples]
    return [np.ascontiguousarray(channel) for channel in samples.T]


def find_in_any_channel(find_speech: FindSpeech, samples: Samples) -> list[SampleSpan]:
    """Return the spans in which at least one channel has speech."""
    found = sorted(span for channel in separate_channels(samples) for span in find_speech(channel))
    joined: list[SampleSpan] = []
    for begin, end in found:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def with_check(items: Iterator[T], check: Callable[[], None]) -> Iterator[T]:
    """Yield the items, calling `check` before each one; it raises to stop."""
    for item in items:
        check()
        yield item
