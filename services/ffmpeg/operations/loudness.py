"""Loudness by EBU R128: measured in a first pass, changed in a second (https://k.ylo.ph/2016/04/04/loudnorm.html)."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from services.ffmpeg.contracts import Loudness, NormalizeAudioInput
from services.ffmpeg.engine import Ffmpeg
from services.ffmpeg.errors import AudioSilent
from services.ffmpeg.execution.media_limits import OnSeconds
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.operations import audio, phase

Measured = dict[str, str]
VIDEO_CONTAINERS = frozenset({"mp4", "mkv", "webm"})
LAYOUTS = {1: "mono", 2: "stereo"}
VIDEO_AUDIO = {"webm": "opus"}


def file_name(params: NormalizeAudioInput, info: MediaInfo) -> str:
    kept = info.extension if info.extension in VIDEO_CONTAINERS else "mkv"
    return f"normalized.{kept}" if params.keep_video else audio.file_name("normalized", params)


def measure(
    ffmpeg: Ffmpeg,
    source: Path,
    folder: Path,
    params: NormalizeAudioInput,
    *,
    info: MediaInfo,
    track: int,
    on_progress: OnSeconds,
) -> tuple[Measured, phase.Spans]:
    """Return loudnorm's measurements of a track as it will be written, and where its channels cancel each other out.

    Raises:
        AudioSilent: it has no loudness.
    """
    sound = ffmpeg.input(source)[f"a:{track}"].filter("aresample", **audio.ON_TIMELINE)
    mixed = phase.mixed_tracks({track: info.of("audio")[track]}, channels(params))

    def run(heard: Any) -> Measured:
        measured = change_channels(heard, params).filter("loudnorm", print_format="json", **target(params))
        return parse_measurements(ffmpeg.run(ffmpeg.discard(measured), folder, on_progress, loglevel="info").lines)

    measured = run(phase.measure(sound, track) if mixed else sound)
    spans = phase.find(folder, mixed)
    if spans:
        measured = run(phase.repair(sound, track, spans[track]))
    if "inf" in measured["input_i"]:
        raise AudioSilent
    return measured, spans


def normalize(
    ffmpeg: Ffmpeg,
    source: Path,
    output: Path,
    params: NormalizeAudioInput,
    *,
    info: MediaInfo,
    track: int,
    measured: Measured,
    spans: phase.Spans,
    on_progress: OnSeconds,
) -> Measured:
    """Write the track at the requested loudness and return the measurements of the result."""
    whole = ffmpeg.input(source)
    sound = whole[f"a:{track}"].filter("aresample", **audio.ON_TIMELINE)
    sound = change_channels(phase.repair(sound, track, spans.get(track, [])), params).filter(
        "loudnorm",
        print_format="json",
        linear="true",
        measured_I=measured["input_i"],
        measured_TP=measured["input_tp"],
        measured_LRA=measured["input_lra"],
        measured_thresh=measured["input_thresh"],
        offset=measured["target_offset"],
        **target(params),
    )
    rate = params.sample_rate or info.of("audio")[track].sample_rate or audio.USUAL_RATE_HZ
    streams, options = (
        video_output(whole, sound, output, rate) if params.keep_video else audio_output(sound, params, rate)
    )
    ending = ffmpeg.run(ffmpeg.output(streams, output.name, options), output.parent, on_progress, loglevel="info")
    return parse_measurements(ending.lines)


def channels(params: NormalizeAudioInput) -> int | None:
    """Return the number of channels to write, None for those of the track: a kept video has them."""
    return None if params.keep_video else params.channels


def change_channels(sound: Any, params: NormalizeAudioInput) -> Any:
    """Return the sound with the channels to write: a mix is louder or quieter than what it is made of."""
    wanted = channels(params)
    return sound.filter("aformat", channel_layouts=LAYOUTS[wanted]) if wanted else sound


def audio_output(sound: Any, params: NormalizeAudioInput, rate: int) -> tuple[list[Any], dict[str, Any]]:
    """Return streams and options of an audio file. loudnorm works at 192 kHz, so the rate must be given."""
    rate = audio.supported_rate(params.format, rate)
    return [sound], {**audio.encoding(params), "ar": rate, "f": audio.MUXERS[params.format]}


def video_output(whole: Any, sound: Any, output: Path, rate: int) -> tuple[list[Any], dict[str, Any]]:
    """Return streams and options of the same video with the new audio."""
    kind = VIDEO_AUDIO.get(output.suffix.removeprefix("."), "aac")
    copied = {"c:v": "copy", "c:s": "copy", "ar": audio.supported_rate(kind, rate)}
    return [whole["V:0"], sound, whole["s?"]], {**audio.ENCODERS[kind], **copied}


def target(params: NormalizeAudioInput) -> dict[str, float]:
    return {"I": params.loudness, "TP": params.true_peak, "LRA": params.loudness_range}


def parse_measurements(lines: Iterable[str]) -> Measured:
    """Return the last JSON object in ffmpeg's messages."""
    text = "\n".join(lines)
    measured: Measured = json.loads(text[text.rindex("{") : text.rindex("}") + 1])
    return measured


def before(measured: Measured) -> Loudness:
    return loudness(measured, "input")


def after(measured: Measured) -> Loudness:
    return loudness(measured, "output")


def loudness(measured: Measured, side: str) -> Loudness:
    values = (float(measured[f"{side}_{name}"]) for name in ("i", "tp", "lra"))
    return Loudness(**dict(zip(("integrated", "true_peak", "range"), values, strict=True)))
