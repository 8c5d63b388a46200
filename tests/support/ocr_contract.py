"""Contract tests of OCR engines. Each engine's tests subclass this with its own `reader`."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from services.paddleocr.engine import Reader
from tests.support.burned import FONTS
from tests.support.subtitle_score import normalize_text

ENGLISH, CHINESE = "Nobody knows the answer.", "今天我们去山上看日出。"


def strip(*lines: str) -> NDArray[np.uint8]:
    """Return white lines on grey, as the band of a video: shape (height, 640)."""
    picture = Image.new("L", (640, 50 * max(len(lines), 1)), 90)
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        font = ImageFont.truetype(FONTS / "baton-test.otf", 28)
        pen.text((60, 50 * number + 5), line, fill=255, font=font, stroke_width=2, stroke_fill=0)
    return np.asarray(picture)


class EngineContract:
    @pytest.fixture
    def reader(self) -> Reader:
        raise NotImplementedError

    def test_each_picture_has_its_own_lines(self, reader: Reader) -> None:
        read = reader.read([strip(ENGLISH), strip(), strip(CHINESE)])
        assert [[normalize_text(line.text) for line in lines] for lines in read] == [
            [normalize_text(ENGLISH)],
            [],
            [normalize_text(CHINESE)],
        ]

    def test_lines_come_from_the_top_down_with_their_boxes(self, reader: Reader) -> None:
        (lines,) = reader.read([strip(CHINESE, ENGLISH)])
        assert [normalize_text(line.text) for line in lines] == [normalize_text(CHINESE), normalize_text(ENGLISH)]
        for number, line in enumerate(lines):
            left, top, right, bottom = line.box
            assert left == pytest.approx(60, abs=12)
            assert 50 * number - 6 <= top < bottom <= 50 * number + 56
            assert right < 640
            assert len(line.corners) == 4
            assert 0.8 < line.score <= 1

    def test_grey_and_colour_are_the_same(self, reader: Reader) -> None:
        grey = strip(CHINESE)
        colour = np.stack([grey] * 3, axis=-1)
        first, second = reader.read([grey, colour])
        assert [(line.text, line.score) for line in first] == [(line.text, line.score) for line in second]

    def test_no_pictures_are_no_lines(self, reader: Reader) -> None:
        assert reader.read([]) == []
