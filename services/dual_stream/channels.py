"""Channels of a recording as parts of the pipeline: each channel of a chunk passes the stages on its own.

Only the last channel moves `until` to the end of the chunk. So the next attempt after one that was killed between two
channels reads the chunk again and continues with the missing ones.
"""

from collections.abc import Iterator
from itertools import groupby

from common.media.chunking import Chunk, separate_channels
from common.transcript.format import Segment
from services.dual_stream.records import FinalRecord


def split_channels(chunks: Iterator[Chunk], count: int, done: int) -> Iterator[Chunk]:
    """Yield the channels of each chunk, numbered on from `done`: so many parts of the recording are final already."""
    for chunk in chunks:
        first = chunk.index * count
        for channel, samples in enumerate(separate_channels(chunk.samples)):
            if first + channel >= done:
                yield Chunk(first + channel, chunk.start, samples, channel, count)


def label_speaker(segment: Segment, speaker: str | None) -> Segment:
    if speaker is None:
        return segment
    words = [word.model_copy(update={"speaker": speaker}) for word in segment.words]
    return segment.model_copy(update={"speaker": speaker, "words": words})


def segments_by_time(records: Iterator[FinalRecord]) -> Iterator[Segment]:
    """Yield all segments; those of the channels of a chunk, which are records of their own, by time."""
    for _, parts in groupby(records, key=lambda record: (record.start, record.end)):
        together = list(parts)
        segments = [segment for record in together for segment in record.segments]
        if len(together) > 1:
            segments.sort(key=lambda segment: (segment.start, segment.id))
        yield from segments
