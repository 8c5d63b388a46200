"""What every process imports at its start stays light: heavy libraries wait for the task that needs them."""

import subprocess
import sys

import pytest

from tests.support.stack import ROOT

HEAVY = {
    *(
        "av",
        "cv2",
        "faster_whisper",
        "huggingface_hub",
        "kaldi_native_fbank",
        "numpy",
        "onnx_asr",
        "onnxruntime",
        "openai",
    ),
    *("paddleocr", "PIL", "pyannote", "pysubs2", "rapidocr", "torch"),
}
GATEWAY = "import api_gateway.__main__"
CATALOG = "import services; services.catalog(); services.models(); services.settings()"


def trace_imports(code: str) -> set[str]:
    """Return the top-level packages that a new interpreter imports for this code."""
    command = [sys.executable, "-X", "importtime", "-c", code]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    names = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines() if line.startswith("import time:")}
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    "code",
    [GATEWAY, CATALOG, *(f"import services.{name}.tasks" for name in ("ffmpeg", "llm", "subtitle"))],
)
def test_the_gateway_and_the_services_without_numpy_load_nothing_heavy(code: str) -> None:
    packages = trace_imports(code)
    assert "pydantic" in packages
    assert packages & HEAVY == set()


@pytest.mark.parametrize("service", ["dual_stream", "faster_whisper", "paddleocr", "pyannote", "sensevoice"])
def test_a_worker_loads_no_engine_before_its_first_task(service: str) -> None:
    assert trace_imports(f"import services.{service}.tasks") & HEAVY == {"numpy"}
