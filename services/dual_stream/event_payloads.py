"""Payloads of `draft` and `fragment` events, for clients that follow `common.state.events`.

Every segment of a draft is repeated in a fragment with the same id, so a client that has received all events has the
finals, however they were split and however often they arrived. An empty text withdraws a draft.
"""

from typing import Any

from common.transcript.format import Segment
from common.transcript.live import fragment

SHOWN = {"id", "start", "end", "text", "source"}


def segments_payload(segments: list[Segment]) -> dict[str, Any]:
    """Return the data of a `draft` or a `fragment`."""
    return fragment(segments, segment_payload)


def segment_payload(segment: Segment) -> dict[str, Any]:
    given = {name for name in ("modified", "speaker") if getattr(segment, name)}
    return segment.model_dump(include=SHOWN | given)
