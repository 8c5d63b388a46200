"""Write video: codecs, size, and which tracks to include."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.media.track_choice import ChosenTrack
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.execution.media_limits import Clip, OnSeconds
from services.ffmpeg.media import MediaInfo, StreamInfo
from services.ffmpeg.operations import phase
from services.ffmpeg.operations.audio import ENCODERS, kbps, keep_timeline, on_timeline, selector, with_choices
from services.ffmpeg.operations.pictures import VideoForm
from services.ffmpeg.operations.tracks import MUXERS, subtitle_codec

CODECS: dict[str, dict[str, Any]] = {
    "h264": {"c:v": "libx264", "crf": 23},
    "h265": {"c:v": "libx265", "crf": 28, "tag:v": "hvc1", "x265-params": "log-level=error"},
    "vp9": {"c:v": "libvpx-vp9", "crf": 32, "b:v": 0, "deadline": "good", "row-mt": 1},
    "av1": {"c:v": "libsvtav1", "crf": 35},
}
SPEEDS: dict[str, dict[str, dict[str, Any]]] = {
    "h264": {"fast": {"preset": "veryfast"}, "medium": {"preset": "medium"}, "slow": {"preset": "slow"}},
    "h265": {"fast": {"preset": "veryfast"}, "medium": {"preset": "medium"}, "slow": {"preset": "slow"}},
    "vp9": {"fast": {"cpu-used": 5}, "medium": {"cpu-used": 3}, "slow": {"cpu-used": 1}},
    "av1": {"fast": {"preset": 10}, "medium": {"preset": 8}, "slow": {"preset": 5}},
}


def transcode(
    ffmpeg: Ffmpeg,
    source: Path,
    target: Path,
    form: VideoForm,
    *,
    info: MediaInfo,
    track: ChosenTrack | None,
    clip: Clip,
    on_progress: OnSeconds,
) -> phase.Spans:
    """Write the first video track, one audio track or all, and the text subtitles of `source` in another form. Return
    where channels cancelled each other out.
    """
    whole = ffmpeg.video(source, **clip.options)
    kept = kept_tracks(info, form, track)

    def command(spans: phase.Spans) -> Any:
        streams: list[Any] = []
        options: dict[str, Any] = {**MUXERS[form.container]}
        if info.of("video") and form.video != "none":
            streams.append(scaled_video(whole, form))
            options |= picture_options(form)
        if spans:
            streams += [phase.repair(on_timeline(whole[f"a:{n}"], clip), n, spans.get(n, [])) for n in kept]
            options |= repaired_options(form, clip, list(kept.values()))
        elif kept:
            streams.append(whole[selector(track)])
            options |= sound_options(form, clip)
        if form.keep_subtitles:
            add_subtitles(whole, info, form.container, streams, options)
        return ffmpeg.output(streams, target.name, options)

    encoded = {} if form.audio == "copy" else kept
    mixed = {n: on_timeline(whole[f"a:{n}"], clip) for n in phase.mixed_tracks(encoded, form.channels)}
    return phase.write(ffmpeg, target.parent, mixed, command, on_progress)


def kept_tracks(info: MediaInfo, form: VideoForm, track: ChosenTrack | None) -> dict[int, StreamInfo]:
    """Return the audio tracks that are written, by index."""
    if form.audio == "none":
        return {}
    return {n: stream for n, stream in enumerate(info.of("audio")) if track is None or n == track.index}


def scaled_video(whole: Any, form: VideoForm) -> Any:
    """Return the video track at the requested rate and size."""
    track = whole["V:0"]
    if form.video == "copy":
        return track
    if form.fps:
        track = track.filter("fps", form.fps)
    box = f"min(1,min({form.max_width or 'iw'}/iw,{form.max_height or 'ih'}/ih))"
    return to_even_size(track, box)


def to_even_size(track: Any, factor: str = "1") -> Any:
    """Return 4:2:0 pictures, which every player supports and whose encoders need even sizes."""
    width, height = (f"max(2,trunc({side}*{factor}/2)*2)" for side in ("iw", "ih"))
    return track.filter("scale", w=width, h=height).filter("format", "yuv420p")


def picture_options(form: VideoForm) -> dict[str, Any]:
    if form.video == "copy":
        return {"c:v": "copy"}
    options = {**CODECS[form.video], **SPEEDS[form.video][form.speed]}
    if form.crf is not None:
        options["crf"] = form.crf
    if form.video_bitrate_kbps:
        del options["crf"]
        options["b:v"] = kbps(form.video_bitrate_kbps)
    return options


def sound_options(form: VideoForm, clip: Clip) -> dict[str, Any]:
    if form.audio == "copy":
        return {"c:a": "copy"}
    wanted = {"ac": form.channels, "b:a": kbps(form.audio_bitrate_kbps)}
    return with_choices(ENCODERS[form.audio], wanted) | keep_timeline(clip)


def repaired_options(form: VideoForm, clip: Clip, tracks: Sequence[StreamInfo]) -> dict[str, Any]:
    """Return the options for tracks that come out of filters, which drop their language."""
    options = {name: value for name, value in sound_options(form, clip).items() if name != "af"}
    languages = {f"metadata:s:a:{n}": f"language={t.language}" for n, t in enumerate(tracks) if t.language}
    return options | languages


def lost_offset(info: MediaInfo, form: VideoForm, track: ChosenTrack | None) -> float:
    """Return the seconds before the first audio that the output does not contain: a medium begins with its first
    packet, and copied packets cannot be preceded by silence.
    """
    if form.audio != "copy" or (info.of("video") and form.video != "none"):
        return 0.0
    copied = [info.of("audio")[track.index]] if track else info.of("audio")
    return max(min((stream.start or 0.0 for stream in copied), default=0.0), 0.0)


def add_subtitles(whole: Any, info: MediaInfo, container: str, streams: list[Any], options: dict[str, Any]) -> None:
    """Add the subtitle tracks that the container supports."""
    held = 0
    for track in info.of("subtitle"):
        if codec := subtitle_codec(track.codec, container):
            streams.append(whole[str(track.index)])
            options[f"c:s:{held}"] = codec
            held += 1
