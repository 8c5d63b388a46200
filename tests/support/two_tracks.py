"""A film with two audio tracks, Mandarin first; English is the container's default."""

from pathlib import Path
from typing import Any

from tests.support.service_bench import ServiceBench
from tests.support.sounds import FIXTURES, ffmpeg

CHINESE, ENGLISH = {"index": 0, "language": "chi"}, {"index": 1, "language": "eng"}


def write_two_tracks(path: Path) -> None:
    sounds = [part for name in ("zh-00", "en-00") for part in ("-i", str(FIXTURES / f"speech/{name}.flac"))]
    tags = ("-metadata:s:a:0", "language=chi", "-metadata:s:a:1", "language=eng")
    flags = ("-disposition:a:0", "0", "-disposition:a:1", "default")
    ffmpeg(path, *sounds, "-map", "0:a", "-map", "1:a", "-c:a", "flac", *tags, *flags)


def transcribe_tracks(bench: ServiceBench) -> dict[str, tuple[dict[str, Any], str]]:
    """Return, by what was requested, the track of the result and the detected or given language."""
    write_two_tracks(bench.share / "two.mkv")
    wanted: dict[str, dict[str, Any]] = {"nothing": {}, "zh": {"language": "zh"}, "track 0": {"track": 0}}
    outputs = {name: bench.output(audio_path="two.mkv", **given) for name, given in wanted.items()}
    return {name: (output["track"], output["language"]) for name, output in outputs.items()}


RIGHT: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({**ENGLISH, "reason": "default"}, "en"),
    "zh": ({**CHINESE, "reason": "language"}, "zh"),
    "track 0": ({**CHINESE, "reason": "requested"}, "zh"),
}
