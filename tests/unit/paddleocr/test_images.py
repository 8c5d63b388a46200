"""Images and folders of them are read, with corners and confidence."""

import json
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.support.burned import FONTS
from tests.support.service_bench import ServiceBench

LINES = ("今天我们去山上看日出。", "Nobody knows the answer.")


@pytest.fixture
def page() -> Callable[..., Image.Image]:
    def draw(*lines: str) -> Image.Image:
        picture = Image.new("RGB", (640, 240), "white")
        pen = ImageDraw.Draw(picture)
        for number, line in enumerate(lines):
            pen.text((40, 30 + 90 * number), line, fill="black", font=ImageFont.truetype(FONTS / "baton-test.otf", 36))
        return picture

    return draw


def test_the_lines_of_an_image_come_with_their_corners(ocr: ServiceBench, page: Callable[..., Image.Image]) -> None:
    page(*LINES).save(ocr.share / "page.png")
    output = ocr.output("recognize_images", image_paths=["page.png"])
    (read,) = json.loads(ocr.text(output["results_path"]))["pages"]
    assert [line["text"].replace(" ", "") for line in read["lines"]] == [line.replace(" ", "") for line in LINES]
    assert (read["width"], read["height"], read["image"]) == (640, 240, "page.png")
    (left, top), *_ = read["lines"][1]["corners"]
    assert (left, top) == (pytest.approx(40, abs=15), pytest.approx(130, abs=20))
    assert read["lines"][0]["confidence"] > 0.9
    assert output["lines"] == 2


def test_a_folder_is_read_by_name_and_each_page_counts(ocr: ServiceBench, page: Callable[..., Image.Image]) -> None:
    folder = ocr.share / "pages"
    folder.mkdir()
    page(LINES[0]).save(folder / "b.png")
    page(LINES[0]).save(folder / "a.tiff", save_all=True, append_images=[page()])
    (folder / "notes.txt").write_text("not an image")
    output = ocr.output("recognize_images", folder="pages")
    pages = json.loads(ocr.text(output["results_path"]))["pages"]
    assert [(result["image"], result["page"], len(result["lines"])) for result in pages] == [
        ("a.tiff", 0, 1),
        ("a.tiff", 1, 0),
        ("b.png", 0, 1),
    ]
    assert ocr.text(output["text_path"]).count(LINES[0]) == 2


def test_a_photo_is_turned_upright(ocr: ServiceBench, page: Callable[..., Image.Image]) -> None:
    turned = page(LINES[0]).rotate(90, expand=True)
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(ocr.share / "photo.jpg", exif=exif)
    output = ocr.output("recognize_images", image_paths=["photo.jpg"])
    assert LINES[0] in ocr.text(output["text_path"])


def test_an_image_without_text_is_empty(ocr: ServiceBench, page: Callable[..., Image.Image]) -> None:
    page().save(ocr.share / "blank.png")
    assert ocr.output("recognize_images", image_paths=["blank.png"])["empty"]
