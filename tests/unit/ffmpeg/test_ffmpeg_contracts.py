"""What can be known at submission is refused at submission, by the field's name."""

from typing import Any

import pytest
from pydantic import ValidationError

from common.contract import Contract, TaskInput
from services.ffmpeg import contracts as c

AUDIO = {"video_path": "a.mp4"}
SPLIT = {"audio_path": "a.wav"}
MEDIA = {"media_path": "a.mp4"}
BURN = {"video_path": "a.mp4", "subtitle_path": "a.srt"}


@pytest.mark.parametrize(
    ("model", "given", "wrong", "field"),
    [
        (c.ExtractAudioInput, AUDIO, {"sample_rate": 7_999}, "sample_rate"),
        (c.ExtractAudioInput, AUDIO, {"format": "opus", "sample_rate": 44_100}, "sample_rate"),
        (c.ExtractAudioInput, AUDIO, {"format": "mp3", "sample_rate": 96_000}, "sample_rate"),
        (c.ExtractAudioInput, AUDIO, {"format": "ogg"}, "format"),
        (c.ExtractAudioInput, AUDIO, {"channels": 3}, "channels"),
        (c.ExtractAudioInput, AUDIO, {"bitrate_kbps": 128}, "bitrate_kbps"),
        (c.ExtractAudioInput, AUDIO, {"start": -1}, "start"),
        (c.ExtractAudioInput, AUDIO, {"start": float("nan")}, "start"),
        (c.ExtractAudioInput, AUDIO, {"start": 5, "end": 5}, "end"),
        (c.ExtractAudioInput, AUDIO, {"end": 0}, "end"),
        (c.ExtractAudioInput, AUDIO, {"track": -1}, "track"),
        (c.ExtractAudioInput, AUDIO, {"sampel_rate": 8_000}, "sampel_rate"),
        (c.ExtractAudioInput, AUDIO, {"video_path": "ftp://x/a.mp4"}, "video_path"),
        (c.ExtractKeyframesInput, AUDIO, {"threshold": 1.0}, "threshold"),
        (c.ExtractKeyframesInput, AUDIO, {"interval": 0}, "interval"),
        (c.ExtractKeyframesInput, AUDIO, {"max_count": 0}, "max_count"),
        (c.SplitAudioSegmentsInput, SPLIT, {"max_length": 5, "min_length": 5}, "min_length"),
        (c.SplitAudioSegmentsInput, SPLIT, {"silence_level": 0}, "silence_level"),
        (c.TranscodeInput, MEDIA, {"container": "webm", "video_codec": "h264"}, "video_codec"),
        (c.TranscodeInput, MEDIA, {"container": "webm", "audio_codec": "aac"}, "audio_codec"),
        (c.TranscodeInput, MEDIA, {"video_codec": "none", "audio_codec": "none"}, "audio_codec"),
        (c.TranscodeInput, MEDIA, {"crf": 20, "video_bitrate_kbps": 500}, "video_bitrate_kbps"),
        (c.TranscodeInput, MEDIA, {"crf": 60}, "crf"),
        (c.TranscodeInput, MEDIA, {"video_codec": "copy", "fps": 25}, "fps"),
        (c.TranscodeInput, MEDIA, {"video_codec": "copy", "max_height": 720}, "max_height"),
        (c.TranscodeInput, MEDIA, {"max_height": 721}, "max_height"),
        (c.BurnSubtitlesInput, BURN, {"style": {"font": "A,Bold=1"}}, "style.font"),
        (c.BurnSubtitlesInput, BURN, {"style": {"colour": "red"}}, "style.colour"),
        (c.MuxSubtitlesInput, AUDIO, {"tracks": []}, "tracks"),
        (c.MuxSubtitlesInput, AUDIO, {"tracks": [{"subtitle_path": "a", "language": "xx"}]}, "tracks.0.language"),
        (c.NormalizeAudioInput, MEDIA, {"loudness": 3}, "loudness"),
    ],
)
def test_a_wrong_field_is_named(
    model: type[TaskInput], given: dict[str, Any], wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        model.model_validate({**given, **wrong})
    assert [".".join(map(str, error["loc"])) for error in raised.value.errors()] == [field]


def test_webm_chooses_its_own_codecs() -> None:
    form = c.TranscodeInput.model_validate({**MEDIA, "container": "webm", "crf": 60})
    assert (form.video, form.audio) == ("vp9", "opus")


def test_every_contract_can_be_shown_as_a_json_schema() -> None:
    contracts = [value for value in vars(c).values() if isinstance(value, Contract)]
    assert len(contracts) == 10
    assert all(contract.input.model_json_schema()["additionalProperties"] is False for contract in contracts)
    assert all(contract.summary for contract in contracts)
