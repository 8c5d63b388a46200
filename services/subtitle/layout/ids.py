"""Ids of split segments: the first part keeps the id, the others get new ones above all existing ones."""

from collections.abc import Iterator
from itertools import count

from common.transcript.format import Transcript


def new_ids(transcript: Transcript) -> Iterator[int]:
    """Yield unused ids, in order, so that the same input always gives the same ids."""
    return count(max((segment.id for segment in transcript.segments), default=-1) + 1)
