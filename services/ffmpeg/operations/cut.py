"""Cut a part of a medium: copied, or encoded again for exact edges."""

from pathlib import Path

from common.media.track_choice import ChosenTrack
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.execution.media_limits import Clip, OnSeconds
from services.ffmpeg.fields import AudioForm, AudioFormat
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.operations import audio, video
from services.ffmpeg.operations.pictures import Container, VideoForm
from services.ffmpeg.operations.tracks import MUXERS

NEAR_LOSSLESS_CRF = 18
AUDIO_FORMATS: dict[str, AudioFormat] = {"mp3": "mp3", "wav": "wav", "flac": "flac", "ogg": "opus"}
CONTAINERS: dict[str, Container] = {"mkv": "mkv", "webm": "webm"}

EXCEPTIONS = {"flac": {"c:a": "flac"}}
"""A copied FLAC keeps the header, and so the length, of the whole; encoding it again is lossless."""


def copy(
    ffmpeg: Ffmpeg, source: Path, target: Path, *, track: ChosenTrack | None, clip: Clip, on_progress: OnSeconds
) -> None:
    """Copy the packets of a part; the video starts at the previous keyframe."""
    whole = ffmpeg.input(source, **clip.options)
    kind = target.suffix.removeprefix(".")
    options = {**MUXERS[kind], "c": "copy", **EXCEPTIONS.get(kind, {}), "avoid_negative_ts": "make_zero"}
    tracks = [whole["v?"], whole[f"{audio.selector(track)}?"], whole["s?"]]
    ffmpeg.run(ffmpeg.output(tracks, target.name, options), target.parent, on_progress)


def sound_form(info: MediaInfo) -> AudioForm:
    """Return the audio form nearest to that of an audio file."""
    return AudioForm(format=AUDIO_FORMATS.get(info.extension, "aac"))


def video_form(info: MediaInfo) -> VideoForm:
    """Return the video form nearest to that of a video, almost lossless."""
    return VideoForm(container=CONTAINERS.get(info.extension, "mp4"), crf=NEAR_LOSSLESS_CRF)


def exact_name(info: MediaInfo) -> str:
    return f"cut.{video_form(info).container}" if info.of("video") else audio.file_name("cut", sound_form(info))


def exact(
    ffmpeg: Ffmpeg,
    source: Path,
    target: Path,
    *,
    info: MediaInfo,
    track: ChosenTrack | None,
    clip: Clip,
    on_progress: OnSeconds,
) -> None:
    """Decode a part and encode it again, so that it starts and ends exactly as requested. An audio file keeps one
    track, the first if none is chosen.
    """
    if info.of("video"):
        form = video_form(info)
        video.transcode(ffmpeg, source, target, form, info=info, track=track, clip=clip, on_progress=on_progress)
    else:
        number = track.index if track else 0
        audio.write(ffmpeg, source, target, sound_form(info), track=number, clip=clip, on_progress=on_progress)
