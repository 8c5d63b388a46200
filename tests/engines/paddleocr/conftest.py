"""PaddleOCR's pipeline with models made of what the rapidocr wheel ships, so that no network is needed."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import onnxruntime
import pytest
import yaml

from common.gpu.devices import CpuDevice
from services.paddleocr.engine import Reader, model_of
from services.paddleocr.settings import PaddleocrSettings

DETECTION, RECOGNITION = "PP-OCRv6_small_det", "PP-OCRv6_small_rec"
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "scale": "1./255.", "order": "hwc"}
DETECT = {
    "Global": {"model_name": DETECTION},
    "PreProcess": {
        "transform_ops": [
            {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
            {"DetLabelEncode": None},
            {"DetResizeForTest": {"resize_long": 960}},
            {"NormalizeImage": IMAGENET},
            {"ToCHWImage": None},
            {"KeepKeys": {"keep_keys": ["image", "shape", "polys", "ignore_tags"]}},
        ]
    },
    "PostProcess": {
        "name": "DBPostProcess",
        "thresh": 0.3,
        "box_thresh": 0.6,
        "max_candidates": 1000,
        "unclip_ratio": 1.5,
    },
}


def recognize(characters: list[str]) -> dict[str, object]:
    return {
        "Global": {"model_name": RECOGNITION},
        "PreProcess": {
            "transform_ops": [
                {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
                {"MultiLabelEncode": {"gtc_encode": "NRTRLabelEncode"}},
                {"RecResizeImg": {"image_shape": [3, 48, 320]}},
                {"KeepKeys": {"keep_keys": ["image", "label_ctc", "label_gtc", "length", "valid_ratio"]}},
            ]
        },
        "PostProcess": {"name": "CTCLabelDecode", "character_dict": characters},
    }


def model(folder: Path, source: Path, description: dict[str, object]) -> None:
    folder.mkdir(parents=True)
    shutil.copy(source, folder / "inference.onnx")
    (folder / "inference.yml").write_text(yaml.safe_dump(description, allow_unicode=True), encoding="utf-8")


@pytest.fixture(scope="session")
def share_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """share/models with the two models in PaddleOCR's own form."""
    spec = find_spec("rapidocr")
    assert spec
    assert spec.origin
    wheel = Path(spec.origin).parent / "models"
    share = tmp_path_factory.mktemp("models")
    model(share / "paddleocr" / DETECTION, wheel / "PP-OCRv6_det_small.onnx", DETECT)
    reading = wheel / "PP-OCRv6_rec_small.onnx"
    known = onnxruntime.InferenceSession(str(reading)).get_modelmeta().custom_metadata_map["character"].split("\n")
    model(share / "paddleocr" / RECOGNITION, reading, recognize(known))
    return share


@pytest.fixture(scope="session")
def paddle_settings() -> PaddleocrSettings:
    return PaddleocrSettings(engine="paddleocr", detection_model=DETECTION, recognition_model=RECOGNITION, offline=True)


@pytest.fixture(scope="session")
def paddle(share_models: Path, paddle_settings: PaddleocrSettings) -> Reader:
    return model_of(paddle_settings, share_models).load(CpuDevice())
