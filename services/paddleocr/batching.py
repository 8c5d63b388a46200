"""OCR in batches, with the GPU held only during a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from common.files.storage import MODELS
from common.worker.job import Job
from services.paddleocr.engine import Line, Reader, model_of, name_of
from services.paddleocr.line_assembly import rows
from services.paddleocr.settings import PaddleocrSettings

if TYPE_CHECKING:
    from common.gpu.residency import Model
    from services.paddleocr.engine import Picture
    from services.paddleocr.text_tracking import TextTrack

BATCH = 8
SURE = 0.97
"""A line that is read with more confidence needs no second reading."""


class OcrBatcher:
    """Connects a job to its OCR model, and counts the pictures."""

    def __init__(self, job: Job, language: str | None = None) -> None:
        self.job = job
        self.settings = job.settings.section(PaddleocrSettings)
        self.model: Model[Reader] = model_of(self.settings, job.storage.root / MODELS, language)
        self.model_name = name_of(self.settings, language)
        self.calls = 0

    def read(self, pictures: Sequence[Picture]) -> list[list[Line]]:
        """Return the lines of each picture; others may use the GPU between two batches."""
        if not pictures:
            return []
        self.calls += len(pictures)
        found: list[list[Line]] = []
        with self.job.gpu(self.model) as session:
            for first in range(0, len(pictures), BATCH):
                session.step()
                found.extend(session.model.read(pictures[first : first + BATCH]))
        return found

    def read_tracks(self, tracks: Sequence[TextTrack]) -> list[list[list[Line]]]:
        """Return the lines of each picture of each text track; one picture is enough if it is read with confidence."""
        first = [rows(lines) for lines in self.read([track.crops[0].picture for track in tracks])]
        unsure = [
            (number, crop.picture)
            for number, (track, lines) in enumerate(zip(tracks, first, strict=True))
            if any(line.score < SURE for line in lines)
            for crop in track.crops[1:]
        ]
        readings = [[lines] for lines in first]
        again = self.read([picture for _, picture in unsure])
        for (number, _), lines in zip(unsure, again, strict=True):
            readings[number].append(rows(lines))
        return readings
