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
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway, a Whisper worker that cuts audio into chunks of 10 s, and the subtitle worker."""
    with Stack(tmp_path_factory.mktemp("heard"), **CHUNKS_OF_10_S) as shared:
        place_sounds(shared)
        shared.gateway()
        shared.worker("faster_whisper")
        shared.worker("subtitle")
        yield shared


@pytest.fixture(scope="module")
def done(heard: Stack) -> str:
    """Return the id of a task that has succeeded; tests must leave its text as it is."""
    task_id = start(heard, "short.flac")
    assert heard.wait_for(task_id)["status"] == "SUCCESS"
    return task_id


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
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


def held_in_mid_work(stack: Stack, task_id: str, chunks: int) -> int:
    """Stop the process of a task that has recorded some chunks, and return its pid."""
    child = child_of(stack, task_id)
    file = Checkpoint(stack.share / f"workflows/{task_id}/attempt-1/checkpoint.jsonl")
    wait_until(lambda: len(list(file.records())) >= chunks, every=0.002)
    os.kill(child, signal.SIGSTOP)
    return child


# ---- reading ----


@pytest.mark.parametrize("rendering", RENDERINGS)
def test_the_text_comes_in_every_format_by_name_and_by_accept(heard: Stack, done: str, rendering: Rendering) -> None:
    own = Transcript.model_validate(engines_own(heard, done)).model_copy(update={"source": "final"})
    url = f"/v1/tasks/{done}/transcript"
    named = heard.http.get(url, params={"format": rendering})
    asked = heard.http.get(url, headers={"Accept": f"{MEDIA_TYPES[rendering]}, text/html;q=0.9"})
    for answer in (named, asked):
        assert answer.text == render(own, rendering)
        assert answer.headers["Content-Type"].split(";")[0] == MEDIA_TYPES[rendering]
        assert answer.headers["Transcript-Source"] == "final"
        assert f'filename="{done}.{rendering}"' in answer.headers["Content-Disposition"]


def test_a_client_that_has_seen_it_is_told_so_until_it_changes(heard: Stack) -> None:
    task_id = start(heard, "short.flac")
    heard.wait_for(task_id, "SUCCESS")
    url = f"/v1/tasks/{task_id}/transcript"
    tag = heard.http.get(url).headers["ETag"]
    again = heard.http.get(url, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert heard.http.get(url, headers={"If-None-Match": "*"}).status_code == 304
    assert heard.http.get(url, params={"format": "srt"}, headers={"If-None-Match": tag}).status_code == 200
    change(heard, task_id, 0, text="changed").raise_for_status()
    assert heard.http.get(url, headers={"If-None-Match": tag}).status_code == 200


def test_what_cannot_be_served_is_told_with_the_choices(heard: Stack, done: str) -> None:
    url = f"/v1/tasks/{done}/transcript"
    refused = heard.http.get(url, headers={"Accept": "image/png"})
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")
    assert refused.json()["served"] == [*MEDIA_TYPES.values()]
    unknown = heard.http.get(url, params={"format": "docx"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid_input")
    assert "srt" in unknown.text


def test_a_task_that_makes_no_transcript_says_so(heard: Stack, done: str) -> None:
    path = heard.read(done)["stages"][NAME]["output"]["transcript_path"]["path"]
    task_id = heard.submit("subtitle.generate_files", {"transcript_path": path})
    answer = heard.http.get(f"/v1/tasks/{task_id}/transcript")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_transcript")
    assert heard.http.get("/v1/tasks/nobody/transcript").json()["code"] == "task_not_found"


def test_other_tasks_that_make_a_transcript_have_one_too(heard: Stack, done: str) -> None:
    path = heard.read(done)["stages"][NAME]["output"]["transcript_path"]["path"]
    task_id = heard.submit("subtitle.segment", {"transcript_path": path})
    heard.wait_for(task_id, "SUCCESS")
    assert text(heard, task_id)["source"] == "final"
    assert text(heard, task_id)["segments"][0]["text"] == text(heard, done)["segments"][0]["text"]


def test_a_task_that_waits_has_no_text_yet(quiet: Stack) -> None:
    task_id = start(quiet, "short.flac")
    assert text(quiet, task_id) == {"duration": 0.0, "source": "none", "segments": []}
    for rendering, empty in (("srt", ""), ("txt", ""), ("vtt", "WEBVTT\n\n")):
        answer = quiet.http.get(f"/v1/tasks/{task_id}/transcript", params={"format": rendering})
        assert (answer.status_code, answer.text) == (200, empty)
    assert change(quiet, task_id, 0, text="x").json()["code"] == "segment_not_found"


def test_what_was_told_is_read_and_edited_before_its_chunk_is_done(quiet: Stack) -> None:
    task_id = start(quiet, "short.flac")
    redis, store = SyncRedis(RedisSettings.model_validate({"url": quiet.redis.url})), StateStore(TaskSettings())
    attempt = redis.run(store.claim(task_id, "faster_whisper", "the test, in the place of a worker"))
    assert isinstance(attempt, Record)
    segments = [{"id": n, "start": n, "end": n + 0.5, "text": f"said {n}"} for n in range(2)]
    told = Event("fragment", {"segment_index": 0, "language": "en", "segments": segments})
    redis.run(store.beat(task_id, attempt.control.fence, rss=1, events=[told]))
    redis.close()
    so_far = text(quiet, task_id)
    assert [segment["text"] for segment in so_far["segments"]] == ["said 0", "said 1"]
    assert (so_far["source"], so_far["language"]) == ("checkpoint", "en")
    change(quiet, task_id, 1, text="edited at once").raise_for_status()
    checkpoint = Checkpoint(quiet.share / f"workflows/{task_id}/attempt-1/checkpoint.jsonl")
    checkpoint.append({"chunk": 0, "segments": [segment | {"text": "recorded"} for segment in segments]})
    assert [segment["text"] for segment in text(quiet, task_id)["segments"]] == ["recorded", "edited at once"]


# ---- editing ----


def test_the_text_so_far_is_read_and_edited_at_work_and_edits_outlive_a_crash(heard: Stack) -> None:
    task_id = start(heard, "film.flac")
    child = held_in_mid_work(heard, task_id, chunks=2)
    partly = text(heard, task_id)
    assert partly["source"] == "checkpoint"
    records = Checkpoint(heard.share / f"workflows/{task_id}/attempt-1/checkpoint.jsonl").records()
    recorded = [segment["id"] for record in records for segment in record["segments"]]
    assert recorded == [segment["id"] for segment in partly["segments"]][: len(recorded)]
    edited = change(heard, task_id, 0, text="Corrected by hand", speaker="Ann").json()
    assert (edited["id"], edited["text"], edited["speaker"], edited["modified"]) == (
        0,
        "Corrected by hand",
        "Ann",
        True,
    )
    assert by_id(text(heard, task_id))[0] == edited
    last = json.loads(heard.events(task_id)[-1][1])
    assert (last["segments"][0]["text"], last["segments"][0]["modified"]) == ("Corrected by hand", True)
    os.kill(child, signal.SIGKILL)
    assert heard.wait_for(task_id)["stages"][NAME]["attempt"] == 2
    whole, own = by_id(text(heard, task_id)), by_id(engines_own(heard, task_id))
    assert whole.pop(0) == edited
    assert own.pop(0)["text"] != edited["text"], "the engine's file is its own"
    assert whole == own
    assert text(heard, task_id)["source"] == "final"
    assert len(whole) >= len(partly["segments"])


def test_a_cancelled_task_keeps_its_text_and_its_edits_outlive_a_retry(heard: Stack) -> None:
    task_id = start(heard, "film.flac")
    child = held_in_mid_work(heard, task_id, chunks=1)
    heard.http.post(f"/v1/tasks/{task_id}/cancel").raise_for_status()
    os.kill(child, signal.SIGCONT)
    assert heard.wait_for(task_id)["status"] == "CANCELLED"
    kept = text(heard, task_id)
    assert kept["source"] == "checkpoint"
    first = kept["segments"][0]["id"]
    change(heard, task_id, first, text="Mine").raise_for_status()
    heard.http.post(f"/v1/tasks/{task_id}/retry").raise_for_status()
    assert heard.wait_for(task_id, "SUCCESS")
    whole = text(heard, task_id)
    assert whole["source"] == "final"
    assert by_id(whole)[first]["text"] == "Mine"
    assert len(whole["segments"]) > len(kept["segments"])


def test_an_export_has_the_edits_and_none_after_they_are_undone(heard: Stack) -> None:
    task_id = start(heard, "short.flac")
    heard.wait_for(task_id, "SUCCESS")
    path = engines_path(heard, task_id)
    before = exported(heard, path)
    change(heard, task_id, 0, text="Edited line", start=0.5, end=2.5).raise_for_status()
    assert exported(heard, path) == "1\n00:00:00,500 --> 00:00:02,500\nEdited line\n\n"
    assert exported(heard, path) == heard.http.get(f"/v1/tasks/{task_id}/transcript?format=srt").text
    undone = heard.http.delete(f"/v1/tasks/{task_id}/transcript/segments/0/edit")
    assert undone.status_code == 204
    assert exported(heard, path) == before
    again = heard.http.delete(f"/v1/tasks/{task_id}/transcript/segments/0/edit")
    assert (again.status_code, again.json()["code"]) == (404, "segment_not_edited")


def engines_path(stack: Stack, task_id: str) -> str:
    path: str = stack.read(task_id)["stages"][NAME]["output"]["transcript_path"]["path"]
    return path


def exported(stack: Stack, path: str) -> str:
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
    heard: Stack, done: str, changes: dict[str, Any], named: str
) -> None:
    answer = change(heard, done, 0, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert named in answer.text
    assert "modified" not in json.dumps(text(heard, done)).replace('"modified": false', "")


def test_a_segment_that_is_not_there_cannot_be_edited(heard: Stack, done: str) -> None:
    for answer in (
        change(heard, done, 1_000, text="x"),
        heard.http.delete(f"/v1/tasks/{done}/transcript/segments/1000/edit"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "segment_not_found")
