"""Transcriptions of recordings with real models: by our tasks, and by plain faster-whisper."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.transcript.format import Segment, Word
from tests.support.real_models import MODELS
from tests.support.recordings import Recording
from tests.support.service_bench import ServiceBench

STEADY = {"model": "base", "temperature": [0]}
WORDS = {"word_timestamps": True}
PLAIN: dict[str, Any] = {
    "vad_filter": True, "temperature": 0, "beam_size": 5, "word_timestamps": True, "language_detection_segments": 4,
}  # fmt: skip
"""The options of plain faster-whisper; the others have the library's defaults."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one implementation makes of a recording."""

    text: str
    language: str | None
    segments: list[Segment]
    output: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> list[Word]:
        return [word for segment in self.segments for word in segment.words]


Listen = Callable[[Recording], Heard]


def heard_by_library(found: list[Any], language: str) -> Heard:
    segments = [
        Segment(
            id=number,
            start=max(round(float(segment.start), 3), 0),
            end=round(float(segment.end), 3),
            text=segment.text.strip(),
            words=[
                Word(start=round(float(w.start), 3), end=round(float(w.end), 3), text=w.word) for w in segment.words
            ],
        )
        for number, segment in enumerate(found)
    ]
    return Heard(" ".join(segment.text for segment in segments), language, segments)


class Listener:
    """Our task on recordings; each recording is transcribed once with the same input."""

    def __init__(self, bench: ServiceBench) -> None:
        self.bench = bench
        self.known: dict[tuple[Path, str], Heard] = {}

    def __call__(self, recording: Recording, **given: Any) -> Heard:
        key = recording.file, repr(sorted(given.items()))
        if key not in self.known:
            self.known[key] = transcribe(self.bench, recording, **given)
        return self.known[key]


def transcribe(bench: ServiceBench, recording: Recording, **given: Any) -> Heard:
    """Run the service's task on a recording."""
    target = bench.share / recording.file.name
    shutil.copy(recording.file, target)
    output = bench.output(audio_path=target.name, **given)
    segments = bench.transcript_of(output).segments
    return Heard(" ".join(segment.text for segment in segments), output["language"], segments, output)


def share_with(models: Path, folder: Path) -> Path:
    """Return a share whose models are the real ones."""
    (folder / "models/faster_whisper").mkdir(parents=True)
    for name in MODELS:
        (folder / "models/faster_whisper" / name).symlink_to(models / name)
    return folder
