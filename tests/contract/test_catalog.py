"""The catalog: every contract is honoured by one task, and reading it costs nothing but pure data."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from common.worker.task import REGISTRY
from services import HERE, catalog
from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until

SERVICES = sorted(folder.parent.name for folder in HERE.glob("*/contracts.py"))
ENGINES = (
    "av",
    "ctranslate2",
    "cv2",
    "faster_whisper",
    "ffmpeg",
    "imageio_ffmpeg",
    "kaldi_native_fbank",
    "numpy",
    "onnx_asr",
    "onnxruntime",
    "openai",
    "paddle",
    "paddleocr",
    "pyannote",
    "pysubs2",
    "rapidocr",
    "sherpa_onnx",
    "torch",
)
NOT_IN_CONTRACTS = ("api_gateway", "billiard", "celery", "common.worker", "fastapi", "kombu", "redis", "starlette")


def find_loaded(*modules: str) -> set[str]:
    """Return what a fresh interpreter has loaded after importing these."""
    code = f"import json, sys, {', '.join(modules)}; print(json.dumps(list(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(answer.stdout))


def find_below(loaded: set[str], roots: tuple[str, ...]) -> set[str]:
    return {name for name in loaded if any(name == root or name.startswith(f"{root}.") for root in roots)}


@pytest.mark.parametrize("service", SERVICES)
def test_every_contract_is_honoured_by_exactly_one_task(service: str) -> None:
    import_module(f"services.{service}.tasks")  # a second task for one contract raises here
    promised = {name: contract for name, contract in catalog().items() if contract.queue == service}
    honoured = {name: kept.contract for name, kept in REGISTRY.items() if kept.contract.queue == service}
    assert promised
    assert honoured == promised


def test_every_contract_stands_in_the_folder_of_its_queue() -> None:
    for name, contract in catalog().items():
        assert contract.input.__module__.startswith(f"services.{contract.queue}."), name


@pytest.mark.parametrize("name", sorted(catalog()))
def test_every_contract_explains_itself(name: str) -> None:
    contract = catalog()[name]
    assert contract.summary.endswith(".")
    assert contract.soft_time_limit < contract.hard_time_limit
    assert contract.input.model_json_schema()["additionalProperties"] is False
    assert contract.output.model_json_schema(mode="serialization")["properties"]


@pytest.mark.parametrize("service", SERVICES)
def test_contracts_are_pure_data(service: str) -> None:
    loaded = find_loaded(f"services.{service}.contracts")
    assert not find_below(loaded, NOT_IN_CONTRACTS + ENGINES)


def test_the_gateway_loads_no_engine_and_no_task() -> None:
    loaded = find_loaded("api_gateway.__main__", "services")
    assert not find_below(loaded, ENGINES)
    assert not {name for name in loaded if name.startswith("services.") and name.endswith((".tasks", ".engine"))}


def test_the_running_gateway_maps_no_engine(stack: Stack) -> None:
    process = stack.spawn("api_gateway", "gateway", {})
    wait_until(stack.is_ready)
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    assert not [engine for engine in ENGINES if f"/{engine}/" in maps]


def test_the_catalog_gives_the_schemas_of_every_task(quiet_stack: Stack) -> None:
    tasks: dict[str, Any] = {task["task_name"]: task for task in quiet_stack.http.get("/v1/catalog").json()["tasks"]}
    assert set(catalog()) <= set(tasks)
    extract = tasks["ffmpeg.extract_audio"]
    assert extract["queue"] == "ffmpeg"
    assert "video_path" in extract["input_schema"]["required"]
    assert "audio_path" in extract["output_schema"]["properties"]
