"""Settings of the paddleocr service."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from common.settings import Seconds, Section


class PaddleocrSettings(Section):
    engine: Annotated[
        Literal["embedded", "paddleocr"],
        Field(description="embedded: the small PP-OCR models of the rapidocr wheel; paddleocr: PaddleOCR's own"),
    ] = "embedded"
    detection_model: Annotated[str | None, Field(description="of paddleocr, by name; None is the library's choice")] = (
        None
    )
    recognition_model: Annotated[str | None, Field(description="the same, for reading the text")] = None
    inference: Annotated[
        Literal["onnxruntime", "paddle"], Field(description="of paddleocr; paddle needs paddlepaddle installed")
    ] = "onnxruntime"
    models_dir: Annotated[Path, Field(description="relative to share/models: <name>/ for each model")] = Path(
        "paddleocr"
    )
    offline: Annotated[bool, Field(description="never download a model")] = False
    cpu_threads: Annotated[int, Field(ge=0, description="of a model on the CPU; 0 lets the runtime choose")] = 0
    max_pixels: Annotated[int, Field(gt=0, description="width x height of a video's picture")] = 35_389_440
    max_image_pixels: Annotated[int, Field(gt=0, description="width x height of an image")] = 100_000_000
    max_images: Annotated[int, Field(gt=0, description="in one task")] = 1_000
    max_duration: Annotated[Seconds, Field(description="of the part of a video that is read")] = timedelta(hours=12)
    chunk_length: Annotated[
        Seconds, Field(ge=timedelta(seconds=5), description="of video: after each, lines are told and recorded")
    ] = timedelta(minutes=1)
    max_line_duration: Annotated[Seconds, Field(description="text that stays for longer is a watermark or scenery")] = (
        timedelta(seconds=30)
    )
