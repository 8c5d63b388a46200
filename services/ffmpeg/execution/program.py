"""Locate the ffmpeg program: path, version, and the choice between several."""

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from shutil import which

from typing_extensions import override

from services.ffmpeg.errors import FfmpegKilled, FfmpegMissing, FfmpegOutdated

MINIMUM = (5, 1)
"""Debian 12's version. Older ones are not tested."""
NUMBERED = re.compile(r"^ffmpeg version n?(\d+(?:\.\d+)+)")
LIBAVUTIL = re.compile(r"^libavutil +(\d+)\.", re.MULTILINE)
LIBAVUTIL_OF_VERSION_0 = 52
"""The major version of libavutil minus this is ffmpeg's, which a development build does not print."""
VERSION_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class FfmpegProgram:
    path: str
    version: tuple[int, ...]

    @override
    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.version))} ({self.path})"


@cache
def find_program(configured: str | None) -> FfmpegProgram:
    """Return the configured ffmpeg; without one, the newer of the one on PATH and the one of imageio-ffmpeg.

    Raises:
        FfmpegMissing: there is none, or it does not run.
        FfmpegKilled: it was killed while it was asked for its version.
        FfmpegOutdated: it is older than `MINIMUM`.
    """
    paths = [which(configured)] if configured else [which("ffmpeg"), bundled_path()]
    found = [program for path in paths if path and (program := inspect_program(path))]
    if not found:
        raise FfmpegMissing(configured=configured)
    newest = max(found, key=lambda program: program.version)
    if newest.version < MINIMUM:
        raise FfmpegOutdated(path=newest.path, version=".".join(map(str, newest.version)))
    return newest


def bundled_path() -> str | None:
    try:
        from imageio_ffmpeg import get_ffmpeg_exe  # images have their own ffmpeg instead

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError):  # it is not installed, or has no ffmpeg for this platform
        return None


def inspect_program(path: str) -> FfmpegProgram | None:
    """Return path and version of a program, None if it does not run or is not ffmpeg.

    Raises:
        FfmpegKilled: it was killed, or did not answer in time. That says nothing about the program.
    """
    command = [path, "-version"]
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=VERSION_TIMEOUT_S, check=False
        )
    except OSError:
        return None
    except subprocess.TimeoutExpired as error:
        raise FfmpegKilled(f"`{path} -version` did not answer within {VERSION_TIMEOUT_S:.0f} s.") from error
    if ran.returncode < 0:
        raise FfmpegKilled(f"`{path} -version` was killed by signal {-ran.returncode}.")
    version = parse_version(ran.stdout)
    return FfmpegProgram(path, version) if version else None


def parse_version(text: str) -> tuple[int, ...]:
    """Return the version in the output of `ffmpeg -version`, empty if there is none."""
    if numbered := NUMBERED.search(text):
        return tuple(map(int, numbered[1].split(".")))
    library = LIBAVUTIL.search(text)
    return (int(library[1]) - LIBAVUTIL_OF_VERSION_0,) if library else ()
