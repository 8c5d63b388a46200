"""Bad input is told as what it is, as a problem with a stable code, and changes nothing."""

import json
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from tests.support.stack import Stack

ECHO: dict[str, Any] = {"task_name": "testing.echo", "input_data": {"text": "hello"}}
JSON = {"Content-Type": "application/json"}
OVER_THE_LIMIT = 100_001

pytestmark = pytest.mark.usefixtures("unchanged_stack")


@pytest.fixture
def unchanged_stack(nothing_changes: AbstractContextManager[None]) -> Iterator[None]:
    with nothing_changes:
        yield


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem, once it is known to be one and small."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json()
    assert (told["status"], told["code"], told["type"]) == (status, code, f"urn:baton:problem:{code}")
    assert told["title"]
    assert told["detail"]
    assert len(answer.content) < 10_000
    return told


def post(stack: Stack, body: object, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return stack.http.post("/v1/tasks", content=content, headers={**JSON, **headers})


def fields(told: dict[str, Any]) -> list[str]:
    return [error["field"] for error in told["errors"]]


# ---- the body ----


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"task_name": ', id="cut off"),
        pytest.param(b"not json", id="text"),
        pytest.param(b"[]", id="an array"),
        pytest.param(b'"testing.echo"', id="a string"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[" * 50_000, id="nested deep and cut off"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, id="nested deep"),
        pytest.param(b'{"task_name": "testing.echo", "input_data": {"text": "\xff"}}', id="not UTF-8"),
        pytest.param('{"task_name": "testing.echo", "input_data": {}}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"task_name": "testing.echo", "input_data": {"text": "\\ud800"}}', id="a lone surrogate"),
        pytest.param(b'{"task_name": "testing.echo", "input_data": {}, "\\udfff": 1}', id="a lone surrogate as key"),
        pytest.param(b'{"task_name": "testing.work", "input_data": {"seconds": NaN}}', id="NaN"),
        pytest.param(b'{"task_name": "testing.work", "input_data": {"seconds": -Infinity}}', id="infinity"),
        pytest.param(b'{"priority": ' + b"9" * 5_000 + b"}", id="an integer of 5,000 digits"),
        pytest.param(b'{"task_name": "testing.echo", "task_name": "testing.echo", "input_data": {}}', id="a key twice"),
        pytest.param(b'{"task_name": "testing.echo", "input_data": {"text": "a", "text": "b"}}', id="twice, deeper"),
        pytest.param(b'{"task_name": "testing.echo", "input_data": {"text": "\x00"}}', id="a bare control character"),
    ],
)
def test_a_body_that_is_no_json_object_is_malformed(quiet_stack: Stack, body: bytes) -> None:
    problem(post(quiet_stack, body), 400, "malformed_body")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_content_type_is_unsupported(quiet_stack: Stack, content_type: str) -> None:
    told = problem(post(quiet_stack, ECHO, **{"Content-Type": content_type}), 415, "unsupported_media_type")
    assert "application/json" in told["detail"]


def test_a_declared_body_over_the_limit_is_refused_unread(quiet_stack: Stack) -> None:
    told = problem(post(quiet_stack, b" " * OVER_THE_LIMIT), 413, "body_too_large")
    assert "gateway.max_body_bytes" in told["detail"]


def test_a_chunked_body_over_the_limit_is_refused_on_the_way(quiet_stack: Stack) -> None:
    chunks = (b" " * 10_000 for _ in range(300))
    problem(quiet_stack.http.post("/v1/tasks", content=chunks, headers=JSON), 413, "body_too_large")


def test_a_refused_body_leaves_the_gateway_to_the_next_request(quiet_stack: Stack) -> None:
    for _ in range(20):
        problem(post(quiet_stack, b" " * 5_000_000), 413, "body_too_large")
    assert quiet_stack.http.get("/health/live").status_code == 200


def test_a_client_that_hangs_up_in_mid_body_is_no_error_of_ours(quiet_stack: Stack) -> None:
    with socket.create_connection(("127.0.0.1", quiet_stack.port)) as client:
        head = "POST /v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        client.sendall(head.encode())
    assert quiet_stack.http.get("/health/live").status_code == 200
    assert "Traceback" not in quiet_stack.read_log("gateway")


# ---- the request ----


def test_an_unknown_task_is_named_with_its_near_matches(quiet_stack: Stack) -> None:
    told = problem(post(quiet_stack, {**ECHO, "task_name": "ffmpeg.extract_audo"}), 404, "unknown_task")
    assert told["near"][0] == "ffmpeg.extract_audio"
    assert "ffmpeg.extract_audio" in told["detail"]


@pytest.mark.parametrize("name", ["", "no", "\0", "testing.echo ", "TESTING.ECHO", "x" * 90_000, "💥"])
def test_an_odd_task_name_is_an_unknown_task(quiet_stack: Stack, name: str) -> None:
    problem(post(quiet_stack, {**ECHO, "task_name": name}), 404, "unknown_task")


@pytest.mark.parametrize("name", [5, None, [], {}, True])
def test_a_task_name_of_another_type_names_the_field(quiet_stack: Stack, name: object) -> None:
    answer = post(quiet_stack, {**ECHO, "task_name": name})
    if answer.status_code == 404:
        problem(answer, 404, "unknown_task")
    else:
        assert fields(problem(answer, 422, "invalid_input")) == ["task_name"]


VIDEO = {"task_name": "ffmpeg.extract_audio", "input_data": {"video_path": "a.mp4"}}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"input_data": {}}, "task_name"),
        ({}, "task_name"),
        ({"task_name": "testing.echo"}, "input_data"),
        ({**ECHO, "input_data": None}, "input_data"),
        ({**ECHO, "input_data": []}, "input_data"),
        ({**ECHO, "inputdata": {}}, "inputdata"),
        ({**VIDEO, "input_data": {}}, "input_data.video_path"),
        ({**VIDEO, "input_data": {"video_path": 5}}, "input_data.video_path"),
        ({**VIDEO, "input_data": {"video_path": ""}}, "input_data.video_path"),
        ({**VIDEO, "input_data": {"video_path": "a\nb"}}, "input_data.video_path"),
        ({**VIDEO, "input_data": {"video_path": "a\0b"}}, "input_data.video_path"),
        ({**VIDEO, "input_data": {"video_path": "a" * 5_000}}, "input_data.video_path"),
        ({**VIDEO, "input_data": {"video_path": "a.mp4", "sample_rate": "fast"}}, "input_data.sample_rate"),
        ({**VIDEO, "input_data": {"video_path": "a.mp4", "samplerate": 16_000}}, "input_data.samplerate"),
        ({"task_name": "testing.work", "input_data": {"seconds": 1e999}}, "input_data.seconds"),
        ({"task_name": "testing.work", "input_data": {"seconds": 10**400}}, "input_data.seconds"),
        ({"task_name": "testing.work", "input_data": {"die_on": [1, "x"]}}, "input_data.die_on.1"),
        ({**ECHO, "metadata": {"a": [1e999]}}, "metadata"),
        ({**ECHO, "priority": 10}, "priority"),
        ({**ECHO, "priority": 10**300}, "priority"),
        ({**ECHO, "priority": 1.5}, "priority"),
        ({**ECHO, "priority": True}, "priority"),
    ],
)
def test_a_field_that_does_not_fit_is_named(quiet_stack: Stack, body: dict[str, Any], field: str) -> None:
    content = json.dumps(body).replace("Infinity", "1e999").encode()
    told = problem(post(quiet_stack, content), 422, "invalid_input")
    assert fields(told) == [field]
    assert field in told["detail"]


@pytest.mark.parametrize("task_id", ["", ".", "..", "../x", "-a", "a/b", "a b", "a\n", "a\0", "é", "a" * 129, 5, []])
def test_a_bad_task_id_is_refused(quiet_stack: Stack, task_id: object) -> None:
    assert fields(problem(post(quiet_stack, {**ECHO, "task_id": task_id}), 422, "invalid_input")) == ["task_id"]


def test_a_thousand_wrong_fields_give_a_small_answer(quiet_stack: Stack) -> None:
    body = {**ECHO, "input_data": {f"wrong_{n}" * 10: n for n in range(1_000)}}
    told = problem(post(quiet_stack, body), 422, "invalid_input")
    assert "995 more" in told["detail"]


def test_a_key_that_is_too_long_is_refused(quiet_stack: Stack) -> None:
    answer = post(quiet_stack, ECHO, **{"Idempotency-Key": "k" * 256})
    assert fields(problem(answer, 422, "invalid_input")) == ["idempotency-key"]


# ---- where files come from ----


def submit_media(stack: Stack, media: str) -> dict[str, Any]:
    answer = post(stack, {"task_name": "testing.size", "input_data": {"media": media}})
    told = problem(answer, 422, "invalid_input")
    assert fields(told) == ["input_data.media"]
    return told


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "inputs/../../secret.txt",
        "/etc/passwd",
        "/share/../../etc/passwd",
        "/share//../etc/passwd",
        "//etc/passwd",
        "./.././secret.txt",
        "escape/passwd",
        "to_passwd",
    ],
)
def test_a_path_outside_share_is_unsafe(quiet_stack: Stack, path: str, outward_links: None) -> None:
    assert submit_media(quiet_stack, path)["errors"][0]["type"] == "unsafe_path"


@pytest.fixture(scope="module")
def outward_links(quiet_stack: Stack) -> None:
    (quiet_stack.share / "escape").symlink_to("/etc")
    (quiet_stack.share / "to_passwd").symlink_to("/etc/passwd")
    (quiet_stack.share / "loop").symlink_to("loop")
    (quiet_stack.folder / "secret.txt").write_text("secret")


@pytest.mark.parametrize(
    "path",
    [
        "missing.mp4",
        "inputs",
        ".",
        "/share",
        "loop",
        "a" * 300,
        "a/" * 2_000,
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "..\\secret.txt",
        "~/x",
        "file_0123456789abcdef0123456789abcdef",
        "file_missing",
    ],
)
def test_a_file_that_does_not_exist_is_told(quiet_stack: Stack, path: str, outward_links: None) -> None:
    assert submit_media(quiet_stack, path)["errors"][0]["type"] == "file_not_found"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://127.0.0.1/a.mp4",
        "http://localhost/a.mp4",
        "http://0x7f.1/a.mp4",
        "http://2130706433/a.mp4",
        "http://[::1]/a.mp4",
        "http://[::ffff:10.0.0.1]/a.mp4",
        "https://10.0.0.1/a.mp4",
        "https://user:password@93.184.216.34/a.mp4",
        "http:///a.mp4",
        "http://93.184.216.34:99999/a.mp4",
    ],
)
def test_a_url_to_a_forbidden_place_is_refused(quiet_stack: Stack, url: str) -> None:
    told = submit_media(quiet_stack, url)
    assert told["errors"][0]["type"] == "url_not_allowed"
    assert "password" not in told["detail"].replace("user name or password", "")


def test_a_private_address_names_the_setting_that_would_allow_it(quiet_stack: Stack) -> None:
    assert "storage.allowed_hosts" in submit_media(quiet_stack, "http://10.0.0.1/a.mp4")["detail"]


@pytest.mark.parametrize("url", ["ftp://example.org/a", "file:///etc/passwd", "gopher://127.0.0.1/", "://x", "a://"])
def test_another_scheme_is_refused(quiet_stack: Stack, url: str) -> None:
    submit_media(quiet_stack, url)


# ---- the callback ----


@pytest.mark.parametrize("url", ["http://10.1.2.3/hook", "http://[::1]:5678/hook", "http://0x7f.2/"])
def test_a_private_callback_names_the_setting(quiet_stack: Stack, url: str) -> None:
    told = problem(post(quiet_stack, {**ECHO, "callback": url}), 422, "callback_not_allowed")
    assert "callbacks.allowed_hosts" in told["detail"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://93.184.216.34/",
        "93.184.216.34/hook",
        "http://user:password@93.184.216.34/",
        "http://169.254.169.254/",
        "http://",
        "http://[::1",
        "javascript:alert(1)",
    ],
)
def test_a_callback_that_cannot_be_is_refused(quiet_stack: Stack, url: str) -> None:
    problem(post(quiet_stack, {**ECHO, "callback": url}), 422, "callback_not_allowed")
    problem(post(quiet_stack, {**ECHO, "callback": {"url": url}}), 422, "callback_not_allowed")


@pytest.mark.parametrize(
    ("callback", "field"),
    [
        ("", "callback.url"),
        ({}, "callback.url"),
        (5, "callback"),
        ({"url": "http://127.0.0.1/", "method": "PUT"}, "callback.method"),
        ({"url": "http://127.0.0.1/", "events": ["task.started"]}, "callback.events.0"),
        ({"url": "http://127.0.0.1/", "headers": {"Host": "x"}}, "callback.headers"),
        ({"url": "http://127.0.0.1/", "headers": {"content-length": "0"}}, "callback.headers"),
        ({"url": "http://127.0.0.1/", "headers": {"Webhook-Signature": "v1,x"}}, "callback.headers"),
        ({"url": "http://127.0.0.1/", "headers": {"X-A": "a\r\nX-B: b"}}, "callback.headers.X-A"),
        ({"url": "http://127.0.0.1/", "headers": {"X-A": "a "}}, "callback.headers.X-A"),
        ({"url": "http://127.0.0.1/", "headers": {"X A": "a"}}, "callback.headers.X A.[key]"),
        ({"url": "http://127.0.0.1/", "headers": {"X-A": "é"}}, "callback.headers.X-A"),
        ({"url": "http://127.0.0.1/", "headers": {"": "a"}}, "callback.headers..[key]"),
        ({"url": "http://127.0.0.1/", "headers": {f"X-{n}": "a" for n in range(21)}}, "callback.headers"),
    ],
)
def test_a_callback_that_does_not_fit_names_the_field(quiet_stack: Stack, callback: object, field: str) -> None:
    told = problem(post(quiet_stack, {**ECHO, "callback": callback}), 422, "invalid_input")
    assert fields(told) == [field]


# ---- other routes ----


@pytest.mark.parametrize("path", ["/v1", "/v1/tasks/", "/v2/tasks", "/v1/tasks/a/nothing", "/health", "/v1/files"])
def test_an_unknown_route_is_a_problem_too(quiet_stack: Stack, path: str) -> None:
    answer = quiet_stack.http.get(path)
    problem(answer, 405, "method_not_allowed") if path == "/v1/files" else problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/v1/tasks"), ("DELETE", "/v1/tasks"), ("POST", "/health/live"), ("GET", "/v1/tasks/a/cancel")],
)
def test_a_wrong_method_says_which_are_allowed(quiet_stack: Stack, method: str, path: str) -> None:
    answer = quiet_stack.http.request(method, path)
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=DONE", "status"),
        ("status=", "status"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=many", "limit"),
        ("limit=" + "9" * 5_000, "limit"),
        ("cursor=-1", "cursor"),
        ("cursor=%D9%A3", "cursor"),
        ("cursor=1e5", "cursor"),
        ("cursor=" + "9" * 21, "cursor"),
        ("stauts=FAILED", "stauts"),
    ],
)
def test_an_invalid_query_parameter_is_named(quiet_stack: Stack, query: str, field: str) -> None:
    assert fields(problem(quiet_stack.http.get(f"/v1/tasks?{query}"), 422, "invalid_input")) == [field]


@pytest.mark.parametrize("route", ["", "/status", "/result", "/wait-reason", "/deliveries", "/events"])
def test_a_task_that_is_not_there_is_not_found(quiet_stack: Stack, route: str) -> None:
    problem(quiet_stack.http.get(f"/v1/tasks/nobody{route}"), 404, "task_not_found")


@pytest.mark.parametrize("route", ["cancel", "retry", "deliveries/1/replay"])
def test_nothing_can_be_done_to_a_task_that_is_not_there(quiet_stack: Stack, route: str) -> None:
    problem(quiet_stack.http.post(f"/v1/tasks/nobody/{route}"), 404, "task_not_found")
    problem(quiet_stack.http.delete("/v1/tasks/nobody"), 404, "task_not_found")


@pytest.mark.parametrize("task_id", ["%00", "%FF", "a%20b", "..%00", "-a", "a" * 129])
def test_an_id_that_no_task_can_have_is_named(quiet_stack: Stack, task_id: str) -> None:
    assert fields(problem(quiet_stack.http.get(f"/v1/tasks/{task_id}"), 422, "invalid_input")) == ["task_id"]
