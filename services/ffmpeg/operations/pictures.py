"""Video output options: codecs, sizes, and the style of subtitles."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from common.contract import TaskInput
from services.ffmpeg.fields import AudioBitrate

Container = Literal["mp4", "mov", "mkv", "webm"]
VideoCodec = Literal["h264", "h265", "vp9", "av1", "copy", "none"]
AudioCodec = Literal["aac", "opus", "mp3", "flac", "copy", "none"]
HexColour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$", description="#RRGGBB")]
Even = Annotated[int, Field(ge=16, le=16_384, multiple_of=2, description="pixels, even; never enlarged")]

ANYTHING = frozenset({"copy", "none"})
HOLDS_VIDEO: dict[str, frozenset[str]] = {
    "mp4": ANYTHING | {"h264", "h265", "vp9", "av1"},
    "mov": ANYTHING | {"h264", "h265"},
    "mkv": ANYTHING | {"h264", "h265", "vp9", "av1"},
    "webm": ANYTHING | {"vp9", "av1"},
}
HOLDS_AUDIO: dict[str, frozenset[str]] = {
    "mp4": ANYTHING | {"aac", "opus", "mp3", "flac"},
    "mov": ANYTHING | {"aac", "mp3"},
    "mkv": ANYTHING | {"aac", "opus", "mp3", "flac"},
    "webm": ANYTHING | {"opus"},
}
H26X_WORST_CRF = 51


def refuse_misfit(codec: str | None, container: str | None, table: dict[str, frozenset[str]]) -> None:
    if codec and container and codec not in table[container]:
        raise ValueError(f"{container} supports {', '.join(sorted(table[container]))}")


class VideoForm(TaskInput):
    """Video output options."""

    container: Container = "mp4"
    video_codec: Annotated[VideoCodec | None, Field(description="None is vp9 in webm, else h264")] = None
    audio_codec: Annotated[AudioCodec | None, Field(description="None is opus in webm, else aac")] = None
    crf: Annotated[int | None, Field(ge=0, le=63, description="quality; lower is better and larger")] = None
    video_bitrate_kbps: Annotated[int | None, Field(ge=10, le=400_000, description="replaces `crf`")] = None
    speed: Annotated[Literal["fast", "medium", "slow"], Field(description="slower makes smaller files")] = "medium"
    max_width: Even | None = None
    max_height: Even | None = None
    fps: Annotated[float | None, Field(gt=0, le=240, description="frames per second; None keeps the source's")] = None
    audio_bitrate_kbps: AudioBitrate | None = None
    channels: Literal[1, 2] | None = None
    keep_subtitles: Annotated[bool, Field(description="text subtitles are converted to a codec of the container")] = (
        True
    )

    @field_validator("video_codec")
    @classmethod
    def container_holds_video(cls, codec: VideoCodec | None, info: ValidationInfo) -> VideoCodec | None:
        refuse_misfit(codec, info.data.get("container"), HOLDS_VIDEO)
        return codec

    @field_validator("audio_codec")
    @classmethod
    def container_holds_audio(cls, codec: AudioCodec | None, info: ValidationInfo) -> AudioCodec | None:
        refuse_misfit(codec, info.data.get("container"), HOLDS_AUDIO)
        if codec == "none" and info.data.get("video_codec") == "none":
            raise ValueError("with video_codec none too, nothing would be left")
        return codec

    @field_validator("crf")
    @classmethod
    def codec_knows_crf(cls, crf: int | None, info: ValidationInfo) -> int | None:
        codec = info.data.get("video_codec") or ("vp9" if info.data.get("container") == "webm" else "h264")
        if crf is not None and crf > H26X_WORST_CRF and codec in {"h264", "h265"}:
            raise ValueError(f"{codec} knows 0 to {H26X_WORST_CRF}")
        return crf

    @field_validator("video_bitrate_kbps")
    @classmethod
    def one_rate_control(cls, bitrate: int | None, info: ValidationInfo) -> int | None:
        if bitrate is not None and info.data.get("crf") is not None:
            raise ValueError("give either crf or video_bitrate_kbps")
        return bitrate

    @field_validator("max_width", "max_height", "fps")
    @classmethod
    def pictures_are_encoded(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and info.data.get("video_codec") in ANYTHING:
            raise ValueError(
                f"video_codec {info.data['video_codec']} does not encode the pictures, so it cannot change them"
            )
        return value

    @property
    def video(self) -> str:
        return self.video_codec or ("vp9" if self.container == "webm" else "h264")

    @property
    def audio(self) -> str:
        return self.audio_codec or ("opus" if self.container == "webm" else "aac")


class SubtitleStyle(BaseModel):
    """The style of burned subtitles. Sizes and margins refer to a picture 288 lines high."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    font: Annotated[str | None, Field(pattern=r"^[^,=:;'\\\x00-\x1f]{1,100}$", description="its family name")] = None
    font_size: Annotated[float | None, Field(ge=4, le=100)] = None
    bold: bool | None = None
    italic: bool | None = None
    colour: HexColour | None = None
    outline_colour: HexColour | None = None
    outline: Annotated[float | None, Field(ge=0, le=20, description="width")] = None
    shadow: Annotated[float | None, Field(ge=0, le=20, description="depth")] = None
    position: Literal["bottom", "middle", "top"] | None = None
    margin: Annotated[int | None, Field(ge=0, le=280, description="from the edge")] = None
