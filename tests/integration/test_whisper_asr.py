"""The API of whisper-asr-webservice, with the requests that Bazarr's provider sends."""

import io
import json
import socket
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pysubs2
import pytest

from api_gateway.http.auth import key_hash
from api_gateway.synchronous.wav import HEADER_BYTES, LARGEST, wav_header
from common.state import keys
from tests.support.ports import free_port
from tests.support.sounds import ffmpeg
from tests.support.stack import Stack
from tests.support.waiting import wait_until

SPEECH = Path(__file__).parents[1] / "fixtures/speech"
ENGLISH, CHINESE, LONG = SPEECH / "en-00.flac", SPEECH / "zh-00.flac", SPEECH / "en-long.flac"
KEY = "bk_the-key-of-this-test"
SETTINGS = {
    "BATON_AUTH__API_KEYS": f'["{key_hash(KEY)}"]',
    "BATON_FASTER_WHISPER__CPU_MODEL": "tiny-test",
}
BAZARR = {"task": "transcribe", "language": "en", "output": "srt", "encode": "false"}
"""The query of https://github.com/morpheus65535/bazarr, custom_libs/subliminal_patch/providers/whisperai.py."""


@pytest.fixture(scope="module")
def asr_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("asr"), **SETTINGS) as stack:
        stack.gateway()
        stack.worker("faster_whisper")
        yield stack


def ask(stack: Stack, path: str, audio: bytes, *, name: str = "audio_file", **query: Any) -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{stack.port}{path}",
        params={"api_key": KEY, **query},
        files={"audio_file": (name, audio)},
        timeout=120,
        trust_env=False,
    )


def raw(audio: Path, tmp_path: Path) -> bytes:
    """Return the samples as Bazarr's ffmpeg writes them: signed 16-bit, mono, 16 kHz, without a header."""
    target = tmp_path / "audio.raw"
    ffmpeg(target, "-i", str(audio), "-f", "s16le", "-ac", "1", "-ar", "16000")
    return target.read_bytes()


def uploads(stack: Stack) -> list[Path]:
    return list((stack.share / "inputs").iterdir())


def task_of(stack: Stack, response: httpx.Response) -> dict[str, Any]:
    path = f"/v1/tasks/{response.headers['x-baton-task-id']}"
    found: dict[str, Any] = stack.http.get(path, headers={"X-API-Key": KEY}).json()
    return found


# ---- transcription ----


def test_bazarrs_request_gets_the_subtitles_that_the_file_itself_gets(asr_stack: Stack, tmp_path: Path) -> None:
    response = ask(asr_stack, "/asr", raw(ENGLISH, tmp_path), **BAZARR)
    assert response.status_code == 200, response.text
    assert response.headers["asr-engine"] == "faster_whisper"
    assert response.headers["content-disposition"] == 'attachment; filename="audio_file.srt"'
    assert pysubs2.SSAFile.from_string(response.text)[0].text
    assert response.text == ask(asr_stack, "/asr", ENGLISH.read_bytes(), output="srt").text
    wait_until(lambda: not uploads(asr_stack))


def test_every_output_has_the_same_text_and_times(asr_stack: Stack) -> None:
    bodies = {
        output: ask(asr_stack, "/asr", ENGLISH.read_bytes(), output=output, word_timestamps="true").text
        for output in ("txt", "vtt", "srt", "tsv", "json")
    }
    found = json.loads(bodies["json"])
    texts = [segment["text"] for segment in found["segments"]]
    assert found["language"] == "en"
    assert all(segment["words"] for segment in found["segments"])
    assert bodies["txt"].splitlines() == texts
    header, *rows = bodies["tsv"].splitlines()
    assert header == "start\tend\ttext"
    assert [row.split("\t") for row in rows] == [
        [str(round(1000 * segment["start"])), str(round(1000 * segment["end"])), segment["text"]]
        for segment in found["segments"]
    ]
    assert bodies["vtt"].startswith("WEBVTT")
    assert all(text.split()[0] in bodies["vtt"] and text.split()[0] in bodies["srt"] for text in texts)


def test_text_is_the_default_output_and_unknown_parameters_are_ignored(asr_stack: Stack) -> None:
    response = ask(asr_stack, "/asr", ENGLISH.read_bytes(), video_file="/films/a b.mkv", min_speakers="2")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "-->" not in response.text


def test_the_parameters_reach_the_task(asr_stack: Stack) -> None:
    query = {"task": "translate", "language": "Chinese", "initial_prompt": "names", "vad_filter": "false"}
    data = task_of(asr_stack, ask(asr_stack, "/asr", CHINESE.read_bytes(), **query))["input_params"]["input_data"]
    assert (data["task"], data["language"], data["initial_prompt"], data["vad_filter"]) == (
        "translate",
        "zh",
        "names",
        False,
    )


# ---- language ----


@pytest.mark.parametrize(("audio", "name", "code"), [(ENGLISH, "english", "en"), (CHINESE, "chinese", "zh")])
def test_the_language_is_detected(asr_stack: Stack, tmp_path: Path, audio: Path, name: str, code: str) -> None:
    for body, encode in ((raw(audio, tmp_path), "false"), (audio.read_bytes(), "true")):
        response = ask(asr_stack, "/detect-language", body, encode=encode)
        found = response.json()
        assert (found["detected_language"], found["language_code"]) == (name, code), found
        assert 0.5 < found["confidence"] <= 1
    output = task_of(asr_stack, response)["stages"]["faster_whisper.detect_language"]["output"]
    assert output["language"] == code
    assert output["candidates"][0] == {"language": code, "probability": output["language_probability"]}
    wait_until(lambda: not uploads(asr_stack))


def test_silence_has_no_language(asr_stack: Stack) -> None:
    response = ask(asr_stack, "/detect-language", bytes(32_000 * 5), encode="false")
    assert response.json() == {"detected_language": "english", "language_code": "en", "confidence": 0.0}
    stage = task_of(asr_stack, response)["stages"]["faster_whisper.detect_language"]
    assert stage["output"]["warnings"] == ["No speech was found."]


# ---- keys ----


def test_a_key_in_the_url_is_enough_and_is_not_logged(asr_stack: Stack) -> None:
    url = f"http://x:{KEY}@127.0.0.1:{asr_stack.port}/asr"
    with httpx.Client(trust_env=False, timeout=120) as client:
        assert client.post(url, files={"audio_file": ENGLISH.read_bytes()}).status_code == 200
    assert ask(asr_stack, "/asr", ENGLISH.read_bytes()).status_code == 200
    assert KEY not in asr_stack.read_log("gateway")


@pytest.mark.parametrize("path", ["/asr", "/detect-language"])
@pytest.mark.parametrize("key", ["", "bk_another"])
def test_without_the_key_nothing_is_received(asr_stack: Stack, path: str, key: str) -> None:
    response = ask(asr_stack, path, ENGLISH.read_bytes(), api_key=key)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert not uploads(asr_stack)


def test_other_routes_take_no_key_from_the_url(asr_stack: Stack) -> None:
    assert asr_stack.http.get("/v1/tasks", params={"api_key": KEY}).status_code == 401
    assert asr_stack.http.get("/v1/tasks", auth=("x", KEY)).status_code == 401


# ---- errors ----


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ({"output": "docx"}, 422, "output"),
        ({"task": "sing"}, 422, "task"),
        ({"language": "Klingon"}, 422, "language"),
        ({"diarize": "true"}, 422, "pyannote"),
    ],
)
def test_a_wrong_parameter_is_named(asr_stack: Stack, query: dict[str, str], status: int, word: str) -> None:
    response = ask(asr_stack, "/asr", ENGLISH.read_bytes(), **query)
    assert response.status_code == status
    assert word in response.text
    assert not uploads(asr_stack)


def test_a_body_without_audio_is_refused(asr_stack: Stack) -> None:
    url, key = f"http://127.0.0.1:{asr_stack.port}/asr", {"X-API-Key": KEY}
    with httpx.Client(trust_env=False, headers=key) as client:
        missing = client.post(url, files={"file": b"x"})
        raw_body = client.post(url, content=b"x")
        empty = client.post(url, files={"audio_file": b""})
    assert (missing.status_code, missing.json()["code"]) == (400, "missing_required_parameter")
    assert (raw_body.status_code, raw_body.json()["code"]) == (400, "malformed_body")
    assert (empty.status_code, empty.json()["code"]) == (422, "invalid_input")
    assert not uploads(asr_stack)


def test_what_is_no_media_gets_the_error_of_its_task(asr_stack: Stack) -> None:
    response = ask(asr_stack, "/asr", b"not media at all" * 100)
    assert (response.status_code, response.json()["code"]) == (422, "not_media")


# ---- time ----


@contextmanager
def connection(
    stack: Stack, port: int, audio: bytes, *, path: str = "/asr", field: str = "audio_file", **form: str
) -> Iterator[socket.socket]:
    """Send a whole request on a connection of its own, which is closed at the end."""
    request = stack.http.build_request("POST", path, files={field: audio}, data=form)
    head = b"".join(b"%s: %s\r\n" % header for header in request.headers.raw)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(b"POST " + path.encode() + b" HTTP/1.1\r\n" + head + b"\r\n" + request.read())
        yield line


def tasks_of(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.http.get("/v1/tasks").json()["tasks"]
    return found


def is_listening(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def clients_of(stack: Stack, task_id: str) -> int:
    return int(stack.redis.client.scard(keys.task_clients(task_id)))


def test_a_client_that_hangs_up_cancels_its_task(tmp_path: Path) -> None:
    with Stack(tmp_path) as stack:
        stack.gateway()
        with connection(stack, stack.port, LONG.read_bytes()):
            [task] = wait_until(lambda: tasks_of(stack))
        assert stack.wait_for(task["task_id"])["status"] == "CANCELLED"
        wait_until(lambda: not uploads(stack))


@pytest.mark.parametrize("gateways", [1, 2])
def test_a_task_is_cancelled_only_when_the_last_of_its_clients_has_left(tmp_path: Path, gateways: int) -> None:
    with Stack(tmp_path, BATON_FASTER_WHISPER__CPU_MODEL="tiny-test") as stack:
        stack.gateway()
        ports = [stack.port, stack.port]
        if gateways > 1:
            ports[1] = free_port()
            stack.gateway(BATON_GATEWAY__PORT=str(ports[1]))
            wait_until(lambda: is_listening(ports[1]))
        with connection(stack, ports[1], ENGLISH.read_bytes()) as last:
            with connection(stack, ports[0], ENGLISH.read_bytes()):
                [task] = wait_until(lambda: tasks_of(stack))
                wait_until(lambda: clients_of(stack, task["task_id"]) == 2)
            wait_until(lambda: clients_of(stack, task["task_id"]) == 1)
            stack.worker("faster_whisper")
            answer = last.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 200"), answer
        assert task["task_id"].encode() in answer
        assert [(one["task_id"], one["status"]) for one in tasks_of(stack)] == [(task["task_id"], "SUCCESS")]
        wait_until(lambda: not uploads(stack))


def test_after_both_of_its_clients_a_task_is_cancelled_and_the_next_one_gets_another(tmp_path: Path) -> None:
    with Stack(tmp_path, BATON_FASTER_WHISPER__CPU_MODEL="tiny-test") as stack:
        stack.gateway()
        with connection(stack, stack.port, ENGLISH.read_bytes()), connection(stack, stack.port, ENGLISH.read_bytes()):
            [task] = wait_until(lambda: tasks_of(stack))
            wait_until(lambda: clients_of(stack, task["task_id"]) == 2)
        assert stack.wait_for(task["task_id"])["status"] == "CANCELLED"
        stack.worker("faster_whisper")
        again = ask(stack, "/asr", ENGLISH.read_bytes())
        assert (again.status_code, again.headers["x-baton-task-id"] == task["task_id"]) == (200, False)


def test_a_client_that_cancels_does_not_take_the_task_from_one_that_keeps_it(tmp_path: Path) -> None:
    """A client of OpenAI's routes may disconnect, and later finds its text."""
    openai = {"path": "/v1/audio/transcriptions", "field": "file", "model": "whisper-1"}
    with Stack(tmp_path, BATON_FASTER_WHISPER__CPU_MODEL="tiny-test") as stack:
        stack.gateway()
        with connection(stack, stack.port, ENGLISH.read_bytes()):
            [task] = wait_until(lambda: tasks_of(stack))
            with connection(stack, stack.port, ENGLISH.read_bytes(), **openai):
                wait_until(lambda: clients_of(stack, task["task_id"]) == 2)
        stack.worker("faster_whisper")
        assert stack.wait_for(task["task_id"], timeout=60)["status"] == "SUCCESS"


def test_after_the_longest_wait_the_task_goes_on_and_is_named(tmp_path: Path) -> None:
    with Stack(tmp_path, BATON_GATEWAY__WHISPER_ASR_WAIT="0.5", BATON_FASTER_WHISPER__CPU_MODEL="tiny-test") as stack:
        stack.gateway()
        response = ask(stack, "/asr", ENGLISH.read_bytes())
        assert (response.status_code, response.json()["code"]) == (504, "still_running")
        assert "gateway.whisper_asr_wait" in response.json()["detail"]
        stack.worker("faster_whisper")
        task_id = stack.http.get("/v1/tasks").json()["tasks"][0]["task_id"]
        assert task_id in response.json()["detail"]
        assert stack.wait_for(task_id, timeout=60)["status"] == "SUCCESS"
        again = ask(stack, "/asr", ENGLISH.read_bytes())
        assert (again.status_code, again.headers["x-baton-task-id"]) == (200, task_id)


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    with Stack(tmp_path, BATON_GATEWAY__WHISPER_ASR="false") as stack:
        stack.gateway()
        assert ask(stack, "/asr", ENGLISH.read_bytes()).status_code == 404
        assert "/asr" not in stack.http.get("/openapi.json").json()["paths"]


# ---- raw samples ----


def test_raw_samples_get_a_right_header() -> None:
    header = wav_header(3200)
    assert len(header) == HEADER_BYTES
    with wave.open(io.BytesIO(header + bytes(3200))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert sound.getnframes() == 1600
    assert wav_header(2**40)[-4:] == LARGEST.to_bytes(4, "little")
