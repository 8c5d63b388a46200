"""The page of licences tells the truth, and the images carry it."""

import re
import subprocess
from importlib.metadata import files
from pathlib import Path

import pytest
from av._core import library_meta
from imageio_ffmpeg import get_ffmpeg_exe

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/licences.md").read_text(encoding="utf-8")
IMAGES = {file.parent.name: file for file in (ROOT / "api_gateway/Dockerfile", *ROOT.glob("services/*/Dockerfile"))}


def test_the_bundled_ffmpeg_is_under_the_licence_of_the_page() -> None:
    printed = subprocess.run([get_ffmpeg_exe(), "-L"], check=True, capture_output=True, text=True).stdout
    assert "GNU General Public License" in printed
    assert "version 3" in printed
    assert "the FFmpeg program in imageio-ffmpeg | GPL, version 3 or later" in PAGE


def test_the_libraries_of_pyav_are_under_the_licences_of_the_page() -> None:
    assert library_meta["libavcodec"]["license"] == "LGPL version 3 or later"
    assert "libraries in PyAV's wheel | LGPL, version 3 or later" in PAGE
    names = {Path(str(file)).name.partition("-")[0] for file in files("av") or []}
    assert {"libx264", "libx265"} <= names
    assert "x264 and x265 in PyAV's wheel | GPL, version 2 or later" in PAGE


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_names_its_licences_and_holds_the_page(name: str) -> None:
    pins = ROOT / "requirements" / f"{'gateway' if name == 'api_gateway' else name}.txt"
    has_pyav = re.search(r"^av==", pins.read_text(), re.MULTILINE)
    label = "MIT AND LGPL-3.0-or-later AND GPL-2.0-or-later" if has_pyav else "MIT"
    recipe = IMAGES[name].read_text()
    assert f'LABEL org.opencontainers.image.licenses="{label}"' in recipe
    assert "COPY LICENSE docs/licences.md licences/" in recipe
