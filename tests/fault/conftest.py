"""What the fault tests share: a receiver of callbacks, and a film that takes ffmpeg long."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from tests.support.receiver import Receiver

FILM_SECONDS = 60


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as open_receiver:
        yield open_receiver


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A moving picture: made in a second, turned into VP9 in a minute."""
    file = tmp_path_factory.mktemp("film") / "film.mp4"
    source = f"testsrc2=s=640x360:r=25:d={FILM_SECONDS}"
    options = ["-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", source, "-preset", "ultrafast"]
    subprocess.run([get_ffmpeg_exe(), *options, str(file)], check=True, timeout=60)
    return file
