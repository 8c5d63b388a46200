"""Inputs and outputs of the subtitle tasks."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from common.captions.document import Format, Target
from common.contract import Contract, TaskOutput
from common.media.fields import Artifact, MediaFile
from common.transcript.format import LATEST_S
from services.subtitle.fields import (
    Cues,
    Fps,
    Ids,
    ReadReport,
    ShotsFile,
    SubtitleInput,
    TranscriptFile,
    WordTimes,
)
from services.subtitle.formats.styles import AssStyle
from services.subtitle.layout.limits import Limits

Written = Literal["srt", "vtt", "ass", "txt", "json"]


def default_formats() -> list[Written]:
    return ["srt"]


class GenerateFilesInput(SubtitleInput):
    transcript_path: TranscriptFile
    shots_path: ShotsFile = None
    formats: Annotated[list[Written], Field(default_factory=default_formats, min_length=1, max_length=5)]
    segmenting: Annotated[
        bool, Field(description="split and join segments into readable cues; false writes them unchanged")
    ] = True
    limits: Annotated[Limits, Field(description="limits of a cue, when segmenting")] = Limits()
    speaker_prefix: Annotated[bool, Field(description="write `Name: ` before the text")] = False
    ass_style: AssStyle = AssStyle()
    word_times: WordTimes = False
    second_path: Annotated[
        MediaFile | None,
        Field(
            description="a second language: a Transcript with the same ids. Cues are then wrapped and timed, but "
            "neither split nor joined; for that, use `subtitle.segment` before the translation"
        ),
    ] = None
    second_position: Literal["above", "below"] = "below"

    @field_validator("formats")
    @classmethod
    def each_once(cls, formats: list[Written]) -> list[Written]:
        if len(set(formats)) < len(formats):
            raise ValueError("each format only once")
        return formats


class Problems(TaskOutput):
    """What could not be met."""

    too_fast: Annotated[Ids, Field(description="ids of cues that exceed `max_speed`")]
    too_wide: Annotated[Ids, Field(description="ids of cues with a word wider than a line")]
    too_short: Annotated[Ids, Field(description="ids of cues that are shown for less than `min_duration`")]


class GenerateFilesOutput(ReadReport, Problems):
    srt_path: Artifact | None = None
    vtt_path: Artifact | None = None
    ass_path: Artifact | None = None
    txt_path: Artifact | None = None
    json_path: Artifact | None = None
    cues: Cues
    empty: Annotated[bool, Field(description="the transcript has no text, so the files have no cues")]
    unmatched: Annotated[Ids, Field(description="ids that only one of the two transcripts has")]


GENERATE_FILES = Contract(
    "subtitle.generate_files",
    GenerateFilesInput,
    GenerateFilesOutput,
    summary="Write a transcript as SRT, WebVTT, ASS, text or JSON, in readable cues.",
)


class SegmentInput(SubtitleInput):
    transcript_path: TranscriptFile
    shots_path: ShotsFile = None
    limits: Limits = Limits()


class SegmentOutput(ReadReport, Problems):
    transcript_path: Annotated[Artifact, Field(description="a Transcript in which each segment is a cue")]
    cues: Cues
    empty: bool


SEGMENT = Contract(
    "subtitle.segment",
    SegmentInput,
    SegmentOutput,
    summary="Split and join segments into readable cues: lines, speed, durations, gaps.",
)


class ConvertInput(SubtitleInput):
    subtitle_path: Annotated[
        MediaFile,
        Field(description="SRT, WebVTT, ASS, SSA, TTML, SCC, EBU-STL, LRC, MPL2, MicroDVD or Transcript JSON"),
    ]
    format: Target
    fps: Fps = None
    ass_style: Annotated[AssStyle, Field(description="for ASS and SSA converted from another format")] = AssStyle()
    word_times: WordTimes = False


class ConvertOutput(ReadReport):
    subtitle_path: Artifact
    source_format: Format
    cues: Cues
    empty: bool
    repaired: Annotated[int, Field(description="cues with impossible times, such as an end before the start")]


CONVERT = Contract(
    "subtitle.convert",
    ConvertInput,
    ConvertOutput,
    summary="Convert subtitles between formats and to UTF-8.",
)


class SyncPoint(BaseModel):
    """A moment of the file, and when it should be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Annotated[float, Field(ge=0, le=LATEST_S, description="seconds in the file")]
    becomes: Annotated[float, Field(ge=0, le=LATEST_S, description="seconds in the result")]


class ShiftInput(SubtitleInput):
    subtitle_path: TranscriptFile
    offset: Annotated[float, Field(ge=-LATEST_S, le=LATEST_S, description="seconds; negative is earlier")] = 0.0
    from_fps: Annotated[
        float | None, Field(gt=1, le=240, description="frame rate of the video that the file was made for")
    ] = None
    to_fps: Annotated[float | None, Field(gt=1, le=240, description="frame rate of the video that it is for")] = None
    points: Annotated[
        list[SyncPoint],
        Field(
            default_factory=list,
            max_length=2,
            description="instead: one moment that moves the file, or two that also stretch it",
        ),
    ]
    format: Annotated[Target | None, Field(description="of the result; None is the format of the file")] = None
    fps: Fps = None

    @model_validator(mode="after")
    def one_change(self) -> Self:
        if (self.from_fps is None) != (self.to_fps is None):
            raise ValueError("give both from_fps and to_fps")
        if self.points and (self.offset or self.from_fps):
            raise ValueError("give either points, or an offset and frame rates")
        if not (self.points or self.offset or self.from_fps):
            raise ValueError("give an offset, from_fps and to_fps, or points")
        return self

    @model_validator(mode="after")
    def points_in_order(self) -> Self:
        for first, second in pairwise(self.points):
            if second.at <= first.at or second.becomes <= first.becomes:
                raise ValueError("the second point must be after the first one, in the file and in the result")
        return self


class ShiftOutput(ReadReport):
    subtitle_path: Artifact
    source_format: Format
    cues: Cues
    empty: bool
    left_out: Annotated[int, Field(ge=0, description="cues that would end before 0")]


SHIFT = Contract(
    "subtitle.shift",
    ShiftInput,
    ShiftOutput,
    summary="Move or stretch all times of a subtitle file: by an offset, for another frame rate, or to two points.",
)


Rule = Literal[
    "too_fast",
    "too_short",
    "too_long",
    "too_wide",
    "too_many_lines",
    "bad_break",
    "gap_too_short",
    "overlap",
    "empty",
]
SHOWN_PROBLEMS = 200


class Problem(BaseModel):
    """What is wrong with one cue."""

    rule: Rule
    cue: Annotated[int, Field(description="number of the cue, from 1, in the order of the starts")]
    line: Annotated[int, Field(description="line of its times in the file; 0 if the format has no lines")]
    value: Annotated[float | None, Field(description="columns per second, seconds, columns or lines")] = None
    limit: float | None = None
    text: str


class CheckInput(SubtitleInput):
    subtitle_path: TranscriptFile
    limits: Annotated[Limits, Field(description="limits, or a preset: netflix, bbc, ebu")] = Limits(preset="netflix")
    fps: Fps = None


class CheckOutput(ReadReport):
    ok: Annotated[bool, Field(description="whether there is no problem, and nothing was repaired or left out")]
    cues: Cues
    counts: Annotated[dict[Rule, int], Field(description="number of problems by rule")]
    problems: Annotated[list[Problem], Field(description=f"the first {SHOWN_PROBLEMS}; all are in `report_path`")]
    report_path: Annotated[Artifact, Field(description="JSON list of all problems")]


CHECK = Contract(
    "subtitle.check",
    CheckInput,
    CheckOutput,
    summary="Check a subtitle file against a guide: reading speed, lines, times, gaps, breaks.",
)


class AssignSpeakersInput(SubtitleInput):
    transcript_path: TranscriptFile
    diarization_path: Annotated[MediaFile, Field(description="RTTM, or a JSON list of {start, end, speaker}")]
    max_distance: Annotated[
        float,
        Field(
            ge=0,
            le=60,
            description="seconds; words without a turn are assigned to the nearest one within this distance",
        ),
    ] = 1.0


class AssignSpeakersOutput(ReadReport):
    transcript_path: Artifact
    speakers: Annotated[dict[str, float], Field(description="seconds of speech in the transcript, by speaker")]
    segments: Annotated[int, Field(ge=0)]
    unassigned: Annotated[Ids, Field(description="ids of segments without a speaker")]


ASSIGN_SPEAKERS = Contract(
    "subtitle.assign_speakers",
    AssignSpeakersInput,
    AssignSpeakersOutput,
    summary="Assign speakers to words and segments, and split segments where the speaker changes.",
)
