"""PaddleOCR's pipeline and the embedded engine keep the same promises, and extract the same subtitles."""

from pathlib import Path

import pytest
from typing_extensions import override

from common.gpu.devices import CpuDevice
from services.paddleocr.area_detection import detect_areas
from services.paddleocr.areas import FoundArea
from services.paddleocr.engine import Embedded, Reader, model_of
from services.paddleocr.errors import ModelMissing
from services.paddleocr.settings import PaddleocrSettings
from services.paddleocr.video import open_video
from tests.support.burned import CHINESE, Burned, spread
from tests.support.ocr_contract import EngineContract


class TestPaddle(EngineContract):
    @pytest.fixture
    @override
    def reader(self, paddle: Reader) -> Reader:
        return paddle


@pytest.fixture(scope="module")
def embedded_reader() -> Reader:
    return Embedded(PaddleocrSettings(), CpuDevice())


class TestEmbedded(EngineContract):
    @pytest.fixture
    @override
    def reader(self, embedded_reader: Reader) -> Reader:
        return embedded_reader


def test_both_find_the_same_area(paddle: Reader, embedded_reader: Reader, tmp_path: Path) -> None:
    video = Burned(spread(CHINESE[:2]), size="640x360").make(tmp_path / "video.mp4")
    areas = [area_by(reader, video) for reader in (paddle, embedded_reader)]
    assert areas[0].y == pytest.approx(areas[1].y, abs=0.05)
    assert areas[0].height == pytest.approx(areas[1].height, abs=0.1)


def area_by(reader: Reader, video: Path) -> FoundArea:
    with open_video(video, max_pixels=10_000_000) as film:
        return detect_areas(film, reader.read, lambda: None, start=0.0, end=None).areas[0]


def test_a_model_that_is_not_here_is_not_downloaded_offline(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        model_of(PaddleocrSettings(engine="paddleocr", offline=True), tmp_path).load(CpuDevice())
