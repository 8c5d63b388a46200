"""Read a medium's headers with PyAV; imageio-ffmpeg includes no ffprobe."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.media.decoders import whitelist
from common.media.demux import duration_of, open_medium, origin_of, unreadable_is_not_media
from services.ffmpeg.execution.media_limits import check_pictures
from services.ffmpeg.media import Chapter, MediaInfo, StreamInfo, StreamKind
from services.ffmpeg.settings import FfmpegSettings

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream

KINDS: dict[str, StreamKind] = {"video": "video", "audio": "audio", "subtitle": "subtitle", "attachment": "attachment"}


def inspect(path: Path, settings: FfmpegSettings) -> MediaInfo:
    """Read what a medium contains.

    Raises:
        FileMissing: there is no such file.
        NotMedia: it is not audio or video, or it is a playlist that would read other files.
        TooManyPixels: its pictures are larger than allowed.
    """
    limit = {"max_pixels": str(settings.max_pixels), "codec_whitelist": whitelist(settings.extra_decoders)}
    with unreadable_is_not_media(path), open_medium(path, **limit) as container:
        info = describe(container)
        check_pictures(info, settings)
        add_rotation(container, info, limit)
    return info


def describe(container: InputContainer) -> MediaInfo:
    streams = [describe_stream(stream, origin_of(container)) for stream in container.streams]
    if not any(stream.kind in ("video", "audio") for stream in streams):
        raise ValueError("no audio and no video")
    return MediaInfo(
        container=container.format.name,
        duration=duration_of(container),
        size=container.size,
        bit_rate=positive(container.bit_rate),
        streams=streams,
        chapters=[describe_chapter(chapter) for chapter in container.chapters()],
        tags=dict(container.metadata),
    )


def describe_chapter(chapter: Any) -> Chapter:
    base = chapter["time_base"] or Fraction(1)
    title = chapter["metadata"].get("title", "")
    return Chapter(start=float(chapter["start"] * base), end=float(chapter["end"] * base), title=title)


def describe_stream(stream: Stream, origin: float) -> StreamInfo:
    from av.stream import Disposition

    context, tags = stream.codec_context, dict(stream.metadata)
    picture = bool(stream.disposition & Disposition.attached_pic)
    return StreamInfo(
        index=stream.index,
        kind="picture" if picture else KINDS.get(stream.type, "data"),
        codec=context.codec.canonical_name if context else "unknown",
        language=tags.pop("language", None),
        title=tags.pop("title", None),
        default=bool(stream.disposition & Disposition.default),
        forced=bool(stream.disposition & Disposition.forced),
        start=start_of(stream, origin),
        duration=float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None,
        bit_rate=positive(getattr(context, "bit_rate", None)),
        tags=tags,
        **shape(stream),
    )


def start_of(stream: Stream, origin: float) -> float | None:
    if stream.start_time is None or not stream.time_base:
        return None
    return round(float(stream.start_time * stream.time_base) - origin, 6)


def shape(stream: Stream) -> dict[str, Any]:
    """Return the fields that only video or only audio has."""
    context: Any = stream.codec_context
    if stream.type == "video" and context:
        rate = stream.average_rate or stream.guessed_rate
        size = {"width": positive(context.width), "height": positive(context.height)}
        return {**size, "pixel_format": context.pix_fmt, "fps": round(float(rate), 3) if rate else None}
    if stream.type == "audio" and context:
        return {"sample_rate": positive(context.sample_rate), "channels": positive(context.channels)}
    return {}


def add_rotation(container: InputContainer, info: MediaInfo, limit: dict[str, str]) -> None:
    """Set the rotation of the first video track; PyAV provides it only with a frame."""
    import av

    if videos := info.of("video"):
        track = container.streams[videos[0].index]
        track.codec_context.options = limit  # a picture may be larger than its header
        try:
            frame = next(container.decode(track), None)
        except av.FFmpegError:  # the header may be right even if the first picture is not
            return
        videos[0].rotation = getattr(frame, "rotation", None)


def positive(number: int | None) -> int | None:
    return number if number and number > 0 else None
