"""Models over HTTP: listed, downloaded as tasks, unloaded, followed; by a real gateway and a real Whisper worker."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import NotFoundError, OpenAI

from services.faster_whisper.models import NAMES
from tests.support.faults import child_of
from tests.support.model_hub import ModelHub, names
from tests.support.ports import free_port
from tests.support.sounds import speech, write_wav
from tests.support.sse_client import SseEvent, parsed
from tests.support.stack import Stack
from tests.support.waiting import wait_until

FIXTURES = Path(__file__).parents[1] / "fixtures"
WHISPER = FIXTURES / "models/whisper"
MIB = 1024 * 1024
TRANSCRIBE = "faster_whisper.transcribe_audio"
DOWNLOAD = "faster_whisper.download_model"
PATIENT = {
    "BATON_FASTER_WHISPER__CHUNK_LENGTH": "10",
    "BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 60}',
}
LARGE = ("base", "base.en", "medium", "medium.en")
"""Their repositories hold 25 MiB that are no model: enough to stop in the middle of."""


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    large = tmp_path_factory.mktemp("repository")
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        shutil.copy(WHISPER / name, large)
    (large / "model.bin").write_bytes(os.urandom(25 * MIB))
    small = {f"Systran/faster-whisper-{name}": WHISPER for name in ("tiny", "tiny.en", "small", "small.en")}
    return small | {f"Systran/faster-whisper-{name}": large for name in LARGE}


@pytest.fixture(scope="module")
def running_hub(repositories: dict[str, Path]) -> Iterator[ModelHub]:
    with ModelHub(repositories) as hub:
        yield hub


@pytest.fixture(scope="module")
def models_stack(tmp_path_factory: pytest.TempPathFactory, running_hub: ModelHub) -> Iterator[Stack]:
    """A gateway and a Whisper worker that has a model hub."""
    with Stack(tmp_path_factory.mktemp("models"), BATON_MODELS__HUB_ENDPOINT=running_hub.url, **PATIENT) as shared:
        shutil.copy(FIXTURES / "speech/en-00.flac", shared.share / "short.flac")
        write_wav(shared.share / "film.wav", [speech("speech/en-long.flac")] * 2)
        shared.gateway(BATON_GATEWAY__SSE_PING="1")
        shared.worker("faster_whisper")
        yield shared


@pytest.fixture
def hub(running_hub: ModelHub) -> Iterator[ModelHub]:
    """The hub as it is meant to be, whatever a test makes of it."""
    yield running_hub
    running_hub.gated, running_hub.broken, running_hub.pause_after = False, set(), None
    running_hub.go_on()
    running_hub.sent.clear()


def view(stack: Stack, name: str) -> dict[str, Any]:
    answer = stack.http.get(f"/v1/models/faster_whisper/{name}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def download(stack: Stack, name: str, status: int = 202) -> dict[str, Any]:
    answer = stack.http.post(f"/v1/models/faster_whisper/{name}/download")
    assert answer.status_code == status, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


def unload(stack: Stack, name: str, wait: int = 0) -> tuple[int, dict[str, Any]]:
    headers = {"Prefer": f"wait={wait}"} if wait else {}
    answer = stack.http.post(f"/v1/models/faster_whisper/{name}/unload", headers=headers)
    return answer.status_code, answer.json()


def transcribe(stack: Stack, name: str, **given: Any) -> str:
    return stack.submit(TRANSCRIBE, {"audio_path": name, "model": "tiny-test", "temperature": [0], **given})


def load_seconds(stack: Stack, task_id: str) -> float | None:
    """Return how long the task, once it has succeeded, loaded its model; None when it found it warm."""
    context = stack.wait_for(task_id)
    assert context["status"] == "SUCCESS", context["error"]
    seconds: float | None = context["stages"][TRANSCRIBE]["timings"]["model_load"]
    return seconds


def news(stack: Stack, last_event_id: str = "") -> Iterator[SseEvent]:
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with stack.http.stream("GET", "/v1/models/events", headers=headers) as answer:
        yield from (event for event in parsed(answer) if event.kind != "ping")


def read_until(events: Iterator[SseEvent], kind: str, model: str) -> list[SseEvent]:
    """Read on to this event, and return those on the way that are of the same model."""
    seen = []
    for event in events:
        if event.data.get("id") == f"faster_whisper/{model}":
            seen.append(event)
            if event.kind == kind:
                return seen
    raise AssertionError(f"the stream ended before {kind}")


def pause_in_the_middle(stack: Stack, hub: ModelHub, name: str) -> str:
    """Begin a download, and have the hub stop when 20 MiB are on the disk; return the task's id."""
    hub.pause_after = 22 * MIB
    hub.hold()
    task_id: str = download(stack, name)["task_id"]
    part = stack.share / f"models/faster_whisper/.{name}.part"
    wait_until(lambda: 20 * MIB in {file.stat().st_size for file in part.rglob("*") if file.is_file()})
    return task_id


# ---- the list ----


def test_every_model_that_has_a_name_is_listed_with_what_is_known_of_it(models_stack: Stack) -> None:
    page = models_stack.http.get("/v1/models").json()
    assert page["object"] == "list"
    found = {model["name"]: model for model in page["data"] if model["engine"] == "faster_whisper"}
    assert set(found) == set(NAMES)
    assert [name for name, model in found.items() if model["test_model"]] == ["tiny-test"]
    tiny = found["tiny-test"]
    assert (tiny["status"], tiny["repository"], tiny["default"]) == ("present", None, False)
    assert tiny["size"] == sum(file.stat().st_size for file in WHISPER.iterdir())
    turbo = found["large-v3-turbo"]
    assert (turbo["status"], turbo["size"], turbo["default_for"]) == ("missing", None, ["faster_whisper.gpu_model"])
    assert turbo["repository"] == "mobiuslabsgmbh/faster-whisper-large-v3-turbo"


def test_the_openai_client_reads_the_same_list(models_stack: Stack) -> None:
    client = OpenAI(base_url=f"http://127.0.0.1:{models_stack.port}/v1", api_key="none")
    listed = {model.id: model for model in client.models.list()}
    assert {f"faster_whisper/{name}" for name in NAMES} <= set(listed)
    assert listed["faster_whisper/small"].owned_by == "Systran"
    one = client.models.retrieve("faster_whisper/tiny-test")
    assert (one.id, one.object, one.owned_by) == ("faster_whisper/tiny-test", "model", "baton")
    with pytest.raises(NotFoundError):
        client.models.retrieve("faster_whisper/huge")


@pytest.mark.parametrize("path", ["faster_whisper/huge/download", "faster_whisper/huge/unload", "nobody/tiny/download"])
def test_an_unknown_model_is_not_found(models_stack: Stack, path: str) -> None:
    answer = models_stack.http.post(f"/v1/models/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "model_not_found")


# ---- downloads ----


def test_a_model_is_downloaded_as_a_task_and_is_then_here(models_stack: Stack, hub: ModelHub) -> None:
    assert view(models_stack, "tiny")["status"] == "missing"
    accepted = download(models_stack, "tiny")
    assert accepted["task_name"] == DOWNLOAD
    stage = models_stack.wait_for(accepted["task_id"], "SUCCESS")["stages"][DOWNLOAD]
    size = sum(file.stat().st_size for file in WHISPER.iterdir())
    assert stage["output"] == {"model": "tiny", "path": "models/faster_whisper/tiny", "size": size}
    assert [data for kind, data in models_stack.events(accepted["task_id"]) if kind == "progress"]
    here = view(models_stack, "tiny")
    assert (here["status"], here["size"]) == ("present", size)
    assert here["created"] > 0
    assert names(models_stack.share / "models/faster_whisper/tiny") == names(WHISPER)
    assert download(models_stack, "tiny", status=200)["status"] == "present"


def test_a_download_is_shown_while_it_runs_and_asked_for_again_is_the_same_task(
    models_stack: Stack, hub: ModelHub
) -> None:
    task_id = pause_in_the_middle(models_stack, hub, "base")
    shown = view(models_stack, "base")
    assert (shown["status"], shown["download"]["task_id"]) == ("downloading", task_id)
    assert 70 < shown["download"]["percent"] < 90
    assert download(models_stack, "base")["task_id"] == task_id
    hub.go_on()
    models_stack.wait_for(task_id, "SUCCESS")
    assert (view(models_stack, "base")["status"], view(models_stack, "base")["download"]) == ("present", None)
    assert len(hub.start_offsets("model.bin")) == 1


def test_a_killed_worker_is_followed_by_one_that_brings_only_what_is_missing(
    models_stack: Stack, hub: ModelHub
) -> None:
    task_id = pause_in_the_middle(models_stack, hub, "base.en")
    os.kill(child_of(models_stack, task_id), signal.SIGKILL)
    hub.pause_after = None
    hub.go_on()
    context = models_stack.wait_for(task_id, "SUCCESS")
    assert context["stages"][DOWNLOAD]["attempt"] == 2
    assert hub.start_offsets("model.bin") == [0, 20 * MIB]
    assert view(models_stack, "base.en")["status"] == "present"


def test_a_cancelled_download_stops_and_goes_on_when_it_is_asked_for_again(models_stack: Stack, hub: ModelHub) -> None:
    task_id = pause_in_the_middle(models_stack, hub, "medium")
    models_stack.http.post(f"/v1/tasks/{task_id}/cancel").raise_for_status()
    models_stack.wait_for(task_id, "CANCELLED")
    hub.pause_after = None
    hub.go_on()
    assert view(models_stack, "medium")["status"] == "missing"
    assert download(models_stack, "medium")["task_id"] == task_id
    models_stack.wait_for(task_id, "SUCCESS")
    assert hub.start_offsets("model.bin") == [0, 20 * MIB]


def test_a_gated_model_says_what_to_do_and_comes_when_that_is_done(models_stack: Stack, hub: ModelHub) -> None:
    hub.gated = True
    task_id = download(models_stack, "tiny.en")["task_id"]
    error = models_stack.wait_for(task_id, "FAILED")["error"]
    assert error["code"] == "model_gated"
    assert "models.hub_token" in error["message"]
    hub.gated = False
    assert download(models_stack, "tiny.en")["task_id"] == task_id
    models_stack.wait_for(task_id, "SUCCESS")


def test_a_task_that_wants_a_missing_model_brings_it_where_all_can_see(models_stack: Stack, hub: ModelHub) -> None:
    events = news(models_stack)
    assert next(events).kind == "initial_state"
    task_id = transcribe(models_stack, "short.flac", model="small.en")
    told = read_until(events, "downloaded", "small.en")
    assert {event.data["task_id"] for event in told} == {task_id}
    assert load_seconds(models_stack, task_id) is not None


def test_without_a_network_the_error_says_what_to_do(stack: Stack) -> None:
    stack.gateway()
    stack.worker("faster_whisper", BATON_MODELS__HUB_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    events = news(stack)
    assert next(events).kind == "initial_state"
    error = stack.wait_for(download(stack, "small")["task_id"], "FAILED", timeout=60)["error"]
    assert error["code"] == "model_download_failed"
    for remedy in ("Check the network", "models.hub_endpoint", "share/models/<engine>/<name>"):
        assert remedy in error["message"]
    assert read_until(events, "failed", "small")[-1].data["code"] == "model_download_failed"
    assert view(stack, "small")["status"] == "missing"


# ---- unloading ----


def test_a_model_is_unloaded_and_the_next_task_loads_it_again(models_stack: Stack) -> None:
    load_seconds(models_stack, transcribe(models_stack, "short.flac"))
    assert load_seconds(models_stack, transcribe(models_stack, "short.flac")) is None
    (loaded,) = view(models_stack, "tiny-test")["loaded"]
    assert loaded["device"] == "cpu"
    assert loaded["variant"] == "int8/cpu"
    assert loaded["memory_mib"] > 0
    assert loaded["worker"].startswith("faster_whisper@")
    status, answer = unload(models_stack, "tiny-test", wait=30)
    assert (status, answer["unloaded"], [ask["worker"] for ask in answer["asked"]]) == (200, True, [loaded["worker"]])
    assert view(models_stack, "tiny-test")["loaded"] == []
    assert load_seconds(models_stack, transcribe(models_stack, "short.flac")) is not None


def test_a_model_that_nobody_holds_is_unloaded_already(models_stack: Stack) -> None:
    assert unload(models_stack, "large-v1") == (200, {"id": "faster_whisper/large-v1", "unloaded": True, "asked": []})


def test_a_model_in_use_is_let_go_when_its_task_is_done(models_stack: Stack) -> None:
    task_id = transcribe(models_stack, "film.wav")
    child = child_of(models_stack, task_id)
    wait_until(lambda: "fragment" in {kind for kind, _ in models_stack.events(task_id)})
    os.kill(child, signal.SIGSTOP)  # so that it is in the middle for as long as we look
    assert models_stack.read(task_id)["status"] == "RUNNING"
    status, answer = unload(models_stack, "tiny-test", wait=1)
    assert (status, answer["unloaded"], len(answer["asked"])) == (202, False, 1)
    os.kill(child, signal.SIGCONT)
    stage = models_stack.wait_for(task_id, "SUCCESS", timeout=90)["stages"][TRANSCRIBE]
    assert stage["attempt"] == 1
    wait_until(lambda: not view(models_stack, "tiny-test")["loaded"])


def test_a_folder_that_somebody_put_there_is_listed_while_it_is_loaded_and_can_be_unloaded(models_stack: Stack) -> None:
    shutil.copytree(WHISPER, models_stack.share / "models/mine")
    load_seconds(models_stack, transcribe(models_stack, "short.flac", model="models/mine"))
    (mine,) = (model for model in models_stack.http.get("/v1/models").json()["data"] if model["name"] == "models/mine")
    assert (mine["owned_by"], len(mine["loaded"])) == ("local", 1)
    status, answer = unload(models_stack, "models/mine", wait=30)
    assert (status, answer["unloaded"]) == (200, True)


# ---- events ----


def test_the_stream_begins_with_the_list_and_tells_what_happens(models_stack: Stack, hub: ModelHub) -> None:
    events = news(models_stack)
    first = next(events)
    assert first.kind == "initial_state"
    assert {model["id"] for model in first.data["data"]} >= {f"faster_whisper/{name}" for name in NAMES}
    task_id = download(models_stack, "medium.en")["task_id"]
    told = read_until(events, "downloaded", "medium.en")
    assert {event.kind for event in told} == {"progress", "downloaded"}
    percents = [event.data["percent"] for event in told if event.kind == "progress"]
    assert percents == sorted(percents)
    assert {event.data["task_id"] for event in told} == {task_id}
    unload(models_stack, "tiny-test", wait=30)
    load_seconds(models_stack, transcribe(models_stack, "short.flac"))
    assert read_until(events, "loaded", "tiny-test")[-1].data["memory_mib"] > 0
    unload(models_stack, "tiny-test", wait=30)
    assert read_until(events, "unloaded", "tiny-test")[-1].data["variant"] == "int8/cpu"


def test_who_comes_back_is_told_what_was_missed(models_stack: Stack) -> None:
    load_seconds(models_stack, transcribe(models_stack, "short.flac"))
    unload(models_stack, "tiny-test", wait=30)
    last = read_until(news(models_stack, "0-1"), "unloaded", "tiny-test")[-1]
    load_seconds(models_stack, transcribe(models_stack, "short.flac"))
    again = news(models_stack, last.id)
    assert next(again).kind == "initial_state"
    ids = [event.order for event in read_until(again, "loaded", "tiny-test")]
    assert ids == sorted(set(ids))
    assert ids[0] > last.order


def test_no_task_can_be_called_as_the_models_stream_is(models_stack: Stack) -> None:
    body = {"task_name": DOWNLOAD, "input_data": {"model": "tiny"}, "task_id": "@models"}
    assert models_stack.http.post("/v1/tasks", json=body).status_code == 422
