"""An image contains every package that its code imports, in functions too: a task must not fail for a missing one."""

import re
from collections import Counter

import pytest
from grimp import ImportGraph

from tests.support.image_closure import Image, find_missing_packages, list_services, load_graph, read_pins
from tests.support.stack import ROOT

REQUIREMENTS = ROOT / "requirements"
OWN_FFMPEG = {"imageio_ffmpeg": "the image has its own ffmpeg; `bundled_path` handles the ImportError"}
WITHOUT_PIPELINE = {"paddleocr": "`engine: paddleocr` needs the other image"}
WITHOUT_EMBEDDED = {"rapidocr": "`engine: embedded` needs the other image"}
IMAGES = [
    Image("gateway", "gateway.txt"),
    Image("dual_stream", "dual_stream.txt"),
    Image("faster_whisper", "faster_whisper.txt"),
    Image("ffmpeg", "ffmpeg.txt", OWN_FFMPEG),
    Image("llm", "llm.txt"),
    Image("paddleocr", "paddleocr.txt", WITHOUT_PIPELINE),
    Image("paddleocr", "paddleocr_pipeline.txt", WITHOUT_EMBEDDED),
    Image("pyannote", "pyannote.txt"),
    Image("sensevoice", "sensevoice.txt"),
    Image("subtitle", "subtitle.txt"),
]
TESTED_IN_BOTH_VERSIONS = {"numpy", "pysubs2"}
BY_REQUIREMENTS = {image.requirements: image for image in IMAGES}


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    return load_graph()


def test_every_service_has_its_image() -> None:
    assert {image.name for image in IMAGES} == {"gateway", *list_services()}


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.requirements)
def test_an_image_installs_what_its_code_imports(graph: ImportGraph, image: Image) -> None:
    assert find_missing_packages(graph, image) == {}


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.requirements)
def test_no_package_is_optional_that_is_installed_or_imported_nowhere(graph: ImportGraph, image: Image) -> None:
    strict = Image(image.name, image.requirements)
    assert find_missing_packages(graph, strict).keys() == image.optional.keys()


@pytest.mark.parametrize(
    ("requirements", "importer", "imported", "missing"),
    [
        ("ffmpeg.txt", "services.ffmpeg.tasks", "common.media.audio", "numpy"),
        ("ffmpeg.txt", "common.worker.job", "common.media.vad", "faster_whisper"),
        ("subtitle.txt", "services.subtitle.engine", "common.media.demux", "av"),
        ("subtitle.txt", "services.llm.settings", "openai", "openai"),
        ("gateway.txt", "services.paddleocr.contracts", "common.media.audio", "numpy"),
        ("paddleocr_pipeline.txt", "services.paddleocr.tasks", "openai", "openai"),
    ],
)
def test_an_import_that_the_image_lacks_is_found(requirements: str, importer: str, imported: str, missing: str) -> None:
    image, graph = BY_REQUIREMENTS[requirements], load_graph()
    graph.add_import(importer=importer, imported=imported)
    assert missing in find_missing_packages(graph, image)


def test_a_pin_for_another_system_is_not_installed() -> None:
    assert "pywin32" not in read_pins("gateway.txt")
    assert {"av", "ffmpeg-python"} <= read_pins("ffmpeg.txt")


def test_a_library_that_the_code_names_has_one_version_for_every_python() -> None:
    """Av 19 came with Python 3.12, had another API, and broke every task that decodes media there."""
    names = re.compile(r"^([a-z0-9-]+)", re.MULTILINE)
    named = {name for file in REQUIREMENTS.glob("*.in") for name in names.findall(file.read_text())}
    for file in REQUIREMENTS.glob("*.txt"):
        pinned = Counter(names.findall(file.read_text()))
        assert {name for name in named if pinned[name] > 1} <= TESTED_IN_BOTH_VERSIONS, file.name
