"""Inputs and outputs of the paddleocr tasks."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from common.contract import ClipInput, Contract, TaskInput, TaskOutput
from common.media.fields import Artifact, MediaFile
from services.paddleocr.areas import Area, FoundArea

Video = Annotated[MediaFile, Field(description="a video with subtitles burned into its pictures")]
Language = Annotated[
    str | None,
    Field(
        pattern=r"^[a-z]{2,3}$",
        description="of the subtitles, ISO 639; it selects PaddleOCR's models and is written into the transcript. "
        "None reads Chinese, English and Japanese",
    ),
]
Confidence = Annotated[float, Field(ge=0, le=1, description="lines with less confidence are dropped")]
ModelUsed = Annotated[str, Field(description="the OCR models used")]
Warnings = Annotated[list[str], Field(default_factory=list, description="anomalies of the input")]


class ExtractSubtitlesInput(ClipInput):
    video_path: Video
    area: Annotated[Area | None, Field(description="position of the subtitles; None detects it")] = None
    language: Language = None
    min_confidence: Confidence = 0.6


class ExtractSubtitlesOutput(TaskOutput):
    transcript_path: Annotated[Artifact, Field(description="a Transcript, as JSON")]
    srt_path: Artifact
    vtt_path: Artifact
    segments: Annotated[int, Field(ge=0, description="number of segments")]
    empty: Annotated[bool, Field(description="no subtitles were found; the files are empty")]
    areas: Annotated[list[FoundArea], Field(description="the areas given or detected")]
    duration: Annotated[float, Field(ge=0, description="seconds of video that were read")]
    ocr_calls: Annotated[int, Field(ge=0, description="pictures that were read by OCR")]
    model: ModelUsed
    warnings: Warnings


EXTRACT_SUBTITLES = Contract(
    "paddleocr.extract_subtitles",
    ExtractSubtitlesInput,
    ExtractSubtitlesOutput,
    needs_gpu=True,
    summary="Read burned-in subtitles from a video, with exact times: SRT, WebVTT and a Transcript.",
)


class DetectSubtitleAreaInput(TaskInput):
    video_path: Video


class DetectSubtitleAreaOutput(TaskOutput):
    areas: Annotated[list[FoundArea], Field(description="most likely first")]
    empty: Annotated[bool, Field(description="no subtitles were found")]
    preview_path: Annotated[Artifact, Field(description="a PNG of a frame with the areas drawn in")]
    preview_time: Annotated[float, Field(ge=0, description="seconds; the time of that frame")]
    ocr_calls: Annotated[int, Field(ge=0, description="pictures that were read by OCR")]
    model: ModelUsed


DETECT_SUBTITLE_AREA = Contract(
    "paddleocr.detect_subtitle_area",
    DetectSubtitleAreaInput,
    DetectSubtitleAreaOutput,
    needs_gpu=True,
    summary="Detect where the subtitles are in a video, with a preview.",
)


class RecognizeImagesInput(TaskInput):
    image_paths: Annotated[
        list[MediaFile],
        Field(default_factory=list, max_length=1_000, description="PNG, JPEG, WebP, TIFF, BMP or GIF"),
    ]
    folder: Annotated[
        str | None, Field(min_length=1, max_length=4_096, description="all images of this folder under share, by name")
    ] = None
    min_confidence: Confidence = 0.5

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        if bool(self.image_paths) == bool(self.folder):
            raise ValueError("give either image_paths or folder")
        return self


class RecognizeImagesOutput(TaskOutput):
    results_path: Annotated[
        Artifact, Field(description="JSON: for each page its image, size, and lines with text, confidence and corners")
    ]
    text_path: Annotated[Artifact, Field(description="the text alone, in reading order")]
    images: Annotated[int, Field(ge=0, description="number of images; each page of a TIFF counts")]
    lines: Annotated[int, Field(ge=0, description="number of lines")]
    empty: Annotated[bool, Field(description="no text was found")]
    model: ModelUsed


RECOGNIZE_IMAGES = Contract(
    "paddleocr.recognize_images",
    RecognizeImagesInput,
    RecognizeImagesOutput,
    needs_gpu=True,
    summary="Read the text of images, or of a folder of images, with boxes and confidence.",
)
