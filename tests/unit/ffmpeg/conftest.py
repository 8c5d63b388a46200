"""Media that ffmpeg makes, and a job to work on them."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from common.media.fields import Artifact, MediaFile
from services.ffmpeg import probe
from services.ffmpeg.execution.program import MINIMUM, inspect_program
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.settings import FfmpegSettings
from tests.support.folder_job import FolderJob

FIXTURES = Path(__file__).parents[2] / "fixtures"
VIDEO = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10:duration=3")
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=3:sample_rate=44100")
PAUSES = ("-f", "lavfi", "-i", "aevalsrc='sin(440*2*PI*t)*lt(mod(t\\,2)\\,1.4)':d=7.4:s=16000")
RECIPES = {
    "video.mp4": (*VIDEO, *TONE, "-shortest", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
    "silent-film.mp4": (*VIDEO, "-c:v", "libx264", "-preset", "ultrafast"),
    "tone.wav": TONE,
    "tone.mp3": TONE,
    "tone.flac": TONE,
    "pauses.wav": PAUSES,
    "scenes.mp4": (
        *("-f", "lavfi", "-i", "color=red:size=160x90:rate=10:duration=2"),
        *("-f", "lavfi", "-i", "color=blue:size=160x90:rate=10:duration=2"),
        *("-f", "lavfi", "-i", "color=white:size=160x90:rate=10:duration=2"),
        *("-filter_complex", "[0:v][1:v][2:v]concat=n=3:v=1", "-c:v", "libx264", "-preset", "ultrafast"),
    ),
    "two-tracks.mkv": (
        *(*VIDEO, *TONE, "-f", "lavfi", "-i", "anullsrc=r=8000:cl=stereo:d=3"),
        *("-map", "0", "-map", "1", "-map", "2", "-c:a", "aac"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=chi", "-disposition:a:1", "forced"),
    ),
    "quiet.wav": ("-f", "lavfi", "-i", "anullsrc=d=2"),
}


def make(target: Path, *arguments: str) -> None:
    command = [get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *arguments, str(target)]
    subprocess.run(command, check=True, timeout=60)


@pytest.fixture(scope="session")
def media_bytes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """Return a function that gives the bytes of a recipe, made once."""
    folder = tmp_path_factory.mktemp("made")

    def content(name: str) -> bytes:
        if not (folder / name).exists():
            make(folder / name, *RECIPES[name])
        return (folder / name).read_bytes()

    return content


def programs() -> dict[str, str]:
    """Return the different ffmpegs that are here by their version: bundled, on the PATH, and the one of TEST_FFMPEG."""
    named = os.environ.get("TEST_FFMPEG")  # noqa: TID251 - not a setting of Baton's
    paths = [path for path in (get_ffmpeg_exe(), which("ffmpeg"), named) if path]
    found = [program for path in paths if (program := inspect_program(path)) and program.version >= MINIMUM]
    return {".".join(map(str, program.version)): program.path for program in reversed(found)}


PROGRAMS = programs()


@pytest.fixture(params=PROGRAMS)
def job(request: pytest.FixtureRequest, tmp_path: Path) -> FolderJob:
    """A job of each ffmpeg that is here."""
    return FolderJob(tmp_path / "share", "ffmpeg", ffmpeg={"binary": PROGRAMS[request.param]})


@pytest.fixture
def place(job: FolderJob) -> Callable[[str, bytes], MediaFile]:
    """Return a function that puts bytes under share."""

    def put(name: str, content: bytes) -> MediaFile:
        (job.share / name).write_bytes(content)
        return MediaFile(name)

    return put


@pytest.fixture
def medium(media_bytes: Callable[[str], bytes], place: Callable[[str, bytes], MediaFile]) -> Callable[..., MediaFile]:
    """Return a function that puts the medium of a recipe under share, under its own or another name."""
    return lambda recipe, name=None: place(name or recipe, media_bytes(recipe))


@pytest.fixture
def sample(place: Callable[[str, bytes], MediaFile]) -> MediaFile:
    return place("sample.mp4", (FIXTURES / "sample.mp4").read_bytes())


@pytest.fixture
def sample_srt(place: Callable[[str, bytes], MediaFile]) -> MediaFile:
    return place("sample.srt", (FIXTURES / "sample.srt").read_bytes())


@pytest.fixture
def inspect(job: FolderJob) -> Callable[[Artifact], MediaInfo]:
    return lambda artifact: probe.inspect(job.path(artifact), job.settings.section(FfmpegSettings))


@pytest.fixture
def pixel(job: FolderJob) -> Callable[[Artifact, float], bytes]:
    """Return a function that gives the picture at a time, as grey bytes of 160 x 90."""

    def picture(artifact: Artifact, time: float) -> bytes:
        source = str(job.path(artifact))
        shown = ("-ss", str(time), "-i", source, "-frames:v", "1", "-vf", "scale=160:90,format=gray", "-f", "rawvideo")
        command = [get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", *shown, "-"]
        return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout

    return picture
