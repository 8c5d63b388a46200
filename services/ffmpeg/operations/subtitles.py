"""Subtitle files: detect the format regardless of the file name, and make them safe for ffmpeg to open."""

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.errors import SubtitlesUnreadable
from services.ffmpeg.execution.formats import SUBTITLE_FORMATS
from services.ffmpeg.execution.media_limits import OnSeconds

MAX_BYTES = 32 * 1024 * 1024
ASS_HEAD = 8_192
ASS_LINE = "\nDialogue:"
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
CODEC_NAMES = {"srt": "subrip", "webvtt": "webvtt", "ass": "ass"}


@dataclass(frozen=True, slots=True)
class SubtitleFile:
    """Subtitles as UTF-8, with the detected format."""

    path: Path
    format: str

    @property
    def codec(self) -> str:
        return CODEC_NAMES[self.format]


def prepare(source: Path, folder: Path, stem: str, encoding: str) -> SubtitleFile:
    """Write subtitles into `folder` as UTF-8.

    Raises:
        SubtitlesUnreadable: the encoding is wrong, or the format is unknown.
    """
    text = decode(source, encoding)
    kind = format_of(text)
    path = folder / f"{stem}.{kind}"
    path.write_text(text, encoding="utf-8", newline="\n")
    return SubtitleFile(path, kind)


def decode(source: Path, encoding: str) -> str:
    if source.stat().st_size > MAX_BYTES:
        raise SubtitlesUnreadable(f"{source.name} exceeds {MAX_BYTES >> 20} MiB; no subtitles are that long.")
    content = source.read_bytes()
    marked = next((name for mark, name in MARKS.items() if content.startswith(mark)), encoding)
    try:
        return content.decode(marked).replace("\r\n", "\n")
    except (UnicodeDecodeError, LookupError) as error:
        raise SubtitlesUnreadable(f"{source.name} is not {marked}. Send its `encoding`, e.g. gb18030.") from error


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
