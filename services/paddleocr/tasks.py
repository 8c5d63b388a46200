"""The tasks of the paddleocr service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from common.captions import render
from common.errors import NotMedia
from common.media.fields import Artifact
from common.transcript.format import Transcript
from common.worker.job import Job
from common.worker.task import task
from services.paddleocr import contracts as c
from services.paddleocr.area_detection import DetectedAreas, detect_areas
from services.paddleocr.batching import OcrBatcher
from services.paddleocr.extraction import Extraction
from services.paddleocr.images import images_in, pages
from services.paddleocr.opencv import opencv
from services.paddleocr.settings import PaddleocrSettings
from services.paddleocr.text_similarity import language_of
from services.paddleocr.video import Frame, VideoTrack, open_video

if TYPE_CHECKING:
    from services.paddleocr.engine import Line

ENGINE = "paddleocr"
BOX_COLOUR = (0, 255, 255)


@task(c.EXTRACT_SUBTITLES)
def extract_subtitles(params: c.ExtractSubtitlesInput, job: Job) -> c.ExtractSubtitlesOutput:
    """Read burned-in subtitles, continuing after the last recorded chunk.

    Raises:
        NotMedia, NoVideoTrack, TooManyPixels, ClipOutsideMedia: see `video`.
        AreaTooSmall: no text fits into the given area.
        LanguageUnknown, EngineMissing, ModelMissing, ModelNotLoaded: see `engine`.
    """
    batcher = OcrBatcher(job, params.language)
    limit = batcher.settings.max_pixels
    with open_video(job.fetch(params.video_path), max_pixels=limit, start=params.start) as video:
        work = Extraction(params, job, video, batcher)
        work.run()
        return result(work, video)


def result(work: Extraction, video: VideoTrack) -> c.ExtractSubtitlesOutput:
    text = "".join(segment.text for segment in work.segments)
    transcript = Transcript(
        language=work.params.language or language_of(text),
        duration=round(video.duration or work.until, 3),
        engine=ENGINE,
        model=work.batcher.model_name,
        segments=work.segments,
    )
    return c.ExtractSubtitlesOutput(
        transcript_path=work.job.publish_text("transcript.json", render(transcript, "json")),
        srt_path=work.job.publish_text("subtitles.srt", render(transcript, "srt")),
        vtt_path=work.job.publish_text("subtitles.vtt", render(transcript, "vtt")),
        segments=len(work.segments),
        empty=not work.segments,
        areas=work.areas,
        duration=round(work.until - work.params.start, 3),
        ocr_calls=work.batcher.calls,
        model=work.batcher.model_name,
        warnings=warnings(work, video),
    )


def warnings(work: Extraction, video: VideoTrack) -> list[str]:
    found = video.damage_warnings
    if not work.segments:
        found.append("No subtitles were found.")
    return found


@task(c.DETECT_SUBTITLE_AREA)
def detect_subtitle_area(params: c.DetectSubtitleAreaInput, job: Job) -> c.DetectSubtitleAreaOutput:
    """Detect the areas, and draw them into a frame.

    Raises:
        NotMedia, NoVideoTrack, TooManyPixels: see `video`.
    """
    batcher = OcrBatcher(job)
    with open_video(job.fetch(params.video_path), max_pixels=batcher.settings.max_pixels) as video:
        found = detect_areas(video, batcher.read, job.check, start=0.0, end=None)
    if found.preview is None:
        raise NotMedia("The file has a video track, but nothing in it can be decoded. Check that it plays.")
    return c.DetectSubtitleAreaOutput(
        areas=found.areas,
        empty=not found.areas,
        preview_path=preview(job, found, found.preview),
        preview_time=round(found.preview.time, 3),
        ocr_calls=batcher.calls,
        model=batcher.model_name,
    )


def preview(job: Job, found: DetectedAreas, frame: Frame) -> Artifact:
    """Write the frame with a box around each area."""
    cv2 = opencv()

    height, width = frame.luma.shape
    picture = cv2.cvtColor(frame.luma, cv2.COLOR_GRAY2BGR)
    for area in found.areas:
        left, top, right, bottom = area.pixels(width, height)
        cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), BOX_COLOUR, 2)
    staged = job.staging("preview.png")
    cv2.imwrite(str(staged), picture)
    return job.publish(staged)


# ---- images ----


class ReadLine(BaseModel):
    text: str
    confidence: float
    corners: list[tuple[float, float]]
    """x and y in pixels, clockwise from the upper left of the text."""


class ReadPage(BaseModel):
    image: str
    page: int
    width: int
    height: int
    lines: list[ReadLine]


class ReadPages(BaseModel):
    pages: list[ReadPage]


@task(c.RECOGNIZE_IMAGES)
def recognize_images(params: c.RecognizeImagesInput, job: Job) -> c.RecognizeImagesOutput:
    """Read images one by one; one that cannot be read ends the task before anything is published.

    Raises:
        NoImages, TooManyImages, NotAnImage, TooManyPixels: see `images`.
    """
    batcher = OcrBatcher(job)
    files = sources(params, job, batcher.settings)
    read: list[ReadPage] = []
    for number, (name, file) in enumerate(files):
        job.progress("read images", percent=100 * number / len(files), processed=number, total=len(files))
        for page, picture in enumerate(pages(file, batcher.settings.max_image_pixels)):
            height, width = picture.shape[:2]
            lines = [to_read_line(line) for line in batcher.read([picture])[0] if line.score >= params.min_confidence]
            read.append(ReadPage(image=name, page=page, width=width, height=height, lines=lines))
    texts = ["\n".join(line.text for line in page.lines) for page in read]
    return c.RecognizeImagesOutput(
        results_path=job.publish_text("results.json", ReadPages(pages=read).model_dump_json(indent=1)),
        text_path=job.publish_text("text.txt", "\n\n".join(texts) + "\n"),
        images=len(read),
        lines=sum(len(page.lines) for page in read),
        empty=not any(texts),
        model=batcher.model_name,
    )


def sources(params: c.RecognizeImagesInput, job: Job, settings: PaddleocrSettings) -> list[tuple[str, Path]]:
    """Return each image's name, as given or in its folder, and its file."""
    if params.folder:
        return [(file.name, file) for file in images_in(job.storage.resolve(params.folder), settings.max_images)]
    return [(str(given), job.fetch(given)) for given in params.image_paths]


def to_read_line(line: Line) -> ReadLine:
    return ReadLine(text=line.text, confidence=line.score, corners=list(line.corners))
