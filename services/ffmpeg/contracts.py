"""Inputs and outputs of the ffmpeg tasks."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from common.contract import Contract, Position, TaskInput, TaskOutput
from common.media.fields import Artifact, MediaFile
from common.media.track_choice import ChosenTrack
from services.ffmpeg.fields import AudioForm, Language, Length, MediaClipInput, MediaInput, SampleRate, TrackInput
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.operations.pictures import SubtitleStyle, VideoForm

Duration = Annotated[float, Field(ge=0, description="seconds")]
MAX_TRACKS = 32
MAX_FONTS = 16


Warnings = Annotated[list[str], Field(default_factory=list, description="anomalies of the input")]


class ProbeInput(TaskInput):
    media_path: MediaFile


PROBE = Contract("ffmpeg.probe", ProbeInput, MediaInfo, summary="Read container, tracks, chapters and tags.")


class ExtractAudioInput(AudioForm, TrackInput, MediaClipInput):
    video_path: MediaFile
    sample_rate: SampleRate | None = 16_000
    channels: Literal[1, 2] | None = 1


class AudioOutput(TaskOutput):
    audio_path: Artifact
    duration: Duration
    sample_rate: int
    channels: int
    track: ChosenTrack
    warnings: Warnings


EXTRACT_AUDIO = Contract(
    "ffmpeg.extract_audio",
    ExtractAudioInput,
    AudioOutput,
    summary="Extract an audio track of a video, by default as 16 kHz mono WAV.",
)


class ExtractKeyframesInput(MediaClipInput):
    video_path: MediaFile
    mode: Annotated[
        Literal["scene", "keyframe", "interval"],
        Field(description="at each scene change, at each I-frame (fastest), or every `interval`"),
    ] = "scene"
    threshold: Annotated[float, Field(gt=0, lt=1, description="threshold of a scene change; lower finds more")] = 0.3
    interval: Length = 10.0
    format: Literal["jpg", "png"] = "jpg"
    max_width: Annotated[int | None, Field(ge=16, le=16_384, description="pixels; never enlarged")] = None
    max_count: Annotated[
        int, Field(ge=1, le=5_000, description="if there are more, an evenly spaced selection is kept")
    ] = 500


class Frame(BaseModel):
    image_path: Artifact
    time: Position


class ExtractKeyframesOutput(TaskOutput):
    frames: list[Frame]
    found: Annotated[int, Field(description="number before `max_count` was applied")]


EXTRACT_KEYFRAMES = Contract(
    "ffmpeg.extract_keyframes",
    ExtractKeyframesInput,
    ExtractKeyframesOutput,
    summary="Save keyframes of a video as pictures.",
)


class DetectShotsInput(MediaInput):
    video_path: MediaFile
    threshold: Annotated[float, Field(gt=0, lt=1, description="threshold of a shot change; lower finds more")] = 0.3


class DetectShotsOutput(TaskOutput):
    shots_path: Annotated[
        Artifact,
        Field(description="JSON with `fps` and `shots`, the times of shot changes in seconds; for `subtitle` tasks"),
    ]
    count: Annotated[int, Field(ge=0, description="number of shot changes")]
    fps: Annotated[float | None, Field(description="frames per second of the video")]


DETECT_SHOTS = Contract(
    "ffmpeg.detect_shots",
    DetectShotsInput,
    DetectShotsOutput,
    summary="Find the shot changes of a video, to which subtitles can be timed.",
)


class SplitAudioSegmentsInput(AudioForm, TrackInput, MediaInput):
    audio_path: Annotated[MediaFile, Field(description="audio, or a video with sound")]
    sample_rate: SampleRate | None = 16_000
    channels: Literal[1, 2] | None = 1
    cut_at: Annotated[
        Literal["length", "silence", "every_silence"],
        Field(
            description="exactly every `max_length`; in the last silence before that; or in every silence",
        ),
    ] = "silence"
    max_length: Annotated[float, Field(ge=1, le=86_400, description="seconds; no segment is longer")] = 600.0
    min_length: Annotated[float, Field(ge=0, description="seconds; cuts in silences leave no shorter segment")] = 1.0
    silence_level: Annotated[float, Field(ge=-90, le=-10, description="dB; quieter audio counts as silence")] = -35.0
    min_silence: Annotated[float, Field(ge=0.05, le=60, description="seconds; shorter silences are not cut")] = 0.5

    @field_validator("min_length")
    @classmethod
    def under_max_length(cls, length: float, info: ValidationInfo) -> float:
        if length >= info.data.get("max_length", float("inf")):
            raise ValueError("must be less than max_length")
        return length


class AudioSegment(BaseModel):
    audio_path: Artifact
    start: Position
    end: Position


class SplitAudioSegmentsOutput(TaskOutput):
    segments: list[AudioSegment]
    track: ChosenTrack
    warnings: Warnings


SPLIT_AUDIO_SEGMENTS = Contract(
    "ffmpeg.split_audio_segments",
    SplitAudioSegmentsInput,
    SplitAudioSegmentsOutput,
    summary="Split audio at silences or at a fixed length.",
)


class CutInput(TrackInput, MediaClipInput):
    media_path: MediaFile
    mode: Annotated[
        Literal["copy", "exact"],
        Field(description="`copy` is instant and lossless, but starts at the previous keyframe; `exact` encodes again"),
    ] = "copy"


class MediaOutput(TaskOutput):
    media_path: Artifact
    duration: Duration
    track: Annotated[ChosenTrack | None, Field(description="the only audio track kept; None if all were kept")] = None
    offset: Annotated[
        float,
        Field(
            ge=0,
            description="second of the input at which the output begins: the start of a cut, with mode `copy` at the "
            "keyframe before; for copied audio without video, its first sound",
        ),
    ] = 0.0
    warnings: Warnings


CUT = Contract("ffmpeg.cut", CutInput, MediaOutput, summary="Cut a part out of a video or an audio file.")


class TranscodeInput(VideoForm, TrackInput, MediaInput):
    media_path: MediaFile


TRANSCODE = Contract("ffmpeg.transcode", TranscodeInput, MediaOutput, summary="Change container, codecs or size.")


class BurnSubtitlesInput(MediaInput):
    video_path: MediaFile
    subtitle_path: Annotated[MediaFile, Field(description="SRT, WebVTT or ASS")]
    encoding: Annotated[
        str | None,
        Field(max_length=32, description="of the subtitles; None detects it; a byte order mark takes precedence"),
    ] = None
    style: Annotated[SubtitleStyle, Field(description="omitted properties keep the subtitles' own values")] = (
        SubtitleStyle()
    )
    font_files: Annotated[
        list[MediaFile],
        Field(max_length=MAX_FONTS, description="additional fonts: TTF, OTF or TTC"),
    ] = Field(default_factory=list)
    crf: Annotated[int, Field(ge=0, le=51, description="H.264 quality; lower is better and larger")] = 20


class BurnSubtitlesOutput(TaskOutput):
    video_path: Artifact
    duration: Duration
    missing_characters: Annotated[
        str, Field(description="characters that no available font contains; send one in `font_files`")
    ] = ""


BURN_SUBTITLES = Contract(
    "ffmpeg.burn_subtitles",
    BurnSubtitlesInput,
    BurnSubtitlesOutput,
    summary="Burn subtitles into the pictures of a video.",
)


class SubtitleTrack(BaseModel):
    """One subtitle file and its properties in players."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subtitle_path: Annotated[MediaFile, Field(description="SRT, WebVTT or ASS")]
    encoding: Annotated[
        str | None, Field(max_length=32, description="None detects it; a byte order mark takes precedence")
    ] = None
    language: Language = "und"
    title: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = ""
    default: bool = False
    forced: bool = False


class MuxSubtitlesInput(MediaInput):
    video_path: MediaFile
    tracks: Annotated[list[SubtitleTrack], Field(min_length=1, max_length=MAX_TRACKS)]
    container: Annotated[
        Literal["mp4", "mkv"] | None,
        Field(description="None is mp4 for an mp4, else mkv; mp4 loses ASS styles"),
    ] = None
    keep_existing: Annotated[bool, Field(description="keep the existing subtitle tracks of the video")] = True


class MuxSubtitlesOutput(TaskOutput):
    video_path: Artifact
    subtitle_tracks: Annotated[int, Field(description="number in the new file, including existing ones")]


MUX_SUBTITLES = Contract(
    "ffmpeg.mux_subtitles",
    MuxSubtitlesInput,
    MuxSubtitlesOutput,
    summary="Add subtitle tracks that can be switched on and off in a player.",
)


class NormalizeAudioInput(AudioForm, TrackInput, MediaInput):
    media_path: MediaFile
    loudness: Annotated[float, Field(ge=-70, le=-5, description="integrated, LUFS; -16 is usual for podcasts")] = -23.0
    true_peak: Annotated[float, Field(ge=-9, le=0, description="highest, dBTP")] = -1.0
    loudness_range: Annotated[float, Field(ge=1, le=50, description="LU")] = 7.0
    keep_video: Annotated[bool, Field(description="keep the video, with the audio as AAC; `format` is ignored")] = False


class Loudness(BaseModel):
    integrated: Annotated[float, Field(description="LUFS")]
    true_peak: Annotated[float, Field(description="dBTP")]
    range: Annotated[float, Field(description="LU")]


class NormalizeAudioOutput(TaskOutput):
    media_path: Artifact
    duration: Duration
    before: Loudness
    after: Loudness
    track: ChosenTrack
    warnings: Warnings


NORMALIZE_AUDIO = Contract(
    "ffmpeg.normalize_audio",
    NormalizeAudioInput,
    NormalizeAudioOutput,
    summary="Normalize audio to a loudness (EBU R128) in two passes: measure, then change.",
)
