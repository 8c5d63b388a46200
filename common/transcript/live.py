"""Segments from events: what an attempt has published but not yet recorded in its checkpoint."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic_core import from_json

from common.transcript.format import Segment, Transcript

BEGINNINGS = {"started", "resumed"}


def dump_segment(segment: Segment) -> dict[str, Any]:
    return segment.model_dump(include={"id", "start", "end", "text"} | ({"speaker"} if segment.speaker else set()))


def fragment(
    segments: Sequence[Segment], serialize: Callable[[Segment], dict[str, Any]] = dump_segment
) -> dict[str, Any]:
    """Return the data of a `fragment` or a `draft`; `serialize` is called with each segment."""
    first = segments[0]
    return {
        "segment_index": first.id,
        "language": first.language,
        "segments": [serialize(segment) for segment in segments],
    }


def published_segments(events: Iterable[tuple[str, str]]) -> list[Segment]:
    """Return the segments in the drafts and fragments of the last attempt, each in its latest version.

    `events` are pairs of event and data JSON, oldest first. Events about edits are skipped: the edits themselves are
    read separately.
    """
    found: dict[int, Segment] = {}
    for event, data in events:
        if event == "signal" and from_json(data).get("code") in BEGINNINGS:
            found.clear()
        elif event in {"draft", "fragment"}:
            for segment in segments_in(event, from_json(data)):
                if event == "fragment" or segment.id not in found:
                    found[segment.id] = segment
    return list(found.values())


def segments_in(event: str, data: dict[str, Any]) -> Iterable[Segment]:
    source = "draft" if event == "draft" else "final"
    common = {"language": data.get("language"), "source": source}
    return (Segment.model_validate(common | segment) for segment in data["segments"] if "modified" not in segment)


def with_published(transcript: Transcript, told: list[Segment]) -> Transcript:
    """Return the transcript merged with published segments; recorded ones win, except a draft over a final."""
    known = {segment.id: segment for segment in transcript.segments}
    news = [segment for segment in told if segment.text and is_news(segment, known.get(segment.id))]
    if not news:
        return transcript
    segments = sorted(
        (known | {segment.id: segment for segment in news}).values(), key=lambda segment: (segment.start, segment.id)
    )
    update = {
        "segments": segments,
        "duration": max(segment.end for segment in segments),
        "language": transcript.language or news[0].language,
        "source": "checkpoint" if transcript.source == "none" else transcript.source,
    }
    return transcript.model_copy(update=update)


def is_news(told: Segment, recorded: Segment | None) -> bool:
    return recorded is None or (told.source == "final" and recorded.source == "draft")
