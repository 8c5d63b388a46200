"""Burn subtitles into pictures with libass."""

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from services.ffmpeg.contracts import BurnSubtitlesInput
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.execution.media_limits import Clip, OnSeconds
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.operations import subtitles, video
from services.ffmpeg.operations.pictures import SubtitleStyle, VideoForm
from services.ffmpeg.operations.subtitles import SubtitleFile
from services.ffmpeg.operations.tracks import MUXERS

DRAWN = "drawn.ass"
FONTS = "fonts"
GLYPH_MISSING = re.compile(r"glyph 0x([0-9A-Fa-f]+)")
MP4_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3"})
ALIGNMENTS = {"bottom": 2, "middle": 10, "top": 6}
"""A forced style uses SSA's numbers, which differ from those of ASS files."""


def burn(
    ffmpeg: Ffmpeg,
    source: Path,
    target: Path,
    params: BurnSubtitlesInput,
    *,
    file: SubtitleFile,
    info: MediaInfo,
    on_progress: OnSeconds,
) -> str:
    """Write an MP4 with the subtitles in its pictures; return the characters that no font contains.

    ffmpeg runs in the folder of the subtitles and gets a plain relative name: there is no path to escape.
    """
    subtitles.to_ass(ffmpeg, file, DRAWN, lambda _: None)
    whole = ffmpeg.video(source)
    style = force_style(params.style)
    drawn = whole["V:0"].filter("subtitles", DRAWN, fontsdir=FONTS, **({"force_style": style} if style else {}))
    copied = all(track.codec in MP4_AUDIO for track in info.of("audio"))
    form = VideoForm(crf=params.crf, audio_codec="copy" if copied else "aac")
    options = {**MUXERS["mp4"], **video.picture_options(form), **video.sound_options(form, Clip(0.0, None))}
    command = ffmpeg.output([video.to_even_size(drawn), whole["a?"]], target.name, options)
    ending = ffmpeg.run(command, target.parent, on_progress, loglevel="warning")
    return missing_characters(ending.lines)


def place_fonts(fonts: Sequence[Path], folder: Path) -> None:
    """Copy fonts to where libass looks for them."""
    (folder / FONTS).mkdir(exist_ok=True)
    for number, font in enumerate(fonts):
        shutil.copyfile(font, folder / FONTS / f"{number}{font.suffix}")


def force_style(style: SubtitleStyle) -> str:
    """Return a style as libass's `Name=value,…`; the contract checks every value, so none needs escaping."""
    wanted = {
        "FontName": style.font,
        "FontSize": style.font_size,
        "Bold": flag(style.bold),
        "Italic": flag(style.italic),
        "PrimaryColour": ass_colour(style.colour),
        "OutlineColour": ass_colour(style.outline_colour),
        "Outline": style.outline,
        "Shadow": style.shadow,
        "Alignment": ALIGNMENTS[style.position] if style.position else None,
        "MarginV": style.margin,
    }
    return ",".join(f"{name}={value}" for name, value in wanted.items() if value is not None)


def flag(wanted: bool | None) -> int | None:
    return None if wanted is None else -int(wanted)  # ASS writes true as -1


def ass_colour(colour: str | None) -> str | None:
    """Convert #RRGGBB to ASS's &HAABBGGRR."""
    return f"&H00{colour[5:7]}{colour[3:5]}{colour[1:3]}" if colour else None


def missing_characters(lines: Iterable[str]) -> str:
    found = (chr(int(code, 16)) for line in lines for code in GLYPH_MISSING.findall(line))
    return "".join(dict.fromkeys(found))
