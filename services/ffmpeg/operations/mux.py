"""Add subtitle tracks that can be switched on and off; nothing is encoded again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.ffmpeg.contracts import MuxSubtitlesInput, SubtitleTrack
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.errors import CodecUnsupported
from services.ffmpeg.execution.media_limits import OnSeconds
from services.ffmpeg.media import MediaInfo, StreamInfo
from services.ffmpeg.operations.subtitles import SubtitleFile, as_input
from services.ffmpeg.operations.tracks import MUXERS, subtitle_codec


def container_for(params: MuxSubtitlesInput, info: MediaInfo) -> str:
    return params.container or ("mp4" if info.extension == "mp4" else "mkv")


def kept_tracks(params: MuxSubtitlesInput, info: MediaInfo) -> list[StreamInfo]:
    return info.of("subtitle") if params.keep_existing else []


def mux(
    ffmpeg: Ffmpeg,
    source: Path,
    target: Path,
    params: MuxSubtitlesInput,
    *,
    files: Sequence[SubtitleFile],
    info: MediaInfo,
    on_progress: OnSeconds,
) -> None:
    """Copy video and audio, and write the subtitle tracks: the existing ones, then the new ones."""
    container = container_for(params, info)
    whole, kept = ffmpeg.input(source), kept_tracks(params, info)
    old = [whole[str(track.index)] for track in kept]
    new = [as_input(ffmpeg, file)["s:0"] for file in files]
    options: dict[str, Any] = {**MUXERS[container], "c:v": "copy", "c:a": "copy"}
    for number, codec in enumerate([*(track.codec for track in kept), *(file.codec for file in files)]):
        options[f"c:s:{number}"] = codec_in_container(codec, container)
    options |= dispositions(kept, params.tracks)
    options |= track_tags(params.tracks, len(kept))
    streams = [whole["v?"], whole["a?"], *old, *new, *([whole["t?"]] if container == "mkv" else [])]
    ffmpeg.run(ffmpeg.output(streams, target.name, options), target.parent, on_progress)


def codec_in_container(codec: str, container: str) -> str:
    """Return the codec with which a subtitle track is written.

    Raises:
        CodecUnsupported: the container does not support it.
    """
    if written := subtitle_codec(codec, container):
        return written
    raise CodecUnsupported(
        f"{container} does not support the existing subtitle track ({codec}) of the video. "
        "Choose container mkv, or keep_existing false.",
    )


def track_tags(added: Sequence[SubtitleTrack], first: int) -> dict[str, str]:
    """Return the tags of the new tracks. ffmpeg-python accepts an option once, so a number is spelled in two ways."""
    languages = {f"metadata:s:s:{number}": f"language={track.language}" for number, track in enumerate(added, first)}
    titles = {f"metadata:s:s:0{number}": f"title={track.title}" for number, track in enumerate(added, first)}
    return {**languages, **titles}


def dispositions(kept: Sequence[StreamInfo], added: Sequence[SubtitleTrack]) -> dict[str, str]:
    """Return which tracks players show by default; a new default replaces the old one."""
    replaced = any(track.default for track in added)
    flags = [(track.default and not replaced, track.forced) for track in kept]
    flags += [(track.default, track.forced) for track in added]
    return {f"disposition:s:{number}": disposition(default, forced) for number, (default, forced) in enumerate(flags)}


def disposition(default: bool, forced: bool) -> str:
    return "+".join(name for name, on in (("default", default), ("forced", forced)) if on) or "0"
