"""Extract audio from media, and encode it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.media.track_choice import ChosenTrack, choose_track
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.execution.media_limits import Clip, OnSeconds
from services.ffmpeg.fields import SAMPLE_RATES, AudioForm, TrackInput
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.operations import phase

USUAL_RATE_HZ = 48_000
EXTENSIONS = {"wav": "wav", "flac": "flac", "mp3": "mp3", "opus": "opus", "aac": "m4a"}
MUXERS = {"wav": "wav", "flac": "flac", "mp3": "mp3", "opus": "opus", "aac": "ipod"}
ENCODERS: dict[str, dict[str, Any]] = {
    "wav": {"c:a": "pcm_s16le", "rf64": "auto"},  # a WAV header counts only to 4 GiB
    "flac": {"c:a": "flac", "sample_fmt": "s16"},
    "mp3": {"c:a": "libmp3lame", "q:a": 2},
    "opus": {"c:a": "libopus"},
    "aac": {"c:a": "aac"},
}
ON_TIMELINE: dict[str, Any] = {"async": 1, "first_pts": 0}
"""Options of `aresample`: silence before a late start and in gaps, so that a time means the same in every output.
Deviations of less than 0.1 s after the start are left alone: the samples of a file with good timestamps do not change.
"""


def choose(info: MediaInfo, wanted: TrackInput) -> ChosenTrack:
    """Return the audio track to read.

    Raises:
        NoAudioTrack: there is no such track.
    """
    return choose_track(info.of("audio"), wanted.track, wanted.language)


def choose_kept(info: MediaInfo, wanted: TrackInput) -> ChosenTrack | None:
    """Return the only audio track to keep, None if the request names none: then all are kept.

    Raises:
        NoAudioTrack: there is no such track.
    """
    named = wanted.track is not None or (wanted.language and info.of("audio"))
    return choose(info, wanted) if named else None


def selector(kept: ChosenTrack | None) -> str:
    """Return ffmpeg's selector of the audio tracks to keep."""
    return f"a:{kept.index}" if kept else "a"


def file_name(stem: str, form: AudioForm) -> str:
    return f"{stem}.{EXTENSIONS[form.format]}"


def encoding(form: AudioForm) -> Mapping[str, Any]:
    """Return the output options that encode audio in this form."""
    wanted = {"ar": form.sample_rate, "ac": form.channels, "b:a": kbps(form.bitrate_kbps)}
    return {**with_choices(ENCODERS[form.format], wanted), "map_chapters": -1}


def keep_timeline(clip: Clip) -> dict[str, str]:
    """Return the output option that keeps the timeline of a clip in audio that is encoded.

    ffmpeg counts the length of a clip from the first packet, so the end is cut again, by time.
    """
    padded = "aresample=" + ":".join(f"{name}={value}" for name, value in ON_TIMELINE.items())
    return {"af": padded if clip.length is None else f"{padded},atrim=end={clip.length:.6f}"}


def on_timeline(sound: Any, clip: Clip) -> Any:
    """Return the track with the filters of `keep_timeline`."""
    padded = sound.filter("aresample", **ON_TIMELINE)
    return padded if clip.length is None else padded.filter("atrim", end=f"{clip.length:.6f}")


def with_choices(encoder: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the encoder's options and the chosen ones; a bitrate replaces a quality."""
    chosen = {name: value for name, value in wanted.items() if value}
    kept = {name: value for name, value in encoder.items() if not (name == "q:a" and "b:a" in chosen)}
    return {**kept, **chosen}


def kbps(bitrate: int | None) -> str | None:
    return f"{bitrate}k" if bitrate else None


def supported_rate(kind: str, wanted: int) -> int:
    """Return the supported rate nearest to `wanted`."""
    allowed = SAMPLE_RATES.get(kind, {wanted})
    return min(allowed, key=lambda rate: abs(rate - wanted))


def write(
    ffmpeg: Ffmpeg,
    source: Path,
    target: Path,
    form: AudioForm,
    *,
    track: int,
    clip: Clip,
    on_progress: OnSeconds,
    stereo: bool = False,
) -> phase.Spans:
    """Decode one track of `source` and write it to `target`; return where channels cancelled each other out. They are
    compared if the track is `stereo` and mixed.
    """
    # no `t`: the packet that ends a gap may be after the end of the clip
    begin: dict[str, Any] = {"ss": clip.start} if clip.start else {}
    sound = ffmpeg.input(source, **begin)[f"a:{track}"]
    options = {**encoding(form), "f": MUXERS[form.format]}

    def command(spans: phase.Spans) -> Any:
        if spans:
            return ffmpeg.output(phase.repair(on_timeline(sound, clip), track, spans[track]), target.name, options)
        return ffmpeg.output(sound, target.name, options | keep_timeline(clip))

    mixed = {track: on_timeline(sound, clip)} if stereo and form.channels == 1 else {}
    return phase.write(ffmpeg, target.parent, mixed, command, on_progress)
