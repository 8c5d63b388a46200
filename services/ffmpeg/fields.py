"""Field types shared by the ffmpeg contracts."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from common.contract import ClipInput, TaskInput
from common.media.languages import LANGUAGE_CODES
from common.media.track_choice import AudioTrackNumber

AudioFormat = Literal["wav", "flac", "mp3", "opus", "aac"]
Length = Annotated[float, Field(gt=0, allow_inf_nan=False, description="seconds")]
SampleRate = Annotated[int, Field(ge=8_000, le=192_000, description="Hz")]
AudioBitrate = Annotated[int, Field(ge=6, le=640, description="audio bitrate, kbit/s")]
LossyBitrate = Annotated[AudioBitrate | None, Field(description="for mp3, opus and aac only; None is a good default")]

SAMPLE_RATES: dict[str, frozenset[int]] = {
    "mp3": frozenset({8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000}),
    "opus": frozenset({8_000, 12_000, 16_000, 24_000, 48_000}),
    "aac": frozenset(
        {8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000},
    ),
}
"""The sample rates of each lossy format; other formats support any."""

LOSSY = frozenset(SAMPLE_RATES)


def language(code: str) -> str:
    """Return the three-letter code (ISO 639-2) of a language.

    Raises:
        ValueError: an unknown two-letter code.
    """
    known = LANGUAGE_CODES.get(code, code)
    if len(known) != len("und"):
        raise ValueError("unknown two-letter language code; send the three-letter one (ISO 639-2)")
    return known


Language = Annotated[
    str,
    Field(pattern=r"^[a-z]{2,3}$", description="ISO 639: `en`, `zh`, `eng`, `chi`"),
    AfterValidator(language),
]


class TrackInput(TaskInput):
    """Fields of every task that reads one audio track."""

    track: AudioTrackNumber = None
    language: Annotated[Language | None, Field(description="of the audio track to choose: ISO 639, `en`, `eng`")] = None


class MediaInput(TaskInput):
    """Fields of every task that decodes a medium."""

    allow_damaged: Annotated[
        bool, Field(description="process the readable part of a file that ends early, instead of failing")
    ] = False


class MediaClipInput(ClipInput, MediaInput):
    """A medium of which a part can be selected."""


class AudioForm(TaskInput):
    """Audio output options."""

    format: Annotated[AudioFormat, Field(description="`wav` is 16-bit PCM; `aac` is written as .m4a")] = "wav"
    sample_rate: SampleRate | None = None
    channels: Literal[1, 2] | None = None
    bitrate_kbps: LossyBitrate = None

    @field_validator("sample_rate")
    @classmethod
    def format_holds_rate(cls, rate: int | None, info: ValidationInfo) -> int | None:
        allowed = SAMPLE_RATES.get(info.data.get("format", ""))
        if rate and allowed and rate not in allowed:
            raise ValueError(f"{info.data['format']} supports {', '.join(map(str, sorted(allowed)))} Hz")
        return rate

    @field_validator("bitrate_kbps")
    @classmethod
    def format_is_lossy(cls, bitrate: int | None, info: ValidationInfo) -> int | None:
        if bitrate and info.data.get("format") not in LOSSY:
            raise ValueError("only mp3, opus and aac have a bitrate")
        return bitrate
