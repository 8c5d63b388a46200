"""Where long audio is cut."""

from collections.abc import Iterator
from itertools import islice
from threading import Event

import numpy as np
import pytest

from common.media.chunking import Chunk, SampleSpan, chunks
from common.prefetch import prefetch

LENGTH = 1_000


def find_loud(samples: np.ndarray) -> list[SampleSpan]:
    """Find speech in an idealised way: whatever is not zero."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (samples != 0).astype(int), [0]))))
    return [(int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def audio(length: int, *pauses: SampleSpan) -> np.ndarray:
    samples = np.arange(1, length + 1, dtype=np.float32)
    for begin, end in pauses:
        samples[begin:end] = 0
    return samples


def blocks(samples: np.ndarray, size: int = 70) -> Iterator[np.ndarray]:
    return (samples[at : at + size] for at in range(0, len(samples), size))


def cut(samples: np.ndarray, **more: int) -> list[Chunk]:
    return list(chunks(blocks(samples), LENGTH, find_loud, **more))


def ends(samples: np.ndarray) -> list[int]:
    return [chunk.end for chunk in cut(samples)]


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([(850, 870), (900, 940)], 920),  # the longest of the last fifth
        ([(100, 500), (900, 904)], 902),  # a late short one before an early long one
        ([(100, 140), (300, 340)], 320),  # none late: the latest fifth that has one
        ([], LENGTH),  # nobody ever pauses
    ],
)
def test_a_cut_is_in_the_middle_of_the_longest_late_pause(pauses: list[SampleSpan], expected: int) -> None:
    assert ends(audio(1_300, *pauses))[0] == expected


def test_audio_that_fits_is_one_chunk() -> None:
    assert ends(audio(LENGTH, (400, 600))) == [LENGTH]


def test_no_audio_is_no_chunk() -> None:
    assert cut(audio(0)) == []


def test_the_chunks_put_together_are_the_audio() -> None:
    samples = audio(9_876, *((at, at + 30) for at in range(150, 9_800, 333)))
    found = cut(samples)
    assert np.array_equal(np.concatenate([chunk.samples for chunk in found]), samples)
    assert [chunk.index for chunk in found] == list(range(len(found)))
    assert max(len(chunk.samples) for chunk in found) <= LENGTH


@pytest.mark.parametrize("skipped", [1, 3, 7])
def test_who_goes_on_after_some_chunks_finds_the_same_ones(skipped: int) -> None:
    samples = audio(9_876, *((at, at + 30) for at in range(150, 9_800, 333)))
    whole = cut(samples)
    rest = cut(samples, index=skipped, start=whole[skipped].start)
    assert [(chunk.index, chunk.start, chunk.end) for chunk in rest] == [
        (o.index, o.start, o.end) for o in whole[skipped:]
    ]


def test_nothing_is_left_when_all_chunks_are_there() -> None:
    assert cut(audio(900), index=1, start=900) == []


def test_one_chunk_is_made_while_another_is_worked_on_and_no_more() -> None:
    made: list[int] = []
    second, third = Event(), Event()

    def items() -> Iterator[int]:
        for number, seen in enumerate([Event(), second, third], 1):
            made.append(number)
            seen.set()
            yield number

    coming = prefetch(items())
    assert next(coming) == 1
    assert second.wait(60)
    assert not third.wait(0.05)
    assert list(islice(coming, 2)) == [2, 3]
    coming.close()


def test_an_error_in_the_making_comes_out() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the drive is gone")

    coming = prefetch(items())
    assert next(coming) == 1
    with pytest.raises(OSError, match="drive"):
        next(coming)
