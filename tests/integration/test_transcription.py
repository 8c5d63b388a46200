"""Whisper in a real worker: it resumes, never hangs, lets itself be cancelled, and stays small."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
import pytest

from common.files.checkpoint import Checkpoint
from tests.support.faults import child_of, children_of
from tests.support.sounds import RATE_HZ, speech, write_channels
from tests.support.stack import Stack
from tests.support.waiting import wait_until

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAME = "faster_whisper.transcribe_audio"
STEADY = {"model": "tiny-test", "temperature": [0]}
CHUNKS_OF_10_S = {"BATON_FASTER_WHISPER__CHUNK_LENGTH": "10"}
SOAK = 60
WARM_UP = 15


@pytest.fixture(scope="module")
def asr_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway and a Whisper worker that cuts audio into chunks of 10 s."""
    with Stack(tmp_path_factory.mktemp("heard"), **CHUNKS_OF_10_S) as shared:
        place_sounds(shared)
        shared.gateway()
        shared.worker("faster_whisper")
        yield shared


def place_sounds(stack: Stack) -> None:
    shutil.copy(FIXTURES / "speech/en-00.flac", stack.share / "short.flac")
    shutil.copy(FIXTURES / "speech/en-long.flac", stack.share / "film.flac")


def start(stack: Stack, name: str, **given: Any) -> str:
    return stack.submit(NAME, {"audio_path": name, **STEADY, **given})


def run_to_success(stack: Stack, name: str, **given: Any) -> dict[str, Any]:
    """Run a task to its success, and return its stage."""
    context = stack.wait_for(start(stack, name, **given))
    assert context["status"] == "SUCCESS", context["error"]
    stage: dict[str, Any] = context["stages"][NAME]
    return stage


def transcript(stack: Stack, stage: dict[str, Any]) -> dict[str, Any]:
    path = stack.share / stage["output"]["transcript_path"]["path"]
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def records(stack: Stack, task_id: str, attempt: int) -> list[dict[str, Any]]:
    return list(Checkpoint(stack.share / f"workflows/{task_id}/attempt-{attempt}/checkpoint.jsonl").records())


def fragments(stack: Stack, task_id: str) -> list[list[int]]:
    """Return the ids of the segments in each fragment that was told after the task was resumed."""
    told = stack.events(task_id)
    resumed = next(n for n, (_, data) in enumerate(told) if '"resumed"' in data)
    after = [json.loads(data)["segments"] for kind, data in told[resumed:] if kind == "fragment"]
    return [[segment["id"] for segment in segments] for segments in after]


def resumes_after(stack: Stack, task_id: str, done: int, whole: dict[str, Any]) -> None:
    """Assert that attempt 2 decoded just what was missing, and that nothing shows in the transcript."""
    stage = stack.wait_for(task_id)["stages"][NAME]
    assert (stage["status"], stage["attempt"]) == ("SUCCESS", 2), stage["error"]
    kept = records(stack, task_id, 2)
    assert [record["chunk"] for record in kept] == list(range(len(kept)))
    assert done < len(kept), "there was something left to do"
    known = [[segment["id"] for segment in record["segments"]] for record in kept[:done] if record["segments"]]
    new = [[number] for record in kept[done:] for number in sorted(segment["id"] for segment in record["segments"])]
    assert fragments(stack, task_id) == [*known, *new], "what was known comes chunk by chunk, what is new one by one"
    assert transcript(stack, stage) == whole


@pytest.fixture(scope="module")
def reference_transcript(asr_stack: Stack) -> dict[str, Any]:
    """Return what comes out when nothing happens."""
    return transcript(asr_stack, run_to_success(asr_stack, "film.flac"))


@pytest.mark.parametrize("after", [1, 4])
def test_a_killed_worker_is_followed_by_one_that_decodes_only_what_is_missing(
    asr_stack: Stack, reference_transcript: dict[str, Any], after: int
) -> None:
    task_id = start(asr_stack, "film.flac")
    child = child_of(asr_stack, task_id)
    wait_until(lambda: len(records(asr_stack, task_id, 1)) >= after, every=0.002)
    os.kill(child, signal.SIGSTOP)
    done = len(records(asr_stack, task_id, 1))
    os.kill(child, signal.SIGKILL)
    resumes_after(asr_stack, task_id, done, reference_transcript)


def test_a_call_that_is_killed_between_its_channels_resumes_with_both(asr_stack: Stack) -> None:
    film = speech("speech/en-long.flac")
    write_channels(asr_stack.share / "call.wav", [film, np.roll(film, 7 * RATE_HZ)])
    whole = transcript(asr_stack, run_to_success(asr_stack, "call.wav", channels="split"))
    assert {segment["speaker"] for segment in whole["segments"]} == {"channel_0", "channel_1"}
    task_id = start(asr_stack, "call.wav", channels="split")
    child = child_of(asr_stack, task_id)
    wait_until(lambda: published_after(asr_stack, task_id, 2), every=0.002)
    os.kill(child, signal.SIGSTOP)
    done = len(records(asr_stack, task_id, 1))
    os.kill(child, signal.SIGKILL)
    resumes_after(asr_stack, task_id, done, whole)


def published_after(stack: Stack, task_id: str, chunks: int) -> bool:
    """Return whether segments of a channel have been published that no record contains yet."""
    recorded = {segment["id"] for record in records(stack, task_id, 1) for segment in record["segments"]}
    events = [json.loads(data)["segments"] for kind, data in stack.events(task_id) if kind == "fragment"]
    return len(records(stack, task_id, 1)) >= chunks and not {s["id"] for part in events for s in part} <= recorded


def test_a_cancel_in_mid_decode_is_done_at_once_and_the_model_stays(asr_stack: Stack) -> None:
    run_to_success(asr_stack, "short.flac")
    task_id = start(asr_stack, "film.flac")
    child = child_of(asr_stack, task_id)
    wait_until(lambda: [kind for kind, _ in asr_stack.events(task_id) if kind == "fragment"])
    asr_stack.http.post(f"/v1/tasks/{task_id}/cancel").raise_for_status()
    assert asr_stack.wait_for(task_id)["status"] == "CANCELLED"
    after = start(asr_stack, "short.flac")
    assert asr_stack.wait_for(after, "SUCCESS")["stages"][NAME]["timings"]["model_load"] is None
    assert psutil.pid_exists(child)


def test_parameters_that_do_not_fit_are_refused_at_submission(asr_stack: Stack) -> None:
    for given, field, choice in (
        ({"language": "xx"}, "language", "'zh'"),
        ({"batch_size": 0}, "batch_size", "greater than or equal to 1"),
        ({"model": "x"}, "model", "tiny-test"),
    ):
        body = {"task_name": NAME, "input_data": {"audio_path": "short.flac", **given}}
        answer = asr_stack.http.post("/v1/tasks", json=body)
        assert answer.status_code == 422
        assert field in answer.text
        assert choice in answer.text


def test_an_engine_that_blocks_is_ended_and_the_task_resumed(stack: Stack) -> None:
    quick = {**CHUNKS_OF_10_S, "BATON_FASTER_WHISPER__STALL_TIMEOUT": "6"}
    patient = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 60}'}
    place_sounds(stack)
    stack.gateway(**patient)
    stack.spawn("tests.support.blocking_whisper", "faster_whisper", {**quick, **patient}, "faster_whisper")
    task_id = start(stack, "film.flac")
    wait_until((stack.share / "blocked").exists)
    done = len(records(stack, task_id, 1))
    assert stack.wait_for(task_id, timeout=40)["stages"][NAME]["attempt"] == 2
    whole = transcript(stack, run_to_success(stack, "film.flac"))
    resumes_after(stack, task_id, done, whole)
    assert " in hang" in stack.read_log("faster_whisper"), "and where it blocked is in the log"


def test_a_model_load_that_blocks_is_ended_and_nothing_stays_locked(stack: Stack) -> None:
    card = {"BATON_GPU__DEVICE": "simulated", "BATON_GPU__LOAD_TIMEOUT": "10"}
    patient = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 60}'}
    place_sounds(stack)
    stack.gateway(**patient)
    stack.spawn("tests.unit.faster_whisper.blocking_load_worker", "faster_whisper", {**card, **patient})
    task_id = start(stack, "short.flac")
    wait_until((stack.share / "blocked").exists)
    assert held_locks(stack), "the card is held while the model is loaded"
    stage = stack.wait_for(task_id, timeout=90)["stages"][NAME]
    assert (stage["status"], stage["attempt"]) == ("SUCCESS", 2), stage["error"]
    assert " in hang" in stack.read_log("faster_whisper"), "and where it blocked is in the log"
    wait_until(lambda: not held_locks(stack))
    assert run_to_success(stack, "short.flac")["timings"]["model_load"] is None, "the new process serves, and is warm"


def held_locks(stack: Stack) -> list[dict[str, Any]]:
    return [lock for lock in stack.http.get("/v1/monitoring/locks").json()["locks"] if lock["holder"]]


def test_a_child_that_is_too_large_is_replaced_after_its_task_and_never_in_one(stack: Stack) -> None:
    place_sounds(stack)
    stack.gateway()
    stack.worker("faster_whisper", **CHUNKS_OF_10_S, BATON_WORKER__MAX_MEMORY_MIB="50")
    names = []
    for _ in range(3):
        task_id = start(stack, "film.flac")
        name, rss = wait_until(partial(process_of, stack, task_id))
        stage = stack.wait_for(task_id, timeout=60)["stages"][NAME]
        assert (stage["status"], stage["attempt"]) == ("SUCCESS", 1), stage["error"]
        assert stage["timings"]["model_load"], "a new process knows no model"
        names.append(name)
        assert rss > 50 << 20, "it was too large in the middle of the task, and went on"
    assert len(set(names)) == 3


def process_of(stack: Stack, task_id: str) -> tuple[str, int] | None:
    """Return the name and the memory of the process that runs a task, once it has sent a heartbeat with progress."""
    worker, rss, progress = stack.redis.client.hmget(f"task_control:{task_id}", "worker", "rss", "progress")
    return (worker, int(rss)) if worker and rss and progress else None


def test_two_tasks_that_take_turns_on_the_card_hear_their_own_prompts(stack: Stack) -> None:
    turns = {**CHUNKS_OF_10_S, "BATON_GPU__DEVICE": "simulated", "BATON_GPU_LOCK__QUANTUM": "0"}
    prompts = ("hello everyone welcome back", "The doctor, the teacher.")
    place_sounds(stack)
    stack.gateway()
    for _ in prompts:
        stack.worker("faster_whisper", **turns)
    alone = [transcript(stack, run_to_success(stack, "film.flac", initial_prompt=prompt)) for prompt in prompts]
    assert alone[0] != alone[1], "else this shows nothing"
    both = [start(stack, "film.flac", initial_prompt=prompt) for prompt in prompts]
    stages = [stack.wait_for(task_id)["stages"][NAME] for task_id in both]
    assert [transcript(stack, stage) for stage in stages] == alone
    began = [[key.partition("-")[0] for key in fragment_keys(stack, task_id)] for task_id in both]
    assert began[0][0] < began[1][-1]
    assert began[1][0] < began[0][-1], "they did take turns"


def fragment_keys(stack: Stack, task_id: str) -> list[str]:
    rows = stack.redis.client.xrange(f"events:{task_id}")
    return [key for key, fields in rows if fields["event"] == "fragment"]


def test_a_worker_does_not_grow(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    place_sounds(stack)
    stack.gateway()
    stack.worker("faster_whisper", **CHUNKS_OF_10_S)
    (child,) = children_of(stack, "faster_whisper")
    series = []
    for _ in range(SOAK):
        run_to_success(stack, "short.flac", word_timestamps=True)
        series.append(psutil.Process(child).memory_info().rss >> 20)
    with capsys.disabled():
        print(f"\nRSS of the worker's child after each of {SOAK} tasks, MiB: {series}")  # noqa: T201
    assert median(series[-WARM_UP:]) <= 1.05 * median(series[WARM_UP : 2 * WARM_UP])
    wait_until(lambda: not nonempty_queues(stack))


def nonempty_queues(stack: Stack) -> list[str]:
    """Return the queues of the broker and of the dispatch that still hold something."""
    client, held = stack.redis.client, []
    for name in (*client.scan_iter("faster_whisper*"), "tasks:dispatch", "unacked", "unacked_index"):
        kind = client.type(name)
        counts = {"list": client.llen, "zset": client.zcard, "hash": client.hlen}
        if kind in counts and counts[kind](name):
            held.append(name)
    return held
