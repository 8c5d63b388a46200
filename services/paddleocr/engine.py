"""OCR libraries behind one interface: pictures in, lines of text out.

`Embedded` runs the small PP-OCR models of the rapidocr wheel in onnxruntime, available as soon as it is installed;
`Paddle` is PaddleOCR's own pipeline with any of its models. The setting `paddleocr.engine` selects one; no other module
depends on the choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from common.errors import OutOfGpuMemory
from common.gpu.devices import Device, NvmlDevice, SimulatedDevice
from common.gpu.devices import library as nvml
from common.gpu.residency import Model
from services.paddleocr.errors import EngineMissing, LanguageUnknown, ModelMissing, ModelNotLoaded
from services.paddleocr.languages import PADDLE_NAMES, PP_OCR_V6
from services.paddleocr.opencv import opencv
from services.paddleocr.settings import PaddleocrSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    """Shape (height, width) in gray, or (height, width, 3) as BGR."""

LONGEST_SIDE = 960
"""Longest side of a picture for text detection; larger ones are scaled down. Recognition uses the full size."""
LEAST_SCORE = 0.3
"""A line with less confidence is not text."""
ESTIMATE_MIB = {"embedded": 700, "paddleocr": 1500}
EMBEDDED_MODEL = "PP-OCRv6_small (rapidocr wheel)"
PADDLE_DETECTION = "PP-OCRv6_medium_det"
PADDLE_RECOGNITION = "PP-OCRv6_medium_rec"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text in a picture."""

    text: str
    score: float
    """The model's confidence, 0 to 1."""
    corners: tuple[tuple[float, float], ...]
    """x and y of four corners, in pixels, clockwise from the upper left of the text."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        across, down = zip(*self.corners, strict=True)
        return min(across), min(down), max(across), max(down)


class Reader(Protocol):
    """Interface of an engine: a loaded model that reads pictures."""

    def read(self, pictures: Sequence[Picture]) -> list[list[Line]]:
        """Return the lines of each picture, top to bottom and left to right."""


class Embedded:
    """rapidocr with the models of its wheel."""

    def __init__(self, settings: PaddleocrSettings, device: Device) -> None:
        cuda = isinstance(device, NvmlDevice) and "CUDAExecutionProvider" in providers()
        options: dict[str, Any] = {
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.text_score": LEAST_SCORE,
            "Global.max_side_len": 100_000,
            "Det.limit_type": "max",
            "Det.limit_side_len": LONGEST_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": settings.cpu_threads or -1,
            "EngineConfig.onnxruntime.use_cuda": cuda,
        }
        if cuda:
            options["EngineConfig.onnxruntime.cuda_ep_cfg.device_id"] = index_of(device)
        self.library = rapidocr()(params=options)

    def read(self, pictures: Sequence[Picture]) -> list[list[Line]]:
        return [list(self.lines(self.library(in_colour(picture)))) for picture in pictures]

    def lines(self, found: Any) -> Iterator[Line]:
        if found.boxes is None or found.txts is None:
            return
        for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
            yield line(text, score, corners)


class Paddle:
    """PaddleOCR's pipeline."""

    def __init__(self, settings: PaddleocrSettings, device: Device, *, folder: Path, language: str | None) -> None:
        place = f"gpu:{index_of(device)}" if isinstance(device, NvmlDevice) else "cpu"
        self.library = paddleocr()(
            **models(settings, folder, language),
            text_det_limit_side_len=LONGEST_SIDE,
            text_det_limit_type="max",
            text_rec_score_thresh=LEAST_SCORE,
            use_doc_orientation_classify=False,
            use_doc_unwarping=False,
            use_textline_orientation=False,
            device=place,
            **inference(settings, place),
        )

    def read(self, pictures: Sequence[Picture]) -> list[list[Line]]:
        return [list(self.lines(found)) for found in self.library.predict([in_colour(picture) for picture in pictures])]

    def lines(self, found: Any) -> Iterator[Line]:
        for corners, text, score in zip(found["rec_polys"], found["rec_texts"], found["rec_scores"], strict=True):
            yield line(text, score, corners)


def line(text: str, score: float, corners: Any) -> Line:
    points = tuple((float(x), float(y)) for x, y in corners)
    return Line(text.strip(), round(min(max(float(score), 0.0), 1.0), 4), points)


def in_colour(picture: Picture) -> Picture:
    cv2 = opencv()

    return picture if picture.ndim == len("BGR") else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)


# ---- loading ----


def model_of(settings: PaddleocrSettings, share_models: Path, language: str | None = None) -> Model[Reader]:
    """Return the configured reader, to be loaded where there is room; `share_models` is share/models.

    Raises:
        LanguageUnknown: the selected models do not support it.
    """
    if settings.engine == "embedded" and language not in {None, *PP_OCR_V6}:
        raise LanguageUnknown(language=language, known=sorted(PP_OCR_V6))
    folder = share_models / settings.models_dir
    make = Embedded if settings.engine == "embedded" else partial(Paddle, folder=folder, language=language)
    estimate_mib = ESTIMATE_MIB[settings.engine]

    def load_on(device: Device) -> Reader:
        if isinstance(device, SimulatedDevice):
            device.allocate(estimate_mib)
        return load(make, settings, device)

    return Model("paddleocr", f"{settings.engine}/{name_of(settings, language)}", load_on, unload, estimate_mib)


def name_of(settings: PaddleocrSettings, language: str | None = None) -> str:
    """Return the models' actual name, as shown in results."""
    if settings.engine == "embedded":
        return EMBEDDED_MODEL
    if not settings.recognition_model and language not in {None, *PP_OCR_V6}:
        return f"PaddleOCR's for {language}"
    return " + ".join(model_names(settings))


def load(make: Any, settings: PaddleocrSettings, device: Device) -> Reader:
    """Load a reader.

    Raises:
        EngineMissing, ModelMissing: the library or a model is not installed.
        ModelNotLoaded: the library could not download or open its models.
        OutOfGpuMemory: it does not fit.
    """
    try:
        reader: Reader = make(settings, device)
    except ImportError as error:
        raise EngineMissing(reason=str(error)) from error
    except (RuntimeError, ValueError, OSError, KeyError) as error:  # from any of the underlying libraries
        if "out of memory" in str(error).lower():
            raise OutOfGpuMemory(reason=str(error)) from error
        raise ModelNotLoaded(reason=str(error)[:500]) from error
    return reader


def unload(reader: Reader) -> None:
    """Drop the sessions; onnxruntime frees their memory with the last reference."""
    vars(reader).clear()


def rapidocr() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR


def paddleocr() -> Any:
    from paddleocr import PaddleOCR

    return PaddleOCR


def providers() -> list[str]:
    from onnxruntime import get_available_providers

    found: list[str] = get_available_providers()
    return found


def index_of(device: Any) -> int:
    index: int = nvml().nvmlDeviceGetIndex(device.handle)
    return index


def models(settings: PaddleocrSettings, folder: Path, language: str | None) -> dict[str, str | None]:
    """Return PaddleOCR's model options: names, or `lang` for a language that the default models do not support."""
    if not settings.recognition_model and language not in {None, *PP_OCR_V6}:
        refuse_offline(settings, model=f"for {language}")
        return {"lang": PADDLE_NAMES.get(language or "", language)}
    detection, recognition = model_names(settings)
    return {
        "text_detection_model_name": detection,
        "text_detection_model_dir": own_model(folder, detection, settings),
        "text_recognition_model_name": recognition,
        "text_recognition_model_dir": own_model(folder, recognition, settings),
    }


def model_names(settings: PaddleocrSettings) -> tuple[str, str]:
    return settings.detection_model or PADDLE_DETECTION, settings.recognition_model or PADDLE_RECOGNITION


def own_model(folder: Path, name: str, settings: PaddleocrSettings) -> str | None:
    """Return the folder of a model under share; None lets PaddleOCR download it from its hub."""
    if (folder / name).is_dir():
        return str(folder / name)
    refuse_offline(settings, model=name)
    return None


def refuse_offline(settings: PaddleocrSettings, *, model: str) -> None:
    if settings.offline:
        raise ModelMissing(model=model)


def inference(settings: PaddleocrSettings, place: str) -> dict[str, Any]:
    if settings.inference == "paddle":
        return {"cpu_threads": settings.cpu_threads} if settings.cpu_threads else {}
    provider = "CUDAExecutionProvider" if place.startswith("gpu") else "CPUExecutionProvider"
    threads = {"intra_op_num_threads": settings.cpu_threads} if settings.cpu_threads else {}
    return {"engine": "onnxruntime", "engine_config": {**threads, "providers": [provider]}}
