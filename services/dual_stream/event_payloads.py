"""How segments are told, for clients that do what `common.state.events` says.

Every segment of a draft comes again in a fragment with the same id, so a client that has heard all of them has the
finals, in whatever pieces it heard them, and however often.
"""

from typing import Any

from common.transcript.format import Segment
from common.transcript.live import fragment

SHOWN = {"id", "start", "end", "text", "source"}


def segments_payload(segments: list[Segment]) -> dict[str, Any]:
    """Return the data of a `draft` or a `fragment`."""
    return fragment(segments, segment_payload)


def segment_payload(segment: Segment) -> dict[str, Any]:
    return segment.model_dump(include=SHOWN | ({"modified"} if segment.modified else set()))
