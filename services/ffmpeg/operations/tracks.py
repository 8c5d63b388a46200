"""Containers: their muxers, and the codecs of their subtitle tracks."""

from typing import Any

from services.ffmpeg.media import BITMAP_SUBTITLES

INDEX_FIRST = {"movflags": "+faststart"}  # lets a browser start playing before the whole file has arrived
MUXERS: dict[str, dict[str, Any]] = {
    "mp4": {"f": "mp4", **INDEX_FIRST},
    "mov": {"f": "mov", **INDEX_FIRST},
    "m4a": {"f": "mp4", **INDEX_FIRST},
    "mkv": {"f": "matroska"},
    "webm": {"f": "webm"},
    "ogg": {"f": "ogg"},
    "mp3": {"f": "mp3"},
    "wav": {"f": "wav", "rf64": "auto"},
    "flac": {"f": "flac"},
}
TEXT_CODEC = {"mp4": "mov_text", "mov": "mov_text", "webm": "webvtt"}
MATROSKA_TEXT = frozenset({"subrip", "srt", "ass", "ssa", "webvtt"})


def subtitle_codec(codec: str, container: str) -> str | None:
    """Return the codec that represents `codec` in `container`, None if there is none."""
    if container == "mkv":
        return "copy" if codec in MATROSKA_TEXT | BITMAP_SUBTITLES else "srt"
    return None if codec in BITMAP_SUBTITLES else TEXT_CODEC.get(container)
