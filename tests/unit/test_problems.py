"""Errors as the client sees them: one form, and never more than is good for either side."""

import json
from typing import Any

import pytest

from api_gateway.http.json_body import parse
from api_gateway.http.problems import error_responses, field_name, problem, summarize_errors, unknown_task
from common import errors
from common.contract import Catalog, Contract, TaskInput, TaskOutput
from common.errors import (
    BatonError,
    CallbackNotAllowed,
    InvalidInput,
    MalformedBody,
    QueueFull,
    Unauthorized,
    UnsupportedMediaType,
)

CATALOG = Catalog(
    {name: Contract(name, TaskInput, TaskOutput) for name in ("ffmpeg.extract_audio", "ffmpeg.probe", "ocr.read")}
)


def every_error() -> list[type[BatonError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BatonError)]


@pytest.mark.parametrize("kind", every_error())
def test_every_error_has_a_message_and_a_status_that_http_knows(kind: type[BatonError]) -> None:
    answer = problem(kind.status, kind.code, kind().message)
    told = json.loads(bytes(answer.body))
    assert told["title"]
    assert told["detail"].endswith(".")
    assert kind.code == kind.code.lower()


def test_codes_tell_errors_apart() -> None:
    codes = [kind.code for kind in every_error() if "code" in vars(kind)]  # a finer kind of an error keeps its code
    assert sorted(codes) == sorted(set(codes))


def test_the_members_of_rfc_9457_cannot_be_overwritten() -> None:
    more = {"status": "SUCCESS", "type": "x", "title": "x", "detail": "x", "code": "x", "host": "kept"}
    told = json.loads(bytes(problem(409, "wrong_state", "No.", None, more).body))
    assert told == {
        "host": "kept",
        "type": "urn:baton:problem:wrong_state",
        "title": "Conflict",
        "status": 409,
        "detail": "No.",
        "code": "wrong_state",
    }


def test_errors_of_one_status_are_documented_together() -> None:
    both = error_responses(InvalidInput, CallbackNotAllowed)
    assert list(both) == [422]
    assert all(f"`{kind.code}`" in both[422]["description"] for kind in (InvalidInput, CallbackNotAllowed))


def test_the_headers_of_an_error_are_documented() -> None:
    assert set(error_responses(QueueFull)[429]["headers"]) == {"Retry-After"}
    assert set(error_responses(Unauthorized)[401]["headers"]) == {"WWW-Authenticate"}
    assert "headers" not in error_responses(InvalidInput)[422]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("ffmpeg.extract_audo", "ffmpeg.extract_audio"),
        ("extract_audio", "ffmpeg.extract_audio"),
        ("ffmpeg.Probe", "ffmpeg.probe"),
    ],
)
def test_the_nearest_task_comes_first(name: str, near: str) -> None:
    error = unknown_task(CATALOG, name)
    assert error.detail["near"][0] == near
    assert near in error.message


def test_nothing_is_guessed_for_a_name_like_no_other() -> None:
    assert unknown_task(CATALOG, "zzzz").detail == {"near": []}


@pytest.mark.parametrize(
    ("loc", "name"),
    [
        (("body", "ffmpeg.probe", "input_data", "media_path"), "input_data.media_path"),
        (("body", "testing.echo", "callback", "headers", "X-A"), "callback.headers.X-A"),
        (("body", "testing.work", "input_data", "die_on", 1), "input_data.die_on.1"),
        (("query", "limit"), "limit"),
        (("header", "last-event-id"), "last-event-id"),
        (("path", "task_id"), "task_id"),
        (("body",), "body"),
    ],
)
def test_a_field_is_named_as_the_client_wrote_it(loc: tuple[Any, ...], name: str) -> None:
    assert field_name(loc) == name


def test_a_reason_stands_in_the_detail_too() -> None:
    errors = [{"field": f"input_data.x{number}", "message": "Field required", "type": "missing"} for number in range(9)]
    told = summarize_errors(errors, 30)
    assert told.startswith("Invalid: input_data.x0: Field required; input_data.x1: Field required; ")
    assert "x5" not in told
    assert "and 25 more" in told


# ---- the body ----


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"]
)
def test_json_by_any_of_its_names_is_read(kind: str) -> None:
    assert parse(b'{"a": {"a": [{"a": 1}, {"a": 2}]}}', kind) == {"a": {"a": [{"a": 1}, {"a": 2}]}}


@pytest.mark.parametrize("kind", ["", "text/json", "text/plain", "application/jsonl", "xapplication/json"])
def test_anything_else_is_not(kind: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        parse(b"{}", kind)


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"[]", b"{", b"{'a': 1}", b'{"a": 1, "a": 1}', b'{"a": NaN}', b'{"a": "\\ud800"}', b"\xff"],
)
def test_no_object_or_not_strictly_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        parse(body, "application/json")


@pytest.mark.parametrize("body", [b'{"a": "\\ud83c\\udfac"}', b'{"a": "\xf0\x9f\x8e\xac"}'])
def test_a_whole_surrogate_pair_is_one_character(body: bytes) -> None:
    assert parse(body, "application/json") == {"a": "🎬"}


def test_a_key_that_comes_twice_is_named() -> None:
    with pytest.raises(MalformedBody, match="'text'"):
        parse(b'{"a": {"text": 1, "text": 2}}', "application/json")
