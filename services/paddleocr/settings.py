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
    detection_model: Annotated[
        str | None, Field(description="for engine paddleocr, by name; None is the library's default")
    ] = None
    recognition_model: Annotated[str | None, Field(description="the same, for text recognition")] = None
    inference: Annotated[
        Literal["onnxruntime", "paddle"], Field(description="for engine paddleocr; paddle needs paddlepaddle installed")
    ] = "onnxruntime"
    models_dir: Annotated[Path, Field(description="relative to share/models: one folder <name>/ per model")] = Path(
        "paddleocr"
    )
    offline: Annotated[bool, Field(description="never download a model")] = False
    cpu_threads: Annotated[int, Field(ge=0, description="threads of a model on the CPU; 0 lets the runtime choose")] = 0
    max_pixels: Annotated[int, Field(gt=0, description="width x height of a video's picture")] = 35_389_440
    max_image_pixels: Annotated[int, Field(gt=0, description="width x height of an image")] = 100_000_000
    max_images: Annotated[int, Field(gt=0, description="per task")] = 1_000
    max_duration: Annotated[Seconds, Field(description="maximum length of the part of a video that is read")] = (
        timedelta(hours=12)
    )
    chunk_length: Annotated[
        Seconds, Field(ge=timedelta(seconds=5), description="of video: after each, lines are published and recorded")
    ] = timedelta(minutes=1)
    max_line_duration: Annotated[Seconds, Field(description="text that stays longer is a watermark or scenery")] = (
        timedelta(seconds=30)
    )
