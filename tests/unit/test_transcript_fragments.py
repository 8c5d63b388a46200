"""What an attempt has told in its events beside what it has recorded."""

import json
from typing import Any

import pytest

from common.transcript.format import Segment, Transcript
from common.transcript.live import published_segments, with_published

STARTED = ("signal", '{"code":"started","attempt":1}')
RESUMED = ("signal", '{"code":"resumed","attempt":2}')

DRAFT = '{"language": "en", "segments": [{"id": 0, "start": 1, "end": 2, "text": "back back"}]}'
WITHDRAWN = '{"language": "en", "segments": [{"id": 0, "start": 1, "end": 2, "text": ""}]}'


def event(kind: str, *segments: tuple[int, str], **more: Any) -> tuple[str, str]:
    shown = [{"id": n, "start": n, "end": n + 1, "text": text, **more} for n, text in segments]
    return kind, json.dumps({"segment_index": segments[0][0], "language": "en", "segments": shown})


def texts(*events: tuple[str, str]) -> list[tuple[int, str, str]]:
    return [(segment.id, segment.text, segment.source) for segment in published_segments(events)]


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([], []),
        ([STARTED, event("fragment", (0, "a"), (1, "b"))], [(0, "a", "final"), (1, "b", "final")]),
        ([event("draft", (0, "a?")), event("fragment", (0, "a"))], [(0, "a", "final")]),
        ([event("fragment", (0, "a")), event("draft", (0, "a?"))], [(0, "a", "final")]),
        ([event("fragment", (0, "a")), event("fragment", (0, "b"))], [(0, "b", "final")]),
        ([event("fragment", (0, "a"), (1, "b")), RESUMED, event("fragment", (0, "c"))], [(0, "c", "final")]),
        ([event("fragment", (0, "a")), ("signal", '{"code":"retrying","attempt":2}')], [(0, "a", "final")]),
        ([event("fragment", (0, "a")), event("fragment", (0, "mine"), modified=True)], [(0, "a", "final")]),
        ([event("fragment", (0, "a"), source="draft")], [(0, "a", "draft")]),
        ([("progress", '{"percent":1}'), ("error", '{"code":"x"}')], []),
    ],
)
def test_each_segment_is_as_the_last_attempt_told_it_last(
    events: list[tuple[str, str]], left: list[tuple[int, str, str]]
) -> None:
    assert texts(*events) == left


def make_segment(segment_id: int, text: str, source: str = "final") -> Segment:
    return Segment.model_validate(
        {"id": segment_id, "start": segment_id, "end": segment_id + 1, "text": text, "source": source}
    )


def test_what_is_recorded_wins_but_for_a_draft_over_a_final() -> None:
    recorded = Transcript(
        source="checkpoint", segments=[make_segment(0, "recorded"), make_segment(1, "recorded draft", "draft")]
    )
    whole = with_published(
        recorded, [make_segment(0, "told"), make_segment(1, "told"), make_segment(2, "news", "draft")]
    )
    assert [segment.text for segment in whole.segments] == ["recorded", "told", "news"]
    assert (whole.source, whole.duration) == ("checkpoint", 3.0)


def test_what_was_only_told_is_a_text_of_one_engine() -> None:
    assert with_published(Transcript(source="none"), [make_segment(0, "a")]).source == "checkpoint"
    assert with_published(Transcript(source="none"), []) == Transcript(source="none")


def test_a_withdrawn_draft_is_not_shown() -> None:
    published = published_segments([("draft", DRAFT), ("fragment", WITHDRAWN)])
    assert with_published(Transcript(source="none"), published).segments == []
