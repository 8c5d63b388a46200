"""Media information: container, tracks, chapters, tags."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from common.contract import TaskOutput

StreamKind = Literal["video", "audio", "subtitle", "data", "attachment", "picture"]
MetadataTags = dict[str, str]

BITMAP_SUBTITLES = frozenset({"hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub"})
WEBM_CODECS = frozenset({"vp8", "vp9", "av1", "opus", "vorbis", "webvtt"})


class StreamInfo(BaseModel):
    """One track. `picture` is a cover image; fields of other kinds are None."""

    index: int
    kind: StreamKind
    codec: str
    language: str | None = None
    title: str | None = None
    default: bool = False
    forced: bool = False
    start: Annotated[float | None, Field(description="seconds from the beginning of the medium")] = None
    duration: Annotated[float | None, Field(description="seconds")] = None
    bit_rate: Annotated[int | None, Field(description="bit/s")] = None
    width: Annotated[int | None, Field(description="pixels, as stored: before rotation")] = None
    height: Annotated[int | None, Field(description="pixels, as stored: before rotation")] = None
    fps: float | None = None
    rotation: Annotated[int | None, Field(description="degrees by which a player turns it, counter-clockwise")] = None
    pixel_format: str | None = None
    sample_rate: Annotated[int | None, Field(description="Hz")] = None
    channels: int | None = None
    tags: MetadataTags = Field(default_factory=dict)


class Chapter(BaseModel):
    start: Annotated[float, Field(description="seconds")]
    end: Annotated[float, Field(description="seconds")]
    title: str = ""


class MediaInfo(TaskOutput):
    """A medium according to its headers."""

    container: Annotated[str, Field(description="ffmpeg's name, e.g. `matroska,webm`")]
    duration: Annotated[float | None, Field(description="seconds; None if the file does not contain it")] = None
    size: Annotated[int, Field(ge=0, description="bytes")]
    bit_rate: Annotated[int | None, Field(description="bit/s")] = None
    streams: list[StreamInfo]
    chapters: list[Chapter] = Field(default_factory=list)
    tags: MetadataTags = Field(default_factory=dict)

    def of(self, kind: StreamKind) -> list[StreamInfo]:
        return [stream for stream in self.streams if stream.kind == kind]

    @property
    def extension(self) -> str:
        """The extension of a file that holds the same tracks unchanged; Matroska holds nearly everything."""
        names = set(self.container.split(","))
        if "webm" in names and all(stream.codec in WEBM_CODECS for stream in self.streams):
            return "webm"
        if "mp4" in names:
            return "mp4" if self.of("video") else "m4a"
        return next((name for name in ("mp3", "wav", "flac", "ogg") if name in names), "mkv")
