"""Subtitle extraction compared with plain OCR of sampled frames and with decoding alone, on videos with known truth.

All three process the same area of the same video with the same models in the same process; they differ in the frames
they read. The plain way reads 5 frames per second and joins equal texts. It is measured on the first seconds only,
because its rate does not depend on the content.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from bench.asr import peak_mib
from bench.result import keep
from bench.rig import Rig
from common.gpu.devices import CpuDevice
from common.transcript.format import Segment
from services.paddleocr.areas import Area
from services.paddleocr.engine import Embedded
from services.paddleocr.settings import PaddleocrSettings
from services.paddleocr.video import open_video
from tests.support.burned import CHINESE, ENGLISH, Burned, Shown, spread
from tests.support.service_bench import ServiceBench
from tests.support.subtitle_score import Score, score

AREA = Area(y=0.7, height=0.3)
PLAIN_FPS = 5
MAX_PIXELS = 40_000_000
Row = dict[str, Any]


def repeat_texts(count: int, *, every: float) -> list[Shown]:
    texts = [(CHINESE + ENGLISH)[number % 20] for number in range(count)]
    return spread(texts, every=every, length=min(2.0, 0.75 * every))


SMALL = Burned(repeat_texts(18, every=1.6), size="640x360")
CASES = {
    "dense 360p, 30 s": SMALL,
    "sparse 360p, 5 min": replace(SMALL, lines=repeat_texts(10, every=30.0), background="pattern", seconds=300),
    "dense 1080p, 20 s": replace(SMALL, lines=repeat_texts(12, every=1.6), size="1920x1080"),
}
LONG = {
    "dense 4K, 10 s": replace(SMALL, lines=repeat_texts(6, every=1.6), size="3840x2160"),
    "sparse 180p, 2 h": replace(
        SMALL, lines=repeat_texts(60, every=119.0), size="320x180", background="plain", seconds=7_200
    ),
}
LENGTHS_MIN = (1, 5, 20)


def time_call(work: Callable[[], Any]) -> tuple[float, Any]:
    began = monotonic()
    made = work()
    return monotonic() - began, made


def decode(video: Path) -> int:
    with open_video(video, max_pixels=MAX_PIXELS) as film:
        return sum(1 for _ in film.frames())


def run_plain(video: Path, reader: Embedded, seconds: float) -> tuple[list[Segment], int]:
    """Read sampled frames and join equal texts, as a script of a few lines would."""
    found: list[Segment] = []
    calls, next_at = 0, 0.0
    with open_video(video, max_pixels=MAX_PIXELS) as film:
        for frame in film.frames():
            if frame.time > seconds:
                break
            if frame.time < next_at:
                continue
            next_at, calls = next_at + 1 / PLAIN_FPS, calls + 1
            left, top, right, bottom = AREA.pixels(*film.size)
            (lines,) = reader.read([frame.luma[top:bottom, left:right].copy()])
            text = "\n".join(line.text for line in lines)
            if found and found[-1].text == text and frame.time - found[-1].end < 1.5 / PLAIN_FPS:
                found[-1].end = frame.time
            elif text:
                found.append(Segment(id=len(found), start=frame.time, end=frame.time, text=text))
    return found, calls


def measure(name: str, case: Burned, ours: ServiceBench, reader: Embedded, *, plain_seconds: float) -> list[Row]:
    file = f"{name.replace(' ', '-').replace(',', '')}.mp4"
    video = case.make(ours.share / file)
    length = case.length
    decode(video)
    decoded_s, _ = time_call(lambda: decode(video))
    part = min(plain_seconds, length)
    plain_s, (read, calls) = time_call(lambda: run_plain(video, reader, part))
    truth = [line for line in case.lines if line.end < part]
    rows = [row(name, "decode only", length / decoded_s)]
    rows.append(row(name, f"plain, {PLAIN_FPS} fps", part / plain_s, calls / part, score(read, truth)))
    ours_s, output = time_call(lambda: ours.output("extract_subtitles", video_path=file, area=AREA.model_dump()))
    found = score(ours.transcript_of(output).segments, case.lines)
    rows.append(row(name, "ours", length / ours_s, output["ocr_calls"] / length, found))
    rows[-1]["of_decode"] = round(ours_s / decoded_s, 2)
    rows[-1]["faster_than_plain"] = round((length / ours_s) / (part / plain_s), 1)
    return rows


def row(case: str, way: str, rate: float, calls_a_second: float = 0.0, found: Score | None = None) -> Row:
    made: Row = {"case": case, "way": way, "video_s_per_s": round(rate, 1), "calls_a_min": round(60 * calls_a_second)}
    if found:
        worst = max(found.start_error, found.end_error)
        made |= {"f1": round(found.f1, 3), "cer": round(100 * found.cer, 2), "worst_s": round(worst, 3)}
    return made


def memory(folder: Path, ours: ServiceBench) -> list[Row]:
    """Return the peak memory of this process for sparse videos of different lengths."""
    rows: list[Row] = []
    for minutes in LENGTHS_MIN:
        case = replace(SMALL, lines=repeat_texts(2 * minutes, every=30.0), background="plain", seconds=60.0 * minutes)
        case.make(folder / f"{minutes}.mp4")
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        ours.output("extract_subtitles", video_path=f"{minutes}.mp4", area=AREA.model_dump())
        rows.append({"case": f"{minutes} min", "way": "ours", "peak_mib": peak_mib(os.getpid())})
    return rows


COLUMNS = {
    "case": "case", "way": "way", "video_s_per_s": "video s/s", "calls_a_min": "OCR calls/min", "f1": "F1",
    "cer": "CER %", "worst_s": "worst time s", "of_decode": "x decode", "faster_than_plain": "x plain",
    "peak_mib": "peak MiB",
}  # fmt: skip


def show(rows: list[Row]) -> None:
    print("  ".join(f"{title:>18}" for title in COLUMNS.values()))
    for row in rows:
        print("  ".join(f"{row.get(key, '-')!s:>18}" for key in COLUMNS))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ocr", description=__doc__)
    parser.add_argument("--long", action="store_true", help="also 4K and two hours; making the videos takes minutes")
    parser.add_argument("--plain-seconds", type=float, default=15.0, help="of video that the plain way reads")
    chosen = parser.parse_args()
    cases = CASES | (LONG if chosen.long else {})
    with TemporaryDirectory() as name, Rig(Path(name)) as rig:
        share = Path(name) / "share"
        ours, reader = ServiceBench("paddleocr", rig.url, share), Embedded(PaddleocrSettings(), CpuDevice())
        SMALL.make(share / "warm.mp4")
        ours.output("extract_subtitles", video_path="warm.mp4", area=AREA.model_dump(), end=4)
        rows: list[Row] = []
        for title, case in cases.items():
            rows += measure(title, case, ours, reader, plain_seconds=chosen.plain_seconds)
        rows += memory(share, ours)
        ours.close()
    show(rows)
    keep("ocr", rows=rows)


if __name__ == "__main__":
    main()
