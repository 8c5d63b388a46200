"""What can be known at submission is refused at submission, by the field's name."""

from typing import Any

import pytest
from pydantic import ValidationError

from common.contract import Contract, TaskInput
from common.worker.task import REGISTRY
from services.subtitle import contracts as c
from services.subtitle import tasks

FILES = {"transcript_path": "t.json"}
CONVERT = {"subtitle_path": "a.srt", "format": "vtt"}
SPEAKERS = {"transcript_path": "t.json", "diarization_path": "d.rttm"}


@pytest.mark.parametrize(
    ("model", "given", "wrong", "field"),
    [
        (c.GenerateFilesInput, FILES, {"formats": []}, "formats"),
        (c.GenerateFilesInput, FILES, {"formats": ["srt", "srt"]}, "formats"),
        (c.GenerateFilesInput, FILES, {"formats": ["docx"]}, "formats.0"),
        (c.GenerateFilesInput, FILES, {"limits": {"max_lines": 0}}, "limits.max_lines"),
        (c.GenerateFilesInput, FILES, {"limits": {"min_duration": 5, "max_duration": 2}}, "limits"),
        (c.GenerateFilesInput, FILES, {"ass_style": {"font": "A,Bold=1"}}, "ass_style.font"),
        (c.GenerateFilesInput, FILES, {"ass_style": {"colour": "red"}}, "ass_style.colour"),
        (c.GenerateFilesInput, FILES, {"transcript_path": "ftp://x/t.json"}, "transcript_path"),
        (c.SegmentInput, FILES, {"limits": {"max_line_width": 7}}, "limits.max_line_width"),
        (c.SegmentInput, FILES, {"limits": {"max_speed": float("nan")}}, "limits.max_speed"),
        (c.SegmentInput, FILES, {"limit": {}}, "limit"),
        (c.ConvertInput, CONVERT, {"format": "doc"}, "format"),
        (c.ConvertInput, CONVERT, {"encoding": "klingon"}, "encoding"),
        (c.ConvertInput, CONVERT, {"encoding": "hex"}, "encoding"),
        (c.ConvertInput, CONVERT, {"fps": 0}, "fps"),
        (c.AssignSpeakersInput, SPEAKERS, {"max_distance": -1}, "max_distance"),
    ],
)
def test_a_wrong_field_is_named(
    model: type[TaskInput], given: dict[str, Any], wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        model.model_validate({**given, **wrong})
    assert [".".join(map(str, error["loc"])) for error in raised.value.errors()] == [field]


def test_every_contract_has_its_function_and_a_schema() -> None:
    contracts = [value for value in vars(c).values() if isinstance(value, Contract)]
    assert contracts
    for contract in contracts:
        assert REGISTRY[contract.name].function.__module__ == tasks.__name__
        assert contract.input.model_json_schema()["additionalProperties"] is False
        assert contract.queue == "subtitle"
        assert contract.summary
