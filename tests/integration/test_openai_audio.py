"""The official openai client, unchanged, against a real gateway and a real Whisper worker."""

import asyncio
import io
import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import openai
import pysubs2
import pytest
from openai.types.audio import TranscriptionVerbose

from api_gateway.http.auth import key_hash
from services.faster_whisper.languages import NAMES, LanguageCode
from tests.support.faults import child_of
from tests.support.sounds import ffmpeg
from tests.support.stack import Stack
from tests.support.two_tracks import CHINESE as MANDARIN
from tests.support.two_tracks import ENGLISH, write_two_tracks
from tests.support.waiting import wait_until

SPEECH = Path(__file__).parents[1] / "fixtures/speech"
SHORT, LONG, CHINESE = SPEECH / "en-00.flac", SPEECH / "en-long.flac", SPEECH / "zh-00.flac"
TASK = "faster_whisper.transcribe_audio"
LIMIT = 8_000_000
KEY = "bk_the-key-of-this-test"
SETTINGS = {
    "BATON_AUTH__API_KEYS": f'["{key_hash(KEY)}"]',
    "BATON_FASTER_WHISPER__CPU_MODEL": "tiny-test",
    "BATON_STORAGE__MAX_UPLOAD_BYTES": str(LIMIT),
    "BATON_GATEWAY__OPENAI_REUSE": "false",  # its tests are in test_openai_repeats.py
}
MODEL = "tiny-test"
WORDS = re.compile(r"\w+")


@pytest.fixture(scope="module")
def asr_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway that wants a key, and a Whisper worker whose model is the tiny one."""
    with Stack(tmp_path_factory.mktemp("spoken"), **SETTINGS) as shared:
        shared.http.headers["X-API-Key"] = KEY
        shared.gateway()
        shared.worker("faster_whisper")
        yield shared


@pytest.fixture
def client(asr_stack: Stack) -> Iterator[openai.OpenAI]:
    with client_of(asr_stack) as own:
        yield own
    wait_until(lambda: not uploads(asr_stack))


def client_of(stack: Stack, **given: Any) -> openai.OpenAI:
    return openai.OpenAI(**{"base_url": f"http://127.0.0.1:{stack.port}/v1", "api_key": KEY, "max_retries": 0, **given})


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some minutes of speech: whatever a test does while it is decoded, it comes in time."""
    path = tmp_path_factory.mktemp("film") / "film.wav"
    ffmpeg(path, "-stream_loop", "3", "-i", str(LONG), "-c:a", "pcm_mulaw", "-ar", "8000")
    return path


def uploads(stack: Stack) -> list[Path]:
    return list((stack.share / "inputs").iterdir())


def transcribe(client: openai.OpenAI, file: Path = SHORT, **given: Any) -> Any:
    return client.audio.transcriptions.create(file=file, **{"model": MODEL, **given})


def words(text: str) -> list[str]:
    return WORDS.findall(text.lower())


def tasks(stack: Stack) -> list[dict[str, Any]]:
    """Return the latest tasks, the newest first."""
    found: list[dict[str, Any]] = stack.http.get("/v1/tasks").json()["tasks"]
    return found


def last_task(stack: Stack) -> dict[str, Any]:
    return tasks(stack)[0]


def input_data(task: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = task["input_params"]["input_data"]
    return data


# ---- formats ----


def test_json_is_the_text_of_a_task_like_any_other(asr_stack: Stack, client: openai.OpenAI) -> None:
    answer = transcribe(client)
    assert "village" in words(answer.text)
    assert (answer.usage.type, answer.usage.seconds) == ("duration", 2)
    task = asr_stack.read(answer._request_id)  # noqa: SLF001 - the SDK documents it as public
    assert (task["task_name"], task["status"]) == (TASK, "SUCCESS")
    path = asr_stack.share / task["stages"][TASK]["output"]["transcript_path"]["path"]
    assert answer.text == " ".join(segment["text"] for segment in json.loads(path.read_text())["segments"])


def test_text_is_one_line_and_has_the_task_in_a_header(client: openai.OpenAI) -> None:
    raw = client.audio.transcriptions.with_raw_response.create(file=SHORT, model=MODEL, response_format="text")
    assert raw.text == f"{transcribe(client).text}\n"
    assert raw.headers["x-baton-task-id"].startswith("task_")
    assert raw.headers["content-type"] == "text/plain; charset=utf-8"
    assert transcribe(client, response_format="text") == raw.text


@pytest.mark.engine
@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_subtitles_have_a_cue_for_each_segment(asr_stack: Stack, client: openai.OpenAI, form: Any) -> None:
    """Of the same task: where the tiny model falls back to higher temperatures, another one has another text."""
    raw = client.audio.transcriptions.with_raw_response.create(file=LONG, model=MODEL, response_format=form)
    content = raw.text
    segments = asr_stack.http.get(f"/v1/tasks/{raw.headers['x-baton-task-id']}/transcript").json()["segments"]
    cues = pysubs2.SSAFile.from_string(content, format_=form)
    assert len(cues) > 1
    assert [cue.plaintext for cue in cues] == [segment["text"] for segment in segments]
    assert [cue.start for cue in cues] == [round(segment["start"] * 1000) for segment in segments]
    assert content.startswith("WEBVTT") is (form == "vtt")


def test_verbose_json_has_every_field_of_the_client(client: openai.OpenAI) -> None:
    raw = client.audio.transcriptions.with_raw_response.create(file=SHORT, model=MODEL, response_format="verbose_json")
    content = json.loads(raw.text)
    assert set(content) == {"task", "language", "duration", "text", "segments", "usage"}
    assert (content["task"], content["language"]) == ("transcribe", "english")
    assert content["duration"] == pytest.approx(1.8, abs=0.5)
    parsed = TranscriptionVerbose.model_validate(content, strict=True)
    assert parsed.segments
    assert parsed.words is None
    first = parsed.segments[0]
    assert (first.id, first.tokens, first.temperature) == (0, [], 0.0)
    assert first.seek == round(first.start * 100)
    assert first.avg_logprob < 0 < first.compression_ratio
    assert 0 <= first.no_speech_prob <= 1
    assert 0 <= first.start < first.end <= content["duration"]


@pytest.mark.parametrize("granularities", [["word"], ["segment"], ["word", "segment"]])
def test_granularities_are_what_was_asked_for(client: openai.OpenAI, granularities: Any) -> None:
    answer = transcribe(client, response_format="verbose_json", timestamp_granularities=granularities)
    assert bool(answer.words) is ("word" in granularities)
    assert bool(answer.segments) is ("segment" in granularities)
    if answer.words:
        assert [word.word for word in answer.words] == answer.text.split()
        assert [word.start for word in answer.words] == sorted(word.start for word in answer.words)


def test_chinese_has_no_spaces_and_its_name(client: openai.OpenAI) -> None:
    answer = transcribe(client, SPEECH / "zh-long.flac", response_format="verbose_json")
    assert answer.language == "chinese"
    assert len(answer.segments) > 1
    assert answer.text == "".join(segment.text for segment in answer.segments)


def test_every_language_has_a_name() -> None:
    assert set(NAMES) == set(get_args(LanguageCode))


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # by OpenAI, not by us
def test_a_translation_is_english(asr_stack: Stack, client: openai.OpenAI) -> None:
    answer = client.audio.translations.create(file=CHINESE, model=MODEL, response_format="verbose_json")
    assert input_data(last_task(asr_stack))["task"] == "translate"
    assert answer.language == "english"
    assert answer.text == " ".join(segment.text for segment in answer.segments or ())
    short = client.audio.translations.create(file=CHINESE, model="whisper-1", prompt="A village.")
    assert set(short.to_dict()) == {"text"}


# ---- parameters ----


def test_openai_names_stand_for_the_model_of_the_settings(asr_stack: Stack, client: openai.OpenAI) -> None:
    assert transcribe(client, model="whisper-1").text == transcribe(client).text
    transcribe(client, model="gpt-4o-mini-transcribe")
    task = last_task(asr_stack)
    assert input_data(task)["model"] is None
    assert task["stages"][TASK]["output"]["model"] == "tiny-test"


def test_every_parameter_reaches_the_task(asr_stack: Stack, client: openai.OpenAI) -> None:
    vad: Any = {"type": "server_vad", "threshold": 0.4, "silence_duration_ms": 300, "prefix_padding_ms": 120}
    given: dict[str, Any] = {"language": "en", "temperature": 0.2, "keywords": ["village", "river"]}
    transcribe(client, prompt="x" * 3000 + " hello", chunking_strategy=vad, **given)
    data = input_data(last_task(asr_stack))
    assert (data["language"], data["temperature"], data["hotwords"]) == ("en", [0.2], "village, river")
    assert (len(data["initial_prompt"]), data["initial_prompt"][-7:]) == (2000, "x hello")
    assert {name: value for name, value in data["vad"].items() if value is not None} == {
        "threshold": 0.4,
        "min_silence_duration_ms": 300,
        "speech_pad_ms": 120,
    }
    transcribe(client, chunking_strategy="auto", languages=["en"])
    assert input_data(last_task(asr_stack))["language"] == "en"


def test_a_prompt_changes_what_is_heard(client: openai.OpenAI) -> None:
    texts = {transcribe(client, LONG, prompt=prompt).text for prompt in ("", "The doctor, the teacher.")}
    assert len(texts) == 2


def test_curl_needs_no_brackets_and_no_order(asr_stack: Stack) -> None:
    form = {"model": MODEL, "response_format": "verbose_json", "timestamp_granularities": "word", "temperature": "0"}
    parts: list[Any] = [("file", ("a b.flac", SHORT.read_bytes())), *((name, (None, it)) for name, it in form.items())]
    assert asr_stack.http.post("/v1/audio/transcriptions", files=parts).json()["words"]


# ---- stream ----


def test_a_stream_tells_the_text_while_it_is_decoded(client: openai.OpenAI) -> None:
    with transcribe(client, LONG, stream=True, temperature=0.0) as stream:
        events = list(stream)
    assert stream.response.headers["x-baton-task-id"].startswith("task_")
    *deltas, done = events
    assert {event.type for event in deltas} == {"transcript.text.delta"}
    assert len(deltas) > 1
    assert done.type == "transcript.text.done"
    assert "".join(event.delta for event in deltas) == done.text


def test_the_task_of_a_client_that_leaves_in_mid_stream_goes_on(
    asr_stack: Stack, client: openai.OpenAI, film: Path
) -> None:
    with transcribe(client, film, stream=True, response_format="text") as stream:
        assert next(stream).type == "transcript.text.delta"
        task = last_task(asr_stack)
        assert task["status"] == "RUNNING", "the first text comes while it is decoded"
    assert asr_stack.wait_for(task["task_id"], timeout=60)["status"] == "SUCCESS"
    wait_until(lambda: not uploads(asr_stack))


def test_a_stream_of_chinese_has_no_spaces(client: openai.OpenAI) -> None:
    with transcribe(client, SPEECH / "zh-long.flac", stream=True) as stream:
        *deltas, done = list(stream)
    assert "".join(event.delta for event in deltas) == done.text
    assert len(deltas) > 1


def test_the_async_client_streams_and_waits_at_the_same_time(asr_stack: Stack) -> None:
    async def ask_both_ways() -> tuple[str, str]:
        async with openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{asr_stack.port}/v1", api_key=KEY) as client:
            waiting = asyncio.create_task(client.audio.transcriptions.create(file=SHORT, model=MODEL))
            stream = await client.audio.transcriptions.create(file=SHORT, model=MODEL, stream=True)
            events = [event async for event in stream]
            return (await waiting).text, getattr(events[-1], "text", "")

    plain, streamed = asyncio.run(ask_both_ways())
    assert plain == streamed != ""


def test_several_at_once_each_get_their_own_text(client: openai.OpenAI) -> None:
    files = [SPEECH / f"en-0{number}.flac" for number in range(6)]
    alone = [transcribe(client, file).text for file in files]
    assert len(set(alone)) == len(files)
    with ThreadPoolExecutor(len(files)) as pool:
        assert list(pool.map(lambda file: transcribe(client, file).text, files)) == alone


def test_a_worker_that_dies_in_mid_stream_repeats_nothing(asr_stack: Stack, client: openai.OpenAI, film: Path) -> None:
    with transcribe(client, film, stream=True) as stream:
        first = next(stream)
        task_id = stream.response.headers["x-baton-task-id"]
        os.kill(child_of(asr_stack, task_id), signal.SIGKILL)
        deltas = [first, *stream][:-1]
    stage = asr_stack.read(task_id)["stages"][TASK]
    assert (stage["status"], stage["attempt"]) == ("SUCCESS", 2)
    assert len(deltas) == stage["output"]["segments"]


def test_an_error_in_mid_stream_is_raised_by_the_client(stack: Stack) -> None:
    stack.gateway()
    with (
        client_of(stack) as client,
        transcribe(client, stream=True) as stream,
    ):  # it has begun, though nobody works on it
        task_id = stream.response.headers["x-baton-task-id"]
        stack.http.post(f"/v1/tasks/{task_id}/cancel").raise_for_status()
        with pytest.raises(openai.APIError) as told:
            next(stream)
    assert told.value.code == "cancelled"
    wait_until(lambda: not uploads(stack))


# ---- errors ----


def message_of(error: openai.APIError) -> Any:
    assert isinstance(error.body, dict)
    return error.body["message"]


def test_a_wrong_key_is_an_authentication_error(asr_stack: Stack) -> None:
    with client_of(asr_stack, api_key="bk_wrong") as stranger, pytest.raises(openai.AuthenticationError) as told:
        transcribe(stranger)
    assert (told.value.code, told.value.type) == ("invalid_api_key", "invalid_request_error")
    assert told.value.body == {
        "message": message_of(told.value),
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_api_key",
    }
    assert told.value.response.headers["www-authenticate"] == "Bearer"
    assert not uploads(asr_stack)


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="whisper-1, tiny-test") as told:
        transcribe(client, model="whisper-9")
    assert (told.value.code, told.value.param) == ("model_not_found", "model")


BAD = [
    ({"language": "xx"}, "language", "invalid_value"),
    ({"temperature": 1.5}, "temperature", "invalid_value"),
    ({"response_format": "ass"}, "response_format", "invalid_value"),
    ({"response_format": "diarized_json"}, "response_format", "invalid_value"),
    ({"timestamp_granularities": ["word"]}, "timestamp_granularities", "unsupported_value"),
    ({"timestamp_granularities": ["letter"]}, "timestamp_granularities", "invalid_value"),
    ({"include": ["logprobs"]}, "include", "unsupported_value"),
    ({"known_speaker_names": ["a"]}, "known_speaker_names", "unsupported_value"),
    ({"chunking_strategy": {"type": "server_vad", "threshold": 2}}, "chunking_strategy", "invalid_value"),
    ({"chunking_strategy": "never"}, "chunking_strategy", "invalid_value"),
    ({"languages": ["en", "zh"]}, "languages", "invalid_value"),
    ({"stream": True, "response_format": "srt"}, "response_format", "unsupported_value"),
    ({"model": "tiny.en", "language": "de"}, None, "invalid_value"),
    ({"model": "gpt-4o-transcribe-diarize"}, "model", "unsupported_value"),
    ({"extra_body": {"hotwords": "x"}}, "hotwords", "unknown_parameter"),
    ({"extra_body": {"no_such": "x"}}, "no_such", "unknown_parameter"),
    ({"extra_body": {"prompt": "x" * 100_000}}, None, "malformed_body"),
]


@pytest.mark.parametrize("name", ["whisper-1", "tiny-test", "faster_whisper/tiny-test", "openai/whisper-1"])
def test_a_model_is_found_by_each_of_its_names(client: openai.OpenAI, name: str) -> None:
    assert transcribe(client, model=name, language="en-US").text
    if name.count("/") == 0 or name.startswith("faster_whisper/"):
        found = client.models.retrieve(name)
        assert (found.id, found.object) == (name, "model")


def test_every_listed_speech_model_can_be_retrieved(client: openai.OpenAI) -> None:
    listed = [model.id for model in client.models.list()]
    assert [client.models.retrieve(name).id for name in listed] == listed


def test_a_model_that_does_not_exist_is_not_found_in_openai_s_form(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as told:
        client.models.retrieve("whisper-9")
    assert (told.value.code, told.value.param) == ("model_not_found", "model")


def test_json_may_ask_for_segments_and_a_stream_for_verbose_json(client: openai.OpenAI) -> None:
    assert transcribe(client, response_format="json", timestamp_granularities=["segment"]).text
    events = list(transcribe(client, response_format="verbose_json", stream=True))
    assert events[-1].type == "transcript.text.done"


def test_a_track_of_a_film_is_chosen_by_number_and_by_language(
    asr_stack: Stack, client: openai.OpenAI, tmp_path: Path
) -> None:
    film = tmp_path / "two.mkv"
    write_two_tracks(film)
    wanted: list[dict[str, Any]] = [{}, {"language": "zh"}, {"extra_body": {"track": 0}}]
    expected = [
        {**ENGLISH, "reason": "default"},
        {**MANDARIN, "reason": "language"},
        {**MANDARIN, "reason": "requested"},
    ]
    for given, track in zip(wanted, expected, strict=True):
        answer = transcribe(client, film, **given)
        assert asr_stack.read(answer._request_id)["stages"][TASK]["output"]["track"] == track  # noqa: SLF001 - see above
    with pytest.raises(openai.BadRequestError, match="track"):
        transcribe(client, film, extra_body={"track": -1})


def test_webvtt_has_its_media_type(client: openai.OpenAI) -> None:
    answer = client.audio.transcriptions.with_raw_response.create(file=SHORT, model=MODEL, response_format="vtt")
    assert answer.headers["content-type"] == "text/vtt; charset=utf-8"


@pytest.mark.parametrize(("given", "param", "code"), BAD)
def test_what_does_not_fit_is_a_bad_request_that_names_it(
    asr_stack: Stack, client: openai.OpenAI, given: dict[str, Any], param: str | None, code: str
) -> None:
    before = tasks(asr_stack)
    with pytest.raises(openai.BadRequestError) as told:
        transcribe(client, **given)
    assert (told.value.param, told.value.code, told.value.type) == (param, code, "invalid_request_error")
    assert tasks(asr_stack) == before


@pytest.mark.parametrize("stream", [False, True])
def test_a_broken_file_is_a_bad_request_with_its_task(asr_stack: Stack, client: openai.OpenAI, stream: Any) -> None:
    with pytest.raises(openai.BadRequestError) as told:
        client.audio.transcriptions.create(file=("film.mp4", b"no film" * 1000), model=MODEL, stream=stream)
    assert told.value.code == "not_media"
    assert told.value.response.headers["x-should-retry"] == "false"
    task = asr_stack.read(told.value.response.headers["x-baton-task-id"])
    assert (task["status"], task["error"]["message"]) == ("FAILED", message_of(told.value))


def test_an_empty_file_is_a_bad_request(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as told:
        client.audio.transcriptions.create(file=("a.wav", b""), model=MODEL)
    assert told.value.param == "file"


def test_a_file_that_is_too_large_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as told:
        client.audio.transcriptions.create(file=("a.wav", io.BytesIO(bytes(LIMIT + 1))), model=MODEL)
    assert (told.value.status_code, told.value.code) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("sent", "param", "code"),
    [
        ({"files": {"file": ("a.flac", b"x")}}, "model", "missing_required_parameter"),
        ({"files": {"model": (None, MODEL)}}, "file", "missing_required_parameter"),
        ({"files": {"model": (None, MODEL), "file": (None, "text")}}, "file", "missing_required_parameter"),
        ({"files": {"file": ("a", b"x"), "model": (None, b"\xff")}}, None, "malformed_body"),
        ({"json": {"model": MODEL}}, None, "malformed_body"),
        ({}, None, "malformed_body"),
        ({"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}}, None, "malformed_body"),
    ],
)
def test_a_body_that_is_no_form_with_a_file_is_told_so(
    asr_stack: Stack, sent: Any, param: str | None, code: str
) -> None:
    answer = asr_stack.http.post("/v1/audio/transcriptions", **sent)
    assert answer.status_code == 400
    assert (answer.json()["error"]["param"], answer.json()["error"]["code"]) == (param, code)
    assert not uploads(asr_stack)


def test_a_full_queue_is_a_rate_limit(stack: Stack) -> None:
    stack.gateway(BATON_TASKS__MAX_PENDING="1")
    stack.submit(TASK, {"audio_path": place_short_sound(stack)})
    with client_of(stack) as client, pytest.raises(openai.RateLimitError) as told:
        transcribe(client)
    assert (told.value.code, told.value.response.headers["retry-after"]) == ("queue_full", "10")
    assert not uploads(stack)


def place_short_sound(stack: Stack) -> str:
    shutil.copy(SHORT, stack.share / "short.flac")
    return "short.flac"


def test_without_redis_nothing_is_taken(stack: Stack) -> None:
    stack.gateway()
    stack.redis.stop()
    with client_of(stack) as client, pytest.raises(openai.InternalServerError) as told:
        transcribe(client)
    assert (told.value.status_code, told.value.code) == (503, "state_unavailable")
    assert not uploads(stack)


# ---- waiting ----


def test_a_task_that_takes_longer_goes_on_and_is_named(stack: Stack) -> None:
    stack.gateway(BATON_GATEWAY__OPENAI_WAIT="0.5")
    with client_of(stack, max_retries=2) as client, pytest.raises(openai.InternalServerError) as told:
        transcribe(client)
    assert (told.value.status_code, told.value.code) == (504, "still_running")
    assert "python -m services faster_whisper" in told.value.message
    task_id = told.value.response.headers["x-baton-task-id"]
    assert task_id in told.value.message
    assert [task["task_id"] for task in tasks(stack)] == [task_id], "and the client has not tried again"
    stack.worker("faster_whisper", BATON_FASTER_WHISPER__CPU_MODEL="tiny-test")
    assert stack.wait_for(task_id)["status"] == "SUCCESS"


def test_a_client_that_says_how_long_it_waits_hears_before_it_gives_up(stack: Stack) -> None:
    stack.gateway()
    with client_of(stack) as client, pytest.raises(openai.InternalServerError) as told:
        transcribe(client, extra_headers={"x-stainless-read-timeout": "1.0"})
    assert told.value.code == "still_running"


def test_the_client_does_say_how_long_it_waits(asr_stack: Stack) -> None:
    with client_of(asr_stack, timeout=123.0) as client:
        raw = client.audio.transcriptions.with_raw_response.create(file=SHORT, model=MODEL)
    assert raw.http_request.headers["x-stainless-read-timeout"] == "123.0"


def test_a_task_that_somebody_cancels_is_told_as_such(stack: Stack) -> None:
    stack.gateway()

    def cancel() -> None:
        (task,) = wait_until(lambda: tasks(stack))
        stack.http.post(f"/v1/tasks/{task['task_id']}/cancel").raise_for_status()

    with ThreadPoolExecutor(1) as pool, client_of(stack, max_retries=2) as client:
        cancelling = pool.submit(cancel)
        with pytest.raises(openai.ConflictError) as told:
            transcribe(client)
        cancelling.result()
    assert told.value.code == "cancelled"
    assert len(tasks(stack)) == 1, "and the client has not tried again"
    wait_until(lambda: not uploads(stack))


def test_an_outage_of_redis_in_mid_task_is_waited_out(stack: Stack) -> None:
    stack.gateway(BATON_FASTER_WHISPER__CPU_MODEL="tiny-test")
    with ThreadPoolExecutor(1) as pool, client_of(stack) as client:
        waiting = pool.submit(transcribe, client, model="whisper-1")
        wait_until(lambda: tasks(stack))
        stack.redis.stop()
        stack.redis.start()
        stack.worker("faster_whisper", BATON_FASTER_WHISPER__CPU_MODEL="tiny-test")
        assert "village" in words(waiting.result().text)
