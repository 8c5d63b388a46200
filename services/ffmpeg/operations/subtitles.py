"""Subtitle files: detect the format regardless of the file name, and make them safe for ffmpeg to open."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.captions import encodings
from common.captions.errors import EncodingUnknown
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.errors import SubtitlesUnreadable
from services.ffmpeg.execution.formats import SUBTITLE_FORMATS
from services.ffmpeg.execution.media_limits import OnSeconds

MAX_BYTES = 32 * 1024 * 1024
ASS_HEAD = 8_192
ASS_LINE = "\nDialogue:"
CODEC_NAMES = {"srt": "subrip", "webvtt": "webvtt", "ass": "ass"}


@dataclass(frozen=True, slots=True)
class SubtitleFile:
    """Subtitles as UTF-8, with the detected format."""

    path: Path
    format: str

    @property
    def codec(self) -> str:
        return CODEC_NAMES[self.format]


def prepare(source: Path, folder: Path, stem: str, encoding: str | None) -> SubtitleFile:
    """Write subtitles into `folder` as UTF-8.

    Raises:
        SubtitlesUnreadable: the encoding is wrong or cannot be determined, or the format is unknown.
    """
    text = decode(source, encoding)
    kind = format_of(text)
    path = folder / f"{stem}.{kind}"
    path.write_text(text, encoding="utf-8", newline="\n")
    return SubtitleFile(path, kind)


def decode(source: Path, encoding: str | None) -> str:
    if source.stat().st_size > MAX_BYTES:
        raise SubtitlesUnreadable(f"{source.name} exceeds {MAX_BYTES >> 20} MiB; no subtitles are that long.")
    try:
        return encodings.decode(source.read_bytes(), encoding).text.replace("\r\n", "\n")
    except EncodingUnknown as error:
        raise SubtitlesUnreadable(f"{source.name}: {error.message}", **error.detail) from error


def format_of(text: str) -> str:
    """Return ffmpeg's name of the format.

    Raises:
        SubtitlesUnreadable: it is unknown, or there is not a single line.
    """
    if "[Script Info]" in text[:ASS_HEAD] and ASS_LINE in text:
        return "ass"
    if "-->" in text:
        return "webvtt" if text.lstrip().startswith("WEBVTT") else "srt"
    raise SubtitlesUnreadable


def as_input(ffmpeg: Ffmpeg, subtitles: SubtitleFile) -> Any:
    return ffmpeg.input(subtitles.path, formats=SUBTITLE_FORMATS, f=subtitles.format)


def to_ass(ffmpeg: Ffmpeg, subtitles: SubtitleFile, name: str, on_progress: OnSeconds) -> None:
    """Write subtitles as ASS under `name`, in the same folder.

    The subtitles filter detects the format by content and without a whitelist, so it gets only files that ffmpeg wrote.

    Raises:
        SubtitlesUnreadable: ffmpeg found no line in them.
    """
    command = ffmpeg.output(as_input(ffmpeg, subtitles)["s:0"], name, {"f": "ass"})
    folder = subtitles.path.parent
    ffmpeg.run(command, folder, on_progress)
    if ASS_LINE not in (folder / name).read_text(encoding="utf-8"):
        raise SubtitlesUnreadable
