"""Where a model comes from, and what is said when it does not come."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from common.errors import ErrorRecord
from tests.support.model_hub import ModelHub, names
from tests.support.ports import free_port
from tests.support.service_bench import ServiceBench
from tests.support.sounds import FIXTURES

MODEL = FIXTURES / "models/whisper"
NAME = "distil-small.en"
REPOSITORY = "Systran/faster-distil-whisper-small.en"


@pytest.fixture
def clip(bench: ServiceBench) -> str:
    shutil.copy(FIXTURES / "speech/en-00.flac", bench.share)
    return "en-00.flac"


@pytest.fixture
def hub() -> Iterator[ModelHub]:
    """A model hub on loopback, which the real client talks to."""
    with ModelHub({REPOSITORY: MODEL}) as running:
        yield running


def catch_error(bench: ServiceBench, **given: Any) -> ErrorRecord:
    error = bench.run(**given).error
    assert error
    return error


def test_a_missing_model_with_downloads_off_says_where_to_put_it(bench: ServiceBench, clip: str) -> None:
    bench.set(models={"offline": True})
    error = catch_error(bench, audio_path=clip, model="small")
    assert error.code == "model_missing"
    assert "share/models/faster_whisper/small" in error.message
    assert "models.offline" in error.message


def test_a_hub_that_does_not_answer_is_told_with_what_to_do_and_tried_again(bench: ServiceBench, clip: str) -> None:
    bench.set(models={"hub_endpoint": f"http://127.0.0.1:{free_port()}"})
    error = catch_error(bench, audio_path=clip, model="small")
    assert (error.code, error.retryable) == ("model_download_failed", True)
    assert "HF_ENDPOINT" in error.message
    assert error.detail["repository"] == "Systran/faster-whisper-small"


def test_the_tiny_test_model_never_stands_in_for_a_missing_one(bench: ServiceBench, clip: str) -> None:
    bench.set(models={"offline": True})
    assert catch_error(bench, audio_path=clip, model=None).code == "model_missing"


def test_a_missing_model_is_downloaded_with_progress_and_used(bench: ServiceBench, clip: str, hub: ModelHub) -> None:
    bench.set(models={"hub_endpoint": hub.url})
    context = bench.run(audio_path=clip, model=NAME)
    assert context.error is None
    told = [json.loads(data) for kind, data in bench.events(context.task_id) if kind == "progress"]
    assert [event for event in told if event["phase"] == "download model"]
    folder = bench.share / "models/faster_whisper" / NAME
    assert names(folder) == names(MODEL)
    asked = len(hub.asked)
    assert bench.output(audio_path=clip, model=NAME)["source"] == "whisper"
    assert len(hub.asked) == asked


def test_a_folder_under_share_is_used(bench: ServiceBench, clip: str) -> None:
    shutil.copytree(MODEL, bench.share / "models/mine")
    output = bench.output(audio_path=clip, model="models/mine")
    assert (output["model"], output["source"]) == ("models/mine", "whisper")


@pytest.mark.parametrize(
    ("model", "code"),
    [("models/../inputs", "unsafe_path"), ("models/nothing", "model_missing"), ("models/empty", "model_damaged")],
)
def test_a_folder_that_is_no_model_is_told_as_that(bench: ServiceBench, clip: str, model: str, code: str) -> None:
    (bench.share / "models/empty").mkdir(parents=True)
    assert catch_error(bench, audio_path=clip, model=model).code == code


def test_a_damaged_model_is_told_as_that(bench: ServiceBench, clip: str) -> None:
    shutil.copytree(MODEL, bench.share / "models/torn")
    weights = bench.share / "models/torn/model.bin"
    weights.write_bytes(weights.read_bytes()[:1_000_000])
    assert catch_error(bench, audio_path=clip, model="models/torn").code == "model_damaged"


def test_what_the_worker_does_not_have_is_told_as_that(bench: ServiceBench, clip: str) -> None:
    assert catch_error(bench, audio_path=clip, device="cuda").code == "device_unavailable"
    assert catch_error(bench, audio_path=clip, compute_type="float16").code == "compute_type_unsupported"


def test_a_task_that_leaves_the_card_to_others_never_waits_for_it(bench: ServiceBench, clip: str) -> None:
    bench.set(gpu={"device": "simulated"})
    context = bench.run(audio_path=clip, device="cpu")
    assert (context.status, context.stage.timings.gpu_wait) == ("SUCCESS", None)
    context = bench.run(audio_path=clip)
    assert context.status == "SUCCESS"
    assert context.stage.timings.gpu_wait is not None
