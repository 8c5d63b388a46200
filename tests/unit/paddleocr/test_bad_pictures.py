"""What cannot be read says why, before it costs anything."""

import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from pydantic import ValidationError

from services.paddleocr.contracts import ExtractSubtitlesInput, RecognizeImagesInput
from tests.support.burned import Burned, Shown
from tests.support.service_bench import ServiceBench

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture
def video(film: Callable[[Burned, str], str]) -> str:
    return film(Burned([Shown(0.2, 1.0, "Hello")], size="320x180", background="plain"), "hello")


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that promises a size and holds nothing of it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_an_area_that_is_too_small_is_refused(ocr: ServiceBench, video: str) -> None:
    area = {"y": 0.9, "height": 0.02}
    assert ocr.error("extract_subtitles", video_path=video, area=area) == "area_too_small"


def test_a_start_after_the_end_of_the_file_is_refused(ocr: ServiceBench, video: str) -> None:
    assert ocr.error("extract_subtitles", video_path=video, start=100) == "clip_outside_media"


def test_an_audio_file_has_no_subtitles(ocr: ServiceBench) -> None:
    shutil.copy(FIXTURES / "speech/en-00.flac", ocr.share / "sound.flac")
    for name in ("extract_subtitles", "detect_subtitle_area"):
        assert ocr.error(name, video_path="sound.flac") == "no_video_track"


def test_a_broken_file_is_no_video(ocr: ServiceBench, video: str) -> None:
    (ocr.share / "text.mp4").write_text("This is no video.")
    (ocr.share / "torn.mp4").write_bytes((ocr.share / video).read_bytes()[:2_000])
    for name in ("text.mp4", "torn.mp4"):
        assert ocr.error("extract_subtitles", video_path=name) == "not_media"


def test_a_video_with_too_many_pixels_is_refused(ocr: ServiceBench) -> None:
    wide = ["-f", "lavfi", "-i", "color=s=8192x8192:r=1:d=1", "-c:v", "mjpeg", str(ocr.share / "huge.avi")]
    subprocess.run([get_ffmpeg_exe(), "-loglevel", "error", "-y", *wide], check=True, timeout=60)
    assert ocr.error("extract_subtitles", video_path="huge.avi") == "too_many_pixels"


def test_an_image_with_too_many_pixels_is_not_decoded(ocr: ServiceBench) -> None:
    (ocr.share / "huge.png").write_bytes(png_header(20_000, 20_000))
    assert ocr.error("recognize_images", image_paths=["huge.png"]) == "too_many_pixels"


def test_what_is_no_image_is_named(ocr: ServiceBench, video: str) -> None:
    (ocr.share / "torn.png").write_bytes(png_header(200, 200))
    context = ocr.run("recognize_images", image_paths=["torn.png"])
    assert context.error
    assert context.error.code == "not_an_image"
    assert "torn.png" in context.error.message
    assert ocr.error("recognize_images", image_paths=[video]) == "not_an_image"


def test_a_folder_without_images_is_refused(ocr: ServiceBench) -> None:
    (ocr.share / "empty").mkdir(exist_ok=True)
    assert ocr.error("recognize_images", folder="empty") == "no_images"
    assert ocr.error("recognize_images", folder="nowhere") == "no_images"
    assert ocr.error("recognize_images", folder="../..") == "unsafe_path"


def test_a_language_that_the_models_do_not_read_is_refused(ocr: ServiceBench, video: str) -> None:
    assert ocr.error("extract_subtitles", video_path=video, language="ru") == "language_unknown"


@pytest.mark.parametrize(
    "given",
    [
        {"area": {"y": 0.8, "height": 0.3}},
        {"area": {"y": -0.1, "height": 0.3}},
        {"area": {"y": 0.1, "height": 0}},
        {"start": 5, "end": 5},
        {"language": "English"},
        {"min_confidence": 2},
        {"unknown": 1},
    ],
)
def test_input_that_does_not_fit_is_refused_at_submission(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ExtractSubtitlesInput.model_validate({"video_path": "a.mp4", **given})


def test_either_images_or_a_folder_are_given() -> None:
    for given in ({}, {"image_paths": ["a.png"], "folder": "b"}):
        with pytest.raises(ValidationError, match="either image_paths or folder"):
            RecognizeImagesInput.model_validate(given)
