"""How the inputs of `baton submit` are read."""

from pathlib import Path

import pytest

from cli import arguments
from cli.errors import BadArgument


def test_an_equals_sign_gives_text() -> None:
    assert arguments.read(["sample_rate=8000", "name="]) == {"sample_rate": "8000", "name": ""}


def test_a_colon_before_it_gives_json() -> None:
    read = arguments.read(["sample_rate:=8000", 'parts:=[1, "b"]', "fast:=true", "none:=null"])
    assert read == {"sample_rate": 8000, "parts": [1, "b"], "fast": True, "none": None}


@pytest.mark.parametrize("text", ["a=b", "x:=1", "http://host/?q=1&r:=2", "two\nlines"])
def test_only_the_first_separator_counts(text: str) -> None:
    assert arguments.read([f"key={text}"]) == {"key": text}


def test_a_file_is_the_whole_input_and_later_items_override_it(tmp_path: Path) -> None:
    file = tmp_path / "input.json"
    file.write_text('{"video_path": "a.mp4", "channels": 2}', encoding="utf-8")
    assert arguments.read([f"@{file}", "channels:=1"]) == {"video_path": "a.mp4", "channels": 1}


@pytest.mark.parametrize("item", ["", "word", "=value", ":=1", "key:=", "key:={", "@/no/such/file.json"])
def test_anything_else_is_refused_by_name(item: str) -> None:
    with pytest.raises(BadArgument) as refused:
        arguments.read([item])
    assert item.removeprefix("@") in refused.value.message


def test_a_file_must_hold_an_object(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text("[1]", encoding="utf-8")
    with pytest.raises(BadArgument, match="must contain a JSON object"):
        arguments.read([f"@{file}"])
