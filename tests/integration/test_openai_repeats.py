"""A client of OpenAI's audio routes that hangs up loses no work: the task goes on, and the same upload finds it."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_gateway.http.auth import key_hash
from tests.support.stack import Stack
from tests.support.waiting import wait_until

SPEECH = Path(__file__).parents[1] / "fixtures/speech"
PATH = "/v1/audio/transcriptions"
KEYS = ("bk_the-first-key", "bk_the-second-key")
SETTINGS = {
    "BATON_AUTH__API_KEYS": f'["{key_hash(KEYS[0])}", "{key_hash(KEYS[1])}"]',
    "BATON_FASTER_WHISPER__CPU_MODEL": "tiny-test",
}


@contextmanager
def stack_with(folder: Path, **environment: str) -> Iterator[Stack]:
    with Stack(folder, **SETTINGS, **environment) as stack:
        stack.http.headers["X-API-Key"] = KEYS[0]
        stack.gateway()
        yield stack


@pytest.fixture(scope="module")
def asr_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_with(tmp_path_factory.mktemp("spoken")) as stack:
        stack.worker("faster_whisper")
        yield stack


@pytest.fixture
def workerless_stack(tmp_path: Path) -> Iterator[Stack]:
    """A gateway that answers soon, and no worker."""
    with stack_with(tmp_path, BATON_GATEWAY__OPENAI_ANSWER_WITHIN="0.5") as stack:
        yield stack


def ask(
    stack: Stack, speech: str = "en-00.flac", *, name: str = "a.flac", key: str = KEYS[0], **given: str
) -> httpx.Response:
    file = (name, (SPEECH / speech).read_bytes())
    form = {"model": "whisper-1", **given}
    return stack.http.post(PATH, data=form, files={"file": file}, headers={"X-API-Key": key})


def task_of(answer: httpx.Response) -> str:
    return answer.headers["x-baton-task-id"]


def ids(stack: Stack) -> list[str]:
    return [task["task_id"] for task in stack.http.get("/v1/tasks").json()["tasks"]]


def uploads(stack: Stack) -> list[Path]:
    return list((stack.share / "inputs").iterdir())


def hang_up(stack: Stack, *, stream: bool) -> str:
    """Send a whole request, close the connection once its task is there, and return the task's id."""
    before = ids(stack)
    form, file = {"model": "whisper-1", "stream": str(stream).lower()}, (SPEECH / "en-long.flac").read_bytes()
    sent = stack.http.build_request("POST", PATH, data=form, files={"file": file})
    head = b"".join(b"%s: %s\r\n" % header for header in sent.headers.raw)
    with socket.create_connection(("127.0.0.1", stack.port)) as line:
        line.sendall(b"POST " + PATH.encode() + b" HTTP/1.1\r\n" + head + b"\r\n" + sent.read())
        [new] = wait_until(lambda: [task for task in ids(stack) if task not in before])
    return str(new)


# ---- hanging up ----


@pytest.mark.parametrize("stream", [False, True])
def test_a_task_goes_on_when_its_client_hangs_up_and_the_same_upload_gets_its_text(
    workerless_stack: Stack, stream: bool
) -> None:
    task_id = hang_up(workerless_stack, stream=stream)
    again = ask(workerless_stack, "en-long.flac")
    assert (again.status_code, task_of(again)) == (504, task_id)
    workerless_stack.worker("faster_whisper")
    assert workerless_stack.wait_for(task_id, timeout=60)["status"] == "SUCCESS"
    last = ask(workerless_stack, "en-long.flac")
    assert (last.status_code, task_of(last)) == (200, task_id)
    assert last.json()["text"]
    assert ids(workerless_stack) == [task_id]
    wait_until(lambda: not uploads(workerless_stack))


@pytest.mark.parametrize("stream", [False, True])
def test_a_gateway_can_be_told_to_cancel_it(tmp_path: Path, stream: bool) -> None:
    with stack_with(tmp_path, BATON_GATEWAY__OPENAI_ON_DISCONNECT="cancel") as stack:
        task_id = hang_up(stack, stream=stream)
        assert stack.wait_for(task_id)["status"] == "CANCELLED"
        wait_until(lambda: not uploads(stack))


def test_a_client_that_does_not_say_how_long_it_waits_is_answered_before_it_hangs_up(workerless_stack: Stack) -> None:
    answer = ask(workerless_stack)
    assert answer.status_code == 504
    error = answer.json()["error"]
    assert error["code"] == "still_running"
    assert f"GET /v1/tasks/{task_of(answer)}/transcript" in error["message"]
    assert "The same upload" in error["message"]


# ---- the same upload ----


def test_the_same_upload_finds_its_task_whatever_it_is_called_and_answered_as(asr_stack: Stack) -> None:
    first = ask(asr_stack)
    others = [ask(asr_stack, name="b.flac"), ask(asr_stack, response_format="srt"), ask(asr_stack, stream="true")]
    assert {task_of(answer) for answer in others} == {task_of(first)}
    assert "-->" in others[1].text
    assert "transcript.text.done" in others[2].text
    wait_until(lambda: not uploads(asr_stack))


def test_at_the_same_time_they_are_one_task(asr_stack: Stack) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(asr_stack, "en-01.flac"), range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({task_of(answer) for answer in answers}) == 1
    wait_until(lambda: not uploads(asr_stack))


@pytest.mark.parametrize("other", [{"speech": "en-03.flac"}, {"language": "en"}, {"key": KEYS[1]}])
def test_another_file_parameter_or_key_is_another_task(asr_stack: Stack, other: dict[str, Any]) -> None:
    assert task_of(ask(asr_stack, **{"speech": "en-02.flac", **other})) != task_of(ask(asr_stack, "en-02.flac"))


def test_a_task_that_has_lost_its_output_is_not_used_again(asr_stack: Stack) -> None:
    found = [task_of(ask(asr_stack, "en-04.flac"))]
    for _ in range(2):
        remove_output(asr_stack, found[-1])
        answer = ask(asr_stack, "en-04.flac")
        assert answer.status_code == 200
        found.append(task_of(answer))
    assert len(set(found)) == 3
    assert task_of(ask(asr_stack, "en-04.flac")) == found[-1]


def remove_output(stack: Stack, task_id: str) -> None:
    [stage] = stack.read(task_id)["stages"].values()
    (stack.share / stage["output"]["transcript_path"]["path"]).unlink()


def test_a_cancelled_task_is_done_again(workerless_stack: Stack) -> None:
    first = ask(workerless_stack)
    workerless_stack.http.post(f"/v1/tasks/{task_of(first)}/cancel").raise_for_status()
    assert task_of(ask(workerless_stack)) != task_of(first)


def test_other_settings_make_another_task(tmp_path: Path) -> None:
    with stack_with(tmp_path, BATON_GATEWAY__OPENAI_ANSWER_WITHIN="0.5") as stack:
        first = task_of(ask(stack))
        stack.processes[0].kill()
        stack.processes[0].wait()
        stack.gateway(BATON_FASTER_WHISPER__CPU_MODEL="small")
        assert task_of(ask(stack)) != first
