"""The transcript over HTTP while Whisper is at work and after it: read, edited, exported."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.captions import MEDIA_TYPES, Rendering, render
from common.files.checkpoint import Checkpoint
from common.settings import RedisSettings, TaskSettings
from common.state.client import SyncRedis
from common.state.events import Event
from common.state.record import Record
from common.state.store import StateStore
from common.transcript.format import Transcript
from tests.support.faults import child_of
from tests.support.stack import Stack
from tests.support.waiting import wait_until

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAME = "faster_whisper.transcribe_audio"
STEADY = {"model": "tiny-test", "temperature": [0]}
CHUNKS_OF_10_S = {"BATON_FASTER_WHISPER__CHUNK_LENGTH": "10"}
RENDERINGS: list[Rendering] = [*MEDIA_TYPES]


@pytest.fixture(scope="module")
def asr_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway, a Whisper worker that cuts audio into chunks of 10 s, and the subtitle worker."""
    with Stack(tmp_path_factory.mktemp("heard"), **CHUNKS_OF_10_S) as shared:
        place_sounds(shared)
        shared.gateway()
        shared.worker("faster_whisper")
        shared.worker("subtitle")
        yield shared


@pytest.fixture(scope="module")
def finished_task(asr_stack: Stack) -> str:
    """Return the id of a task that has succeeded; tests must leave its text as it is."""
    task_id = start(asr_stack, "short.flac")
    assert asr_stack.wait_for(task_id)["status"] == "SUCCESS"
    return task_id


@pytest.fixture(scope="module")
def workerless_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway without a worker: nothing happens but what a test does."""
    with Stack(tmp_path_factory.mktemp("quiet")) as shared:
        place_sounds(shared)
        shared.gateway()
        yield shared


def place_sounds(stack: Stack) -> None:
    shutil.copy(FIXTURES / "speech/en-00.flac", stack.share / "short.flac")
    shutil.copy(FIXTURES / "speech/en-long.flac", stack.share / "film.flac")


def start(stack: Stack, name: str) -> str:
    return stack.submit(NAME, {"audio_path": name, **STEADY})


def text(stack: Stack, task_id: str) -> dict[str, Any]:
    answer = stack.http.get(f"/v1/tasks/{task_id}/transcript")
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    Transcript.model_validate(read)
    assert answer.headers["Transcript-Source"] == read["source"]
    return read


def change(stack: Stack, task_id: str, segment_id: int, **changes: Any) -> httpx.Response:
    return stack.http.patch(f"/v1/tasks/{task_id}/transcript/segments/{segment_id}", json=changes)


def by_id(transcript: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {segment["id"]: segment for segment in transcript["segments"]}


def engines_own(stack: Stack, task_id: str) -> dict[str, Any]:
    """Return the transcript as the task wrote it."""
    output = stack.read(task_id)["stages"][NAME]["output"]
    content: dict[str, Any] = stack.http.get(output["transcript_path"]["url"]).json()
    return content


def stop_in_mid_work(stack: Stack, task_id: str, chunks: int) -> int:
    """Stop the process of a task that has recorded some chunks, and return its pid."""
    child = child_of(stack, task_id)
    file = Checkpoint(stack.share / f"workflows/{task_id}/attempt-1/checkpoint.jsonl")
    wait_until(lambda: len(list(file.records())) >= chunks, every=0.002)
    os.kill(child, signal.SIGSTOP)
    return child


# ---- reading ----


@pytest.mark.parametrize("rendering", RENDERINGS)
def test_the_text_comes_in_every_format_by_name_and_by_accept(
    asr_stack: Stack, finished_task: str, rendering: Rendering
) -> None:
    own = Transcript.model_validate(engines_own(asr_stack, finished_task)).model_copy(update={"source": "final"})
    url = f"/v1/tasks/{finished_task}/transcript"
    named = asr_stack.http.get(url, params={"format": rendering})
    asked = asr_stack.http.get(url, headers={"Accept": f"{MEDIA_TYPES[rendering]}, text/html;q=0.9"})
    for answer in (named, asked):
        assert answer.text == render(own, rendering)
        assert answer.headers["Content-Type"].split(";")[0] == MEDIA_TYPES[rendering]
        assert answer.headers["Transcript-Source"] == "final"
        assert f'filename="{finished_task}.{rendering}"' in answer.headers["Content-Disposition"]


def test_a_client_that_has_seen_it_is_told_so_until_it_changes(asr_stack: Stack) -> None:
    task_id = start(asr_stack, "short.flac")
    asr_stack.wait_for(task_id, "SUCCESS")
    url = f"/v1/tasks/{task_id}/transcript"
    tag = asr_stack.http.get(url).headers["ETag"]
    again = asr_stack.http.get(url, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert asr_stack.http.get(url, headers={"If-None-Match": "*"}).status_code == 304
    assert asr_stack.http.get(url, params={"format": "srt"}, headers={"If-None-Match": tag}).status_code == 200
    change(asr_stack, task_id, 0, text="changed").raise_for_status()
    assert asr_stack.http.get(url, headers={"If-None-Match": tag}).status_code == 200


def test_what_cannot_be_served_is_told_with_the_choices(asr_stack: Stack, finished_task: str) -> None:
    url = f"/v1/tasks/{finished_task}/transcript"
    refused = asr_stack.http.get(url, headers={"Accept": "image/png"})
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")
    assert refused.json()["served"] == [*MEDIA_TYPES.values()]
    unknown = asr_stack.http.get(url, params={"format": "docx"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid_input")
    assert "srt" in unknown.text


def test_a_task_that_makes_no_transcript_says_so(asr_stack: Stack, finished_task: str) -> None:
    path = asr_stack.read(finished_task)["stages"][NAME]["output"]["transcript_path"]["path"]
    task_id = asr_stack.submit("subtitle.generate_files", {"transcript_path": path})
    answer = asr_stack.http.get(f"/v1/tasks/{task_id}/transcript")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_transcript")
    assert asr_stack.http.get("/v1/tasks/nobody/transcript").json()["code"] == "task_not_found"


def test_other_tasks_that_make_a_transcript_have_one_too(asr_stack: Stack, finished_task: str) -> None:
    path = asr_stack.read(finished_task)["stages"][NAME]["output"]["transcript_path"]["path"]
    task_id = asr_stack.submit("subtitle.segment", {"transcript_path": path})
    asr_stack.wait_for(task_id, "SUCCESS")
    assert text(asr_stack, task_id)["source"] == "final"
    assert text(asr_stack, task_id)["segments"][0]["text"] == text(asr_stack, finished_task)["segments"][0]["text"]


def test_a_task_that_waits_has_no_text_yet(workerless_stack: Stack) -> None:
    task_id = start(workerless_stack, "short.flac")
    assert text(workerless_stack, task_id) == {"duration": 0.0, "source": "none", "segments": []}
    for rendering, empty in (("srt", ""), ("txt", ""), ("vtt", "WEBVTT\n\n")):
        answer = workerless_stack.http.get(f"/v1/tasks/{task_id}/transcript", params={"format": rendering})
        assert (answer.status_code, answer.text) == (200, empty)
    assert change(workerless_stack, task_id, 0, text="x").json()["code"] == "segment_not_found"


def test_what_was_told_is_read_and_edited_before_its_chunk_is_done(workerless_stack: Stack) -> None:
    task_id = start(workerless_stack, "short.flac")
    redis, store = (
        SyncRedis(RedisSettings.model_validate({"url": workerless_stack.redis.url})),
        StateStore(TaskSettings()),
    )
    attempt = redis.run(store.claim(task_id, "faster_whisper", "the test, in the place of a worker"))
    assert isinstance(attempt, Record)
    segments = [{"id": n, "start": n, "end": n + 0.5, "text": f"said {n}"} for n in range(2)]
    told = Event("fragment", {"segment_index": 0, "language": "en", "segments": segments})
    redis.run(store.beat(task_id, attempt.control.fence, rss=1, events=[told]))
    redis.close()
    so_far = text(workerless_stack, task_id)
    assert [segment["text"] for segment in so_far["segments"]] == ["said 0", "said 1"]
    assert (so_far["source"], so_far["language"]) == ("checkpoint", "en")
    change(workerless_stack, task_id, 1, text="edited at once").raise_for_status()
    checkpoint = Checkpoint(workerless_stack.share / f"workflows/{task_id}/attempt-1/checkpoint.jsonl")
    checkpoint.append({"chunk": 0, "segments": [segment | {"text": "recorded"} for segment in segments]})
    assert [segment["text"] for segment in text(workerless_stack, task_id)["segments"]] == [
        "recorded",
        "edited at once",
    ]


# ---- editing ----


def test_the_text_so_far_is_read_and_edited_at_work_and_edits_outlive_a_crash(asr_stack: Stack) -> None:
    task_id = start(asr_stack, "film.flac")
    child = stop_in_mid_work(asr_stack, task_id, chunks=2)
    partly = text(asr_stack, task_id)
    assert partly["source"] == "checkpoint"
    records = Checkpoint(asr_stack.share / f"workflows/{task_id}/attempt-1/checkpoint.jsonl").records()
    recorded = [segment["id"] for record in records for segment in record["segments"]]
    assert recorded == [segment["id"] for segment in partly["segments"]][: len(recorded)]
    edited = change(asr_stack, task_id, 0, text="Corrected by hand", speaker="Ann").json()
    assert (edited["id"], edited["text"], edited["speaker"], edited["modified"]) == (
        0,
        "Corrected by hand",
        "Ann",
        True,
    )
    assert by_id(text(asr_stack, task_id))[0] == edited
    last = json.loads(asr_stack.events(task_id)[-1][1])
    assert (last["segments"][0]["text"], last["segments"][0]["modified"]) == ("Corrected by hand", True)
    os.kill(child, signal.SIGKILL)
    assert asr_stack.wait_for(task_id)["stages"][NAME]["attempt"] == 2
    whole, own = by_id(text(asr_stack, task_id)), by_id(engines_own(asr_stack, task_id))
    assert whole.pop(0) == edited
    assert own.pop(0)["text"] != edited["text"], "the engine's file is its own"
    assert whole == own
    assert text(asr_stack, task_id)["source"] == "final"
    assert len(whole) >= len(partly["segments"])


def test_a_cancelled_task_keeps_its_text_and_its_edits_outlive_a_retry(asr_stack: Stack) -> None:
    task_id = start(asr_stack, "film.flac")
    child = stop_in_mid_work(asr_stack, task_id, chunks=1)
    asr_stack.http.post(f"/v1/tasks/{task_id}/cancel").raise_for_status()
    os.kill(child, signal.SIGCONT)
    assert asr_stack.wait_for(task_id)["status"] == "CANCELLED"
    kept = text(asr_stack, task_id)
    assert kept["source"] == "checkpoint"
    first = kept["segments"][0]["id"]
    change(asr_stack, task_id, first, text="Mine").raise_for_status()
    asr_stack.http.post(f"/v1/tasks/{task_id}/retry").raise_for_status()
    assert asr_stack.wait_for(task_id, "SUCCESS")
    whole = text(asr_stack, task_id)
    assert whole["source"] == "final"
    assert by_id(whole)[first]["text"] == "Mine"
    assert len(whole["segments"]) > len(kept["segments"])


def test_an_export_has_the_edits_and_none_after_they_are_undone(asr_stack: Stack) -> None:
    task_id = start(asr_stack, "short.flac")
    asr_stack.wait_for(task_id, "SUCCESS")
    path = engines_path(asr_stack, task_id)
    before = export_srt(asr_stack, path)
    change(asr_stack, task_id, 0, text="Edited line", start=0.5, end=2.5).raise_for_status()
    assert export_srt(asr_stack, path) == "1\n00:00:00,500 --> 00:00:02,500\nEdited line\n\n"
    assert export_srt(asr_stack, path) == asr_stack.http.get(f"/v1/tasks/{task_id}/transcript?format=srt").text
    undone = asr_stack.http.delete(f"/v1/tasks/{task_id}/transcript/segments/0/edit")
    assert undone.status_code == 204
    assert export_srt(asr_stack, path) == before
    again = asr_stack.http.delete(f"/v1/tasks/{task_id}/transcript/segments/0/edit")
    assert (again.status_code, again.json()["code"]) == (404, "segment_not_edited")


def engines_path(stack: Stack, task_id: str) -> str:
    path: str = stack.read(task_id)["stages"][NAME]["output"]["transcript_path"]["path"]
    return path


def export_srt(stack: Stack, path: str) -> str:
    task_id = stack.submit("subtitle.generate_files", {"transcript_path": path, "segmenting": False})
    context = stack.wait_for(task_id)
    assert context["status"] == "SUCCESS", context["error"]
    return stack.http.get(context["stages"]["subtitle.generate_files"]["output"]["srt_path"]["url"]).text


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, "nothing to change"),
        ({"text": None}, "text"),
        ({"text": "a" * 10_001}, "text"),
        ({"start": -1}, "start"),
        ({"start": "1.5"}, "start"),
        ({"start": 99}, "end before it starts"),
        ({"words": []}, "words"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_and_changes_nothing(
    asr_stack: Stack, finished_task: str, changes: dict[str, Any], named: str
) -> None:
    answer = change(asr_stack, finished_task, 0, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert named in answer.text
    assert "modified" not in json.dumps(text(asr_stack, finished_task)).replace('"modified": false', "")


def test_a_segment_that_is_not_there_cannot_be_edited(asr_stack: Stack, finished_task: str) -> None:
    for answer in (
        change(asr_stack, finished_task, 1_000, text="x"),
        asr_stack.http.delete(f"/v1/tasks/{finished_task}/transcript/segments/1000/edit"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "segment_not_found")
