"""Where subtitles stand is found, and drawn into a preview."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import pytest

from services.paddleocr.areas import Area
from services.paddleocr.errors import AreaTooSmall
from tests.support.burned import CHINESE, ENGLISH, Burned, spread
from tests.support.service_bench import ServiceBench

LINES = Burned(spread(ENGLISH[:3]), size="640x360")


@pytest.mark.parametrize("top", [False, True])
def test_the_rows_of_the_subtitles_are_found(ocr: ServiceBench, film: Callable[[Burned, str], str], top: bool) -> None:
    name = film(replace(LINES, lines=spread(CHINESE[:3]), top=top, logo="BATON", background="fractal"), f"area-{top}")
    output = ocr.output("detect_subtitle_area", video_path=name)
    area = output["areas"][0]
    middle = 0.1 if top else 0.9
    assert area["y"] < middle < area["y"] + area["height"]
    assert area["height"] < 0.4
    assert area["confidence"] > 0.5
    preview = cv2.imread(str(ocr.share / output["preview_path"]["path"]))
    assert preview is not None
    assert preview.shape == (360, 640, 3)
    row = min(round(area["y"] * 360) + 1, 359)
    assert (preview[row, 100:500, 1] == 255).all(), "the upper edge of the box"


def test_a_logo_alone_is_no_subtitle(ocr: ServiceBench, film: Callable[[Burned, str], str]) -> None:
    name = film(Burned([], seconds=4, logo="BATON", background="plain"), "logo-alone")
    assert ocr.output("detect_subtitle_area", video_path=name)["empty"]


def test_an_area_without_room_for_text_is_refused() -> None:
    assert Area(y=0.5, height=0.5).pixels(640, 360) == (0, 180, 640, 360)
    with pytest.raises(AreaTooSmall):
        Area(y=0.5, height=0.01).pixels(640, 360)
