"""The mix of tasks: one or more of every service, on the small inputs that ship."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from imageio_ffmpeg import get_ffmpeg_exe

from common.transcript.format import Segment, Transcript

FIXTURES = Path(__file__).parents[1] / "fixtures"
TINY = {"model": "tiny-test", "language": "en"}
DUAL = {"model": "tiny-test", "draft_model": "tiny-test", "temperature": [0]}
LINES = 40


@dataclass(frozen=True)
class Kind:
    """A task as a client would post it; a `weight` above 1 is posted more often."""

    name: str
    input_data: dict[str, Any]
    weight: int = 2

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]


KINDS = (
    Kind("ffmpeg.probe", {"media_path": "sample.mp4"}),
    Kind("ffmpeg.extract_audio", {"video_path": "sample.mp4"}, weight=4),
    Kind("ffmpeg.transcode", {"media_path": "sample.mp4", "video_codec": "vp9"}),
    Kind("faster_whisper.transcribe_audio", {"audio_path": "short.flac", "temperature": [0], **TINY}, weight=4),
    Kind("faster_whisper.transcribe_audio", {"audio_path": "long.flac", "temperature": [0], **TINY}, weight=4),
    Kind("sensevoice.transcribe_audio", {"audio_path": "long.flac", "model": "tiny-test"}, weight=3),
    Kind("dual_stream.transcribe_audio", {"audio_path": "long.flac", **DUAL}, weight=3),
    Kind("subtitle.convert", {"subtitle_path": "sample.srt", "format": "vtt"}),
    Kind("subtitle.generate_files", {"transcript_path": "film.json", "formats": ["srt", "ass"]}),
    Kind("llm.translate_subtitles", {"transcript_path": "film.json", "target_language": "French"}),
    Kind("paddleocr.recognize_images", {"image_paths": ["words.png"]}, weight=1),
)


def services(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the services of the mix, or those of them that are wanted."""
    return tuple(sorted({kind.service for kind in KINDS if not wanted or kind.service in wanted}))


def pick(dice: Random, among: tuple[str, ...]) -> Kind:
    kinds = [kind for kind in KINDS if kind.service in among]
    return dice.choices(kinds, [kind.weight for kind in kinds])[0]


def place_inputs(share: Path) -> None:
    share.mkdir(parents=True)
    for name in ("sample.mp4", "sample.srt"):
        shutil.copy(FIXTURES / name, share)
    shutil.copy(FIXTURES / "speech" / "en-00.flac", share / "short.flac")
    shutil.copy(FIXTURES / "speech" / "en-long.flac", share / "long.flac")
    segments = [Segment(id=n, start=n, end=n + 0.9, text=f"this is line {n}") for n in range(LINES)]
    Transcript(segments=segments, language="en").write(share / "film.json")
    draw_words(share / "words.png")


def draw_words(picture: Path) -> None:
    font = next((FIXTURES / "fonts").glob("*.[ot]tf"))
    words = f"drawtext=fontfile={font}:text='nothing was lost':fontcolor=white:fontsize=40:x=40:y=40"
    command = [get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "color=s=640x120:d=0.04"]
    subprocess.run([*command, "-vf", words, "-frames:v", "1", str(picture)], check=True, timeout=60)
