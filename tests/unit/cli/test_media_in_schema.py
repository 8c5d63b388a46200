"""Finding the media files in a task's schema."""

from typing import Any

import pytest
from pydantic import BaseModel

from cli.schema import describe_type, replace_media
from common.contract import TaskInput
from common.media.fields import MediaFile


class Clip(BaseModel):
    source: MediaFile
    title: str = ""


class Input(TaskInput):
    video: MediaFile
    name: str = ""
    subtitles: MediaFile | None = None
    more: list[MediaFile]
    clips: list[Clip]
    rate: int = 1


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"video": "a"}, {"video": "<a>"}),
        ({"name": "a", "rate": 2}, {"name": "a", "rate": 2}),
        ({"subtitles": "a"}, {"subtitles": "<a>"}),
        ({"subtitles": None}, {"subtitles": None}),
        ({"more": ["a", "b"]}, {"more": ["<a>", "<b>"]}),
        ({"clips": [{"source": "a", "title": "b"}]}, {"clips": [{"source": "<a>", "title": "b"}]}),
        ({"unknown": {"video": "a"}}, {"unknown": {"video": "a"}}),
    ],
)
def test_only_what_the_schema_marks_as_media_is_replaced(given: dict[str, Any], sent: dict[str, Any]) -> None:
    assert replace_media(Input.model_json_schema(), given, lambda text: f"<{text}>") == sent


def test_without_a_schema_nothing_is_replaced() -> None:
    assert replace_media({}, {"video": "a"}, str.upper) == {"video": "a"}


def test_a_field_is_described_in_a_few_words() -> None:
    schema = Input.model_json_schema()
    fields = schema["properties"]
    assert describe_type(fields["video"], schema) == "media-file"
    assert describe_type(fields["subtitles"], schema) == "media-file | null"
    assert describe_type({"type": "integer", "minimum": 8, "maximum": 9}, {}) == "integer 8..9"
    assert describe_type({"enum": [1, 2], "type": "integer"}, {}) == "1 | 2"
