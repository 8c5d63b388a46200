"""SenseVoice in a real worker: it answers over HTTP, resumes, never hangs, and lets itself be cancelled."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from common.files.checkpoint import Checkpoint
from tests.support.faults import child_of
from tests.support.sounds import FIXTURES, silence, speech, write_wav
from tests.support.stack import Stack
from tests.support.waiting import wait_until

NAME = "sensevoice.transcribe_audio"
CHUNKS_OF_10_S = {"BATON_SENSEVOICE__CHUNK_LENGTH": "10"}
TIMES = 8
"""The tiny model hears a minute and a half in half a second: a film must be longer to be caught in the middle."""
PATIENCE_S = 60


@pytest.fixture(scope="module")
def asr_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway and a SenseVoice worker that cuts audio into chunks of 10 s."""
    with Stack(tmp_path_factory.mktemp("sensevoice"), **CHUNKS_OF_10_S) as shared:
        place_sounds(shared)
        shared.gateway()
        shared.worker("sensevoice")
        yield shared


def place_sounds(stack: Stack) -> None:
    shutil.copy(FIXTURES / "speech/en-00.flac", stack.share / "short.flac")
    write_wav(stack.share / "film.wav", [speech("speech/en-long.flac")] * TIMES)


def start(stack: Stack, name: str, **given: Any) -> str:
    return stack.submit(NAME, {"audio_path": name, "model": "tiny-test", **given})


def run_to_success(stack: Stack, name: str, **given: Any) -> dict[str, Any]:
    """Run a task to its success, and return its stage."""
    context = stack.wait_for(start(stack, name, **given), timeout=PATIENCE_S)
    assert context["status"] == "SUCCESS", context["error"]
    stage: dict[str, Any] = context["stages"][NAME]
    return stage


def transcript(stack: Stack, stage: dict[str, Any]) -> dict[str, Any]:
    """Return what the artifact's link gives."""
    answer = stack.http.get(stage["output"]["transcript_path"]["url"])
    content: dict[str, Any] = answer.raise_for_status().json()
    return content


def records(stack: Stack, task_id: str, attempt: int) -> list[dict[str, Any]]:
    return list(Checkpoint(stack.share / f"workflows/{task_id}/attempt-{attempt}/checkpoint.jsonl").records())


def fragments(stack: Stack, task_id: str) -> list[list[dict[str, Any]]]:
    """Return the segments in each fragment."""
    return [json.loads(data)["segments"] for kind, data in stack.events(task_id) if kind == "fragment"]


@pytest.fixture(scope="module")
def reference_transcript(asr_stack: Stack) -> dict[str, Any]:
    """Return what comes out when nothing happens."""
    return transcript(asr_stack, run_to_success(asr_stack, "film.wav"))


def test_text_comes_as_fragments_and_is_the_transcript(asr_stack: Stack) -> None:
    task_id = start(asr_stack, "short.flac", itn=False)
    stage = asr_stack.wait_for(task_id)["stages"][NAME]
    content = transcript(asr_stack, stage)
    (segment,) = content["segments"]
    assert (segment["text"], segment["language"]) == ("the red village is near the village", "en")
    assert (segment["emotion"], segment["event"]) == ("neutral", "speech")
    assert [word["text"].strip() for word in segment["words"]] == segment["text"].split()
    shown = {name: segment[name] for name in ("id", "start", "end", "text")}
    assert fragments(asr_stack, task_id) == [[shown]]
    output = stage["output"]
    assert (output["segments"], output["words"], output["language"]) == (1, 7, "en")
    assert output["real_time_factor"] > 0


def test_a_killed_worker_is_followed_by_one_that_decodes_only_what_is_missing(
    asr_stack: Stack, reference_transcript: dict[str, Any]
) -> None:
    task_id = start(asr_stack, "film.wav")
    child = child_of(asr_stack, task_id)
    wait_until(lambda: len(records(asr_stack, task_id, 1)) >= 3, every=0.002)
    os.kill(child, signal.SIGSTOP)
    done = records(asr_stack, task_id, 1)
    os.kill(child, signal.SIGKILL)
    resumes_after(asr_stack, task_id, done, reference_transcript)


def resumes_after(stack: Stack, task_id: str, done: list[dict[str, Any]], whole: dict[str, Any]) -> None:
    """Assert that attempt 2 decoded just what was missing, and that nothing shows in the transcript."""
    stage = stack.wait_for(task_id, timeout=PATIENCE_S)["stages"][NAME]
    assert (stage["status"], stage["attempt"]) == ("SUCCESS", 2), stage["error"]
    kept = records(stack, task_id, 2)
    assert kept[: len(done)] == done
    assert len(done) < len(kept), "there was something left to do"
    assert [record["chunk"] for record in kept] == list(range(len(kept)))
    after = [[segment["id"] for segment in segments] for segments in fragments_after_resume(stack, task_id)]
    known = [[segment["id"] for segment in record["segments"]] for record in done if record["segments"]]
    new = [[segment["id"]] for record in kept[len(done) :] for segment in record["segments"]]
    assert after == [*known, *new], "what was known comes chunk by chunk, what is new one by one"
    assert transcript(stack, stage) == whole


def fragments_after_resume(stack: Stack, task_id: str) -> list[list[dict[str, Any]]]:
    events = stack.events(task_id)
    resumed = next(n for n, (_, data) in enumerate(events) if '"resumed"' in data)
    return [json.loads(data)["segments"] for kind, data in events[resumed:] if kind == "fragment"]


def test_a_cancel_in_mid_decode_ends_the_task_and_the_model_stays(asr_stack: Stack) -> None:
    run_to_success(asr_stack, "short.flac")
    task_id = start(asr_stack, "film.wav")
    child = child_of(asr_stack, task_id)
    wait_until(lambda: fragments(asr_stack, task_id))
    asr_stack.http.post(f"/v1/tasks/{task_id}/cancel").raise_for_status()
    assert asr_stack.wait_for(task_id)["status"] == "CANCELLED"
    after = start(asr_stack, "short.flac")
    assert asr_stack.wait_for(after, "SUCCESS")["stages"][NAME]["timings"]["model_load"] is None
    assert psutil.pid_exists(child)


def test_silence_is_no_error(asr_stack: Stack) -> None:
    write_wav(asr_stack.share / "quiet.wav", [silence(3)])
    output = run_to_success(asr_stack, "quiet.wav")["output"]
    assert (output["segments"], output["language"], output["warnings"]) == (0, None, ["No speech was found."])


def test_a_file_that_is_no_media_is_told_as_that(asr_stack: Stack) -> None:
    (asr_stack.share / "odd.wav").write_text("no sound in here")
    context = asr_stack.wait_for(start(asr_stack, "odd.wav"))
    assert (context["status"], context["error"]["code"]) == ("FAILED", "not_media")


def test_a_model_that_is_another_file_ends_its_task_and_no_process(asr_stack: Stack) -> None:
    folder = asr_stack.share / "models/wrong"
    shutil.copytree(FIXTURES / "models/sensevoice", folder)
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content.replace(b"sense_voice_ctc", b"paraformer_ctc_"))
    task_id = start(asr_stack, "short.flac", model="models/wrong")
    context = asr_stack.wait_for(task_id)
    assert (context["status"], context["error"]["code"]) == ("FAILED", "model_damaged")
    assert context["stages"][NAME]["attempt"] == 1, "the process lived on"


def test_parameters_that_do_not_fit_are_refused_at_submission(asr_stack: Stack) -> None:
    for given, field in (
        ({"language": "de"}, "language"),
        ({"model": "large-v3"}, "model"),
        ({"max_segment": 60}, "max_segment"),
        ({"start": 5, "end": 3}, "must be after start"),
    ):
        body = {"task_name": NAME, "input_data": {"audio_path": "short.flac", **given}}
        answer = asr_stack.http.post("/v1/tasks", json=body)
        assert answer.status_code == 422
        assert field in answer.text


def test_an_engine_that_blocks_is_ended_and_the_task_resumed(stack: Stack) -> None:
    quick = {**CHUNKS_OF_10_S, "BATON_SENSEVOICE__STALL_TIMEOUT": "6"}
    patient = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 60}'}
    place_sounds(stack)
    stack.gateway(**patient)
    stack.spawn("tests.unit.sensevoice.blocking_worker", "sensevoice", {**quick, **patient})
    task_id = start(stack, "film.wav")
    wait_until((stack.share / "blocked").exists)
    done = records(stack, task_id, 1)
    assert stack.wait_for(task_id, timeout=PATIENCE_S)["stages"][NAME]["attempt"] == 2
    whole = transcript(stack, run_to_success(stack, "film.wav"))
    resumes_after(stack, task_id, done, whole)
    logged = stack.read_log("sensevoice")
    assert "Timeout (" in logged
    assert "in hang" in logged, "and where it blocked is in the log"
