"""Subtitles of every kind come out as they were burned in: the same lines, words and times."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.support.burned import CHINESE, ENGLISH, Burned, Shown, spread
from tests.support.service_bench import ServiceBench
from tests.support.subtitle_score import Score, score

BOTH = [f"{chinese}\n{english}" for chinese, english in zip(CHINESE, ENGLISH, strict=True)]
SMALL = Burned(spread(ENGLISH[:3]), size="640x360")
CASES = {
    "english 25": SMALL,
    "chinese 24, noise": replace(SMALL, lines=spread(CHINESE[2:5]), rate="24", background="noise"),
    "both, two lines": replace(SMALL, lines=spread(BOTH[5:8]), size="854x480", background="fractal"),
    "29.97, box": replace(SMALL, lines=spread(CHINESE[:3]), rate="30000/1001", style="box"),
    "60, yellow": replace(SMALL, lines=spread(ENGLISH[4:6]), rate="60", style="yellow"),
    "variable rate": replace(SMALL, lines=spread(CHINESE[5:8]), variable=True),
    "top": replace(SMALL, lines=spread(CHINESE[6:9]), top=True, background="fractal"),
    "chinese 25, pattern": replace(SMALL, lines=spread(CHINESE[:4])),
    "fade": replace(SMALL, lines=spread(ENGLISH[3:6]), fade_ms=240, background="plain"),
    "logo": replace(SMALL, lines=spread(CHINESE[1:4]), logo="BATON", top=True, background="plain"),
    "half a second": replace(SMALL, lines=spread(CHINESE[:6], every=0.7, length=0.5)),
    "no pause": replace(SMALL, lines=spread(CHINESE[3:7], every=1.0, length=1.0), background="plain"),
    "one word changes": replace(
        SMALL, lines=[Shown(0.8, 2.0, "It is morning."), Shown(2.0, 3.2, "It is evening.")], background="fractal"
    ),
    "720p": replace(SMALL, lines=spread(CHINESE[4:6]), size="1280x720"),
    "4K": replace(SMALL, lines=spread(ENGLISH[6:8]), size="3840x2160", rate="24", background="plain"),
    "two hours, sparse": replace(
        SMALL,
        lines=spread(CHINESE, every=715.0, length=2.0),
        size="320x180",
        rate="5",
        background="plain",
        seconds=7_200,
    ),
}
TABLE: dict[str, tuple[Score, int]] = {}


@pytest.fixture(scope="module", autouse=True)
def _table(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n{'case':24} {'F1':>6} {'CER %':>6} {'start s':>8} {'end s':>8} {'OCR calls':>9}")  # noqa: T201
        for name, (found, calls) in TABLE.items():
            times = f"{found.start_error:8.3f} {found.end_error:8.3f}"
            print(f"{name:24} {found.f1:6.3f} {100 * found.cer:6.2f} {times} {calls:9}")  # noqa: T201


@pytest.mark.parametrize("name", CASES)
def test_burned_in_lines_are_read_with_their_times(
    ocr: ServiceBench, film: Callable[[Burned, str], str], name: str
) -> None:
    case = CASES[name]
    output = ocr.output("extract_subtitles", video_path=film(case, name.replace(" ", "-")))
    found = score(ocr.transcript_of(output).segments, case.lines)
    TABLE[name] = found, output["ocr_calls"]
    two_frames = 2 * 5 / 25 / 3 if case.variable else 2 / seconds_rate(case.rate)
    allowed = case.fade_ms / 1000 + two_frames
    assert found.f1 == 1.0, [
        (segment.start, segment.end, segment.text) for segment in ocr.transcript_of(output).segments
    ]
    assert found.cer <= 0.03
    assert found.start_error <= allowed + 0.01
    assert found.end_error <= allowed + 0.01


def seconds_rate(rate: str) -> float:
    above, _, below = rate.partition("/")
    return float(above) / float(below or 1)


def test_the_files_hold_the_same_lines(ocr: ServiceBench, film: Callable[[Burned, str], str]) -> None:
    output = ocr.output("extract_subtitles", video_path=film(CASES["chinese 24, noise"], "files"))
    srt, vtt = ocr.text(output["srt_path"]), ocr.text(output["vtt_path"])
    assert srt.startswith("1\n00:00:00,")
    assert vtt.startswith("WEBVTT")
    for segment in ocr.transcript_of(output).segments:
        assert segment.text in srt
        assert segment.text in vtt
        assert segment.language == "zh"
        assert segment.confidence


def test_a_video_without_subtitles_gives_an_empty_result(ocr: ServiceBench, film: Callable[[Burned, str], str]) -> None:
    output = ocr.output("extract_subtitles", video_path=film(Burned([], seconds=3), "none"))
    assert (output["segments"], output["empty"]) == (0, True)
    assert output["warnings"] == ["No subtitles were found."]
    assert ocr.text(output["srt_path"]) == ""


def test_a_given_area_is_taken(ocr: ServiceBench, film: Callable[[Burned, str], str]) -> None:
    name = film(replace(SMALL, lines=[Shown(0.5, 2.0, "Above us")], top=True, background="plain"), "given")
    above = ocr.output("extract_subtitles", video_path=name, area={"y": 0, "height": 0.3})
    below = ocr.output("extract_subtitles", video_path=name, area={"y": 0.6, "height": 0.4})
    assert [segment.text for segment in ocr.transcript_of(above).segments] == ["Above us"]
    assert below["empty"]


def test_a_part_of_a_video_keeps_the_times_of_the_whole(ocr: ServiceBench, film: Callable[[Burned, str], str]) -> None:
    lines = spread(CHINESE[:5])
    name = film(replace(SMALL, lines=lines, background="plain"), "part")
    output = ocr.output("extract_subtitles", video_path=name, start=2.2, end=5.4)
    found = score(ocr.transcript_of(output).segments, lines[1:3])
    assert (found.f1, found.cer) == (1.0, 0.0)
    assert max(found.start_error, found.end_error) <= 0.08
