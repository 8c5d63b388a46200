"""Field types and base classes shared by the subtitle contracts."""

from typing import Annotated

from pydantic import AfterValidator, Field

from common.contract import TaskInput, TaskOutput
from common.media.fields import MediaFile
from common.transcript.format import Language

TranscriptFile = Annotated[MediaFile, Field(description="Transcript JSON of a task, including its edits, or subtitles")]
Fps = Annotated[
    float | None,
    Field(gt=1, le=240, description="frames per second; only MicroDVD needs it"),
]
Cues = Annotated[int, Field(ge=0, description="number of cues; 0 is an empty, valid file")]
Ids = Annotated[list[int], Field(description="ids of cues to check")]


def known_encoding(name: str) -> str:
    try:
        "".encode(name)  # refuses codecs that are not text encodings, such as hex
    except (LookupError, UnicodeError) as error:
        raise ValueError(
            "unknown encoding; use a name such as utf-8, utf-16, gb18030, big5, shift_jis, cp1252"
        ) from error
    return name


Encoding = Annotated[
    str | None,
    Field(max_length=32, description="of subtitle files; None detects it; a byte order mark takes precedence"),
    AfterValidator(lambda name: name and known_encoding(name)),
]


ShotsFile = Annotated[
    MediaFile | None,
    Field(description="`shots_path` of `ffmpeg.detect_shots`: times near a shot change are moved to it, and to frames"),
]


WordTimes = Annotated[
    bool,
    Field(
        description="write the time of each word, where the input has them: timestamp tags in WebVTT, karaoke (`\\k`) "
        "in ASS and SSA, enhanced LRC; the styles of such a cue are not written"
    ),
]


class SubtitleInput(TaskInput):
    """Base class of inputs that may be subtitle files."""

    encoding: Encoding = None
    language: Annotated[
        Language | None, Field(description="of the text; detects the encoding more reliably, where `encoding` is None")
    ] = None


class ReadReport(TaskOutput):
    """How a subtitle file was read."""

    encoding: Annotated[str, Field(description="of the input; the output is UTF-8")]
    encoding_confidence: Annotated[
        float,
        Field(ge=0, le=1, description="1 if it is certain; a guess below 0.55 is refused, because others read as well"),
    ]
    warnings: Annotated[
        list[str], Field(default_factory=list, description="what was repaired or left out, with line numbers")
    ]
