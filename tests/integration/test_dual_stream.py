"""Two streams in a real worker: what a client sees, and that nothing is lost or left locked when something dies."""

import json
import os
import random
import shutil
import signal
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pytest

from common.files.checkpoint import Checkpoint
from tests.support.faults import child_of
from tests.support.sse_client import SseEvent, follow
from tests.support.stack import Stack
from tests.support.waiting import wait_until

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAME = "dual_stream.transcribe_audio"
FROM_THE_FIRST = "0"  # as Last-Event-ID: the events that came before the client did, too
STEADY = {"model": "tiny-test", "draft_model": "tiny-test", "temperature": [0]}
CHUNKS_OF_5_S = {"BATON_DUAL_STREAM__CHUNK_LENGTH": "5"}
A_CARD = {**CHUNKS_OF_5_S, "BATON_GPU__DEVICE": "simulated"}
PATIENT = {
    "BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 60}',
    "BATON_TASKS__CANCEL_GRACE": "60",
}
"""A killed child is seen by its parent; a busy machine is not taken for a dead one, nor a slow step for a deaf one."""
State = dict[int, dict[str, Any]]


@pytest.fixture(scope="module")
def dual_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway and a worker with a simulated card, which cuts audio into chunks of 5 s."""
    with Stack(tmp_path_factory.mktemp("dual"), **PATIENT) as shared:
        place_sounds(shared)
        shared.gateway()
        shared.worker("dual_stream", **A_CARD, BATON_DUAL_STREAM__DRAFT_WHISPER_MODEL="tiny-test")
        yield shared


def place_sounds(stack: Stack) -> None:
    shutil.copy(FIXTURES / "speech/en-00.flac", stack.share / "short.flac")
    shutil.copy(FIXTURES / "speech/en-08.flac", stack.share / "portuguese.flac")
    shutil.copy(FIXTURES / "sample.mp4", stack.share / "film.mp4")


def start(stack: Stack, name: str, **given: Any) -> str:
    return stack.submit(NAME, {"audio_path": name, **STEADY, **given})


def wait_for_stage(stack: Stack, task_id: str) -> dict[str, Any]:
    """Return the stage of a task that succeeds."""
    context = stack.wait_for(task_id, timeout=100)
    assert context["status"] == "SUCCESS", context["error"]
    stage: dict[str, Any] = context["stages"][NAME]
    return stage


def text(stack: Stack, task_id: str) -> dict[str, Any]:
    answer = stack.http.get(f"/v1/tasks/{task_id}/transcript")
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


def segments(stack: Stack, stage: dict[str, Any]) -> list[dict[str, Any]]:
    path = stack.share / stage["output"]["transcript_path"]["path"]
    found: list[dict[str, Any]] = json.loads(path.read_text())["segments"]
    return found


def records(stack: Stack, task_id: str, attempt: int = 1) -> list[dict[str, Any]]:
    return list(Checkpoint(stack.share / f"workflows/{task_id}/attempt-{attempt}/checkpoint.jsonl").records())


def finals(stack: Stack, task_id: str, attempt: int = 1) -> list[int]:
    return [record["chunk"] for record in records(stack, task_id, attempt) if record["stage"] == "final"]


def kinds(stack: Stack, task_id: str) -> list[str]:
    return [kind for kind, _ in stack.events(task_id)]


def hear(state: State, event: SseEvent) -> None:
    """Do what `common.state.events` says a client does."""
    for segment in event.data["segments"]:
        before = state.get(segment["id"])
        if not before or (event.kind == "fragment" and not (before.get("modified") and "modified" not in segment)):
            state[segment["id"]] = segment


def card_is_free(stack: Stack) -> bool:
    return not list(stack.redis.client.scan_iter("gpu_lock:*:sim"))


@pytest.fixture(scope="module")
def reference_segments(dual_stack: Stack) -> list[dict[str, Any]]:
    """Return what comes out when nothing happens."""
    return segments(dual_stack, wait_for_stage(dual_stack, start(dual_stack, "film.mp4")))


# ---- what a client sees ----


def test_a_client_sees_a_draft_before_each_final_and_the_finals_are_the_transcript(
    dual_stack: Stack, reference_segments: list[dict[str, Any]]
) -> None:
    state: State = {}
    drafted: set[int] = set()
    for event in follow(dual_stack, start(dual_stack, "film.mp4"), FROM_THE_FIRST):
        if event.kind == "draft":
            drafted |= {segment["id"] for segment in event.data["segments"]}
        if event.kind == "fragment":
            assert {segment["id"] for segment in event.data["segments"]} <= drafted
        if event.kind in {"draft", "fragment"}:
            hear(state, event)
    assert segment_rows(state.values()) == segment_rows(reference_segments)


def segment_rows(found: Any) -> list[tuple[int, float, float, str, str]]:
    # a default is left out of a file
    return [
        (segment["id"], segment["start"], segment["end"], segment["text"], segment.get("source", "final"))
        for segment in found
    ]


def test_the_first_draft_is_there_when_hardly_anything_was_read(dual_stack: Stack) -> None:
    task_id = start(dual_stack, "film.mp4")
    first = next(event for event in follow(dual_stack, task_id, FROM_THE_FIRST) if event.kind == "draft")
    assert first.data["segment_index"] == 0
    stream = kinds(dual_stack, task_id)
    assert "fragment" not in stream[: stream.index("draft")]
    wait_for_stage(dual_stack, task_id)


def test_a_client_that_comes_and_goes_ends_with_what_one_that_stays_has(
    dual_stack: Stack, reference_segments: list[dict[str, Any]]
) -> None:
    chance = random.Random(7)
    state: State = {}
    task_id, last, closed = start(dual_stack, "film.mp4"), FROM_THE_FIRST, False
    while not closed:
        for event in islice(follow(dual_stack, task_id, last), chance.randint(1, 6)):
            last = event.id or last
            if event.kind in {"draft", "fragment"}:
                hear(state, event)
            closed = closed or (event.kind not in {"initial_state", "ping"} and event.closes)
    assert segment_rows(state.values()) == segment_rows(reference_segments)


def test_the_subtitles_can_be_had_at_any_time(dual_stack: Stack) -> None:
    task_id = start(dual_stack, "film.mp4")
    wait_until(lambda: text(dual_stack, task_id)["source"] in {"checkpoint", "aligned"}, every=0.005)
    answer = dual_stack.http.get(f"/v1/tasks/{task_id}/transcript", params={"format": "srt"})
    assert answer.text.startswith("1\n00:00:0")
    stage = wait_for_stage(dual_stack, task_id)
    whole = (dual_stack.share / stage["output"]["srt_path"]["path"]).read_text()
    assert whole == dual_stack.http.get(f"/v1/tasks/{task_id}/transcript", params={"format": "srt"}).text


def test_an_edit_of_a_draft_stays_through_its_final_and_is_in_the_subtitles(dual_stack: Stack) -> None:
    task_id = start(dual_stack, "film.mp4")
    wait_until(lambda: text(dual_stack, task_id)["segments"], every=0.005)
    answer = dual_stack.http.patch(f"/v1/tasks/{task_id}/transcript/segments/0", json={"text": "What I wanted."})
    assert answer.status_code == 200, answer.text
    stage = wait_for_stage(dual_stack, task_id)
    (first, *_) = text(dual_stack, task_id)["segments"]
    assert (first["text"], first["modified"]) == ("What I wanted.", True)
    assert "What I wanted." in (dual_stack.share / stage["output"]["srt_path"]["path"]).read_text()
    state: State = {}
    for event in follow(dual_stack, task_id, FROM_THE_FIRST):
        if event.kind in {"draft", "fragment"}:
            hear(state, event)
    assert state[0]["text"] == "What I wanted."


def test_every_decision_is_in_the_report(dual_stack: Stack) -> None:
    stage = wait_for_stage(dual_stack, start(dual_stack, "film.mp4"))
    report = json.loads((dual_stack.share / stage["output"]["report_path"]["path"]).read_text())
    found = segments(dual_stack, stage)
    assert [decision["id"] for decision in report["decisions"]] == [segment["id"] for segment in found]
    drafts = [decision["id"] for decision in report["decisions"] if decision["source"] == "draft"]
    assert drafts == [segment["id"] for segment in found if segment.get("source") == "draft"]
    assert stage["output"]["drafts_kept"] == len(drafts)


# ---- drafts by a small Whisper ----

IN_PORTUGUESE = {"language": "pt", "draft_model": None}
"""SenseVoice does not know it; the tiny Whisper takes one of its sentences for it."""
BY_WHISPER = {"language": "en", "draft_engine": "whisper"}


def test_whisper_drafts_while_another_task_has_the_card(dual_stack: Stack) -> None:
    dual_stack.worker("testing", **A_CARD)
    holder = dual_stack.submit("testing.hold", {"seconds": 100})
    wait_until(lambda: not card_is_free(dual_stack))
    task_id = start(dual_stack, "portuguese.flac", **IN_PORTUGUESE)
    wait_until(lambda: "draft" in kinds(dual_stack, task_id))
    assert "fragment" not in kinds(dual_stack, task_id)
    dual_stack.http.post(f"/v1/tasks/{holder}/cancel").raise_for_status()
    output = wait_for_stage(dual_stack, task_id)["output"]
    assert (output["draft_engine"], output["draft_model"], output["language"]) == ("whisper", "tiny-test", "pt")


def test_a_killed_worker_s_whisper_drafts_are_not_made_again(dual_stack: Stack) -> None:
    whole = wait_for_stage(dual_stack, start(dual_stack, "film.mp4", **BY_WHISPER))
    task_id = start(dual_stack, "film.mp4", **BY_WHISPER)
    child = child_of(dual_stack, task_id)
    wait_until(lambda: len(finals(dual_stack, task_id)) >= 1, every=0.002)
    os.kill(child, signal.SIGSTOP)
    done = [(record["chunk"], record["stage"]) for record in records(dual_stack, task_id)]
    os.kill(child, signal.SIGKILL)
    stage = wait_for_stage(dual_stack, task_id)
    kept = [(record["chunk"], record["stage"]) for record in records(dual_stack, task_id, 2)]
    assert (stage["attempt"], kept[: len(done)], len(kept)) == (2, done, len(set(kept)))
    assert segments(dual_stack, stage) == segments(dual_stack, whole)
    assert stage["output"]["draft_engines"] == whole["output"]["draft_engines"] != {}


# ---- when something goes wrong ----


@pytest.mark.parametrize("after", [1, 3])
def test_a_killed_worker_is_followed_by_one_that_does_only_what_is_missing(
    dual_stack: Stack, reference_segments: list[dict[str, Any]], after: int
) -> None:
    task_id = start(dual_stack, "film.mp4")
    child = child_of(dual_stack, task_id)
    wait_until(lambda: len(finals(dual_stack, task_id)) >= after, every=0.002)
    os.kill(child, signal.SIGSTOP)
    done = [(record["chunk"], record["stage"]) for record in records(dual_stack, task_id)]
    os.kill(child, signal.SIGKILL)
    stage = wait_for_stage(dual_stack, task_id)
    assert stage["attempt"] == 2
    assert segments(dual_stack, stage) == reference_segments
    kept = [(record["chunk"], record["stage"]) for record in records(dual_stack, task_id, 2)]
    assert kept[: len(done)] == done
    assert len(kept) == len(set(kept)), "no chunk has gone through a stage twice"
    wait_until(lambda: card_is_free(dual_stack))


def test_a_cancel_in_mid_stream_leaves_nothing_locked_and_the_models_warm(dual_stack: Stack) -> None:
    wait_for_stage(dual_stack, start(dual_stack, "short.flac"))
    task_id = start(dual_stack, "film.mp4")
    wait_until(lambda: not card_is_free(dual_stack), every=0.002)
    dual_stack.http.post(f"/v1/tasks/{task_id}/cancel").raise_for_status()
    assert dual_stack.wait_for(task_id)["status"] == "CANCELLED"
    wait_until(lambda: card_is_free(dual_stack))
    assert wait_for_stage(dual_stack, start(dual_stack, "short.flac"))["timings"]["model_load"] in {None, 0}


def test_a_slow_engine_that_hangs_is_ended_and_the_task_resumed(
    stack: Stack, reference_segments: list[dict[str, Any]]
) -> None:
    quick = {**A_CARD, "BATON_DUAL_STREAM__STALL_TIMEOUT": "6"}
    place_sounds(stack)
    stack.gateway(**PATIENT)
    stack.spawn("tests.support.blocking_whisper", "dual_stream", {**quick, **PATIENT}, "dual_stream")
    task_id = start(stack, "film.mp4")
    stage = wait_for_stage(stack, task_id)
    assert (stack.share / "blocked").exists()
    assert stage["attempt"] == 2
    assert segments(stack, stage) == reference_segments
    assert "Timeout (0:00:0" in stack.read_log("dual_stream"), "and where it blocked is in the log"
    wait_until(lambda: card_is_free(stack))


def test_two_films_take_turns_on_the_card(stack: Stack, reference_segments: list[dict[str, Any]]) -> None:
    place_sounds(stack)
    stack.gateway(**PATIENT)
    for service in ("dual_stream", "dual_stream", "testing"):
        stack.worker(service, **A_CARD, **PATIENT, BATON_GPU_LOCK__QUANTUM="0")
    holder = stack.submit("testing.hold", {"seconds": 100})
    wait_until(lambda: not card_is_free(stack))
    both = [start(stack, "film.mp4") for _ in range(2)]
    wait_until(lambda: waiting_for_the_card(stack) == 2)
    stack.http.post(f"/v1/tasks/{holder}/cancel").raise_for_status()
    stages = [wait_for_stage(stack, task_id) for task_id in both]
    assert [segments(stack, stage) for stage in stages] == [reference_segments, reference_segments]
    turns = [task_id for task_id in leases(stack) if task_id != holder]
    assert len(list(groupby(turns))) > 2, "neither waited for the other's end"


def waiting_for_the_card(stack: Stack) -> int:
    return sum(stack.redis.client.zcard(name) for name in stack.redis.client.scan_iter("gpu_lock:*:sim:queue"))


def leases(stack: Stack) -> list[str]:
    """Return whose each lease of the card was, in order."""
    answer = stack.http.get("/v1/monitoring/locks/history", params={"device": "sim"}).raise_for_status()
    found = sorted(answer.json()["leases"], key=lambda lease: str(lease["ended_at"]))
    return [lease["task_id"] for lease in found]


def test_what_is_no_media_is_an_error_of_the_task(dual_stack: Stack) -> None:
    (dual_stack.share / "film.txt").write_text("this is not a film\n" * 100)
    context = dual_stack.wait_for(start(dual_stack, "film.txt"))
    assert (context["status"], context["error"]["code"]) == ("FAILED", "not_media")
    wait_until(lambda: card_is_free(dual_stack))
