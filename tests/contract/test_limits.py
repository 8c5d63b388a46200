"""What is sent before anybody asks for a key is limited: heads, silence, values of a body, event streams."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from time import monotonic

import httpx
import pytest

from tests.support.stack import Stack
from tests.support.waiting import wait_until

HEAD_BYTES = 8192
VALUES = 1000


@pytest.fixture(scope="module")
def strict_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    limits = {
        "HEAD_TIMEOUT": "1.5",
        "BODY_TIMEOUT": "1.5",
        "MAX_HEAD_BYTES": str(HEAD_BYTES),
        "MAX_JSON_VALUES": str(VALUES),
        "SSE_PER_TASK": "2",
        "SSE_PER_CLIENT": "4",
        "SSE_TOTAL": "5",
        "SSE_PING": "1",
    }
    named = {f"BATON_GATEWAY__{name}": value for name, value in limits.items()}
    with Stack(tmp_path_factory.mktemp("strict"), **named) as stack:
        stack.gateway()
        yield stack


def line(stack: Stack) -> socket.socket:
    return socket.create_connection(("127.0.0.1", stack.port), timeout=20)


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    text = b""
    while chunk := connection.recv(65_536):
        text += chunk
    return text


def code_of(answer: bytes) -> str:
    code: str = json.loads(answer.partition(b"\r\n\r\n")[2])["code"]
    return code


# ---- heads ----


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 2 * HEAD_BYTES + b"\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * HEAD_BYTES + b"\r\n",
        b"GET /" + b"x" * 2 * HEAD_BYTES + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ids=["one header", "many headers", "the path"],
)
def test_a_head_that_is_too_large_is_refused(strict_stack: Stack, head: bytes) -> None:
    with line(strict_stack) as connection:
        connection.sendall(head)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert code_of(answer) == "request_head_too_large"


def test_a_header_without_end_is_not_read(strict_stack: Stack) -> None:
    with line(strict_stack) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        sent = send_until_closed(connection, b"x" * 65_536, 150_000_000)
    assert sent < 50_000_000  # what the sockets' buffers took
    assert strict_stack.is_ready()


def send_until_closed(connection: socket.socket, part: bytes, most: int) -> int:
    """Send until the other side has had enough, and return how many bytes it took."""
    sent = 0
    try:
        while sent < most:
            sent += connection.send(part)
    except (ConnectionResetError, BrokenPipeError):
        pass
    return sent


def test_a_head_within_the_limit_is_served_also_the_second_time(strict_stack: Stack) -> None:
    head = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * (HEAD_BYTES - 500) + b"\r\n\r\n"
    with line(strict_stack) as connection:
        for _ in range(3):
            connection.sendall(head)
            assert b" 200 OK" in read_answer(connection)


def read_answer(connection: socket.socket) -> bytes:
    """Return one whole answer: its head and its body may arrive one after the other."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    (length,) = re.findall(rb"content-length: (\d+)", head.lower())
    while len(body) < int(length):
        body += connection.recv(65_536)
    return head + body


# ---- silence ----


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /health",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
    ],
    ids=["nothing", "half a line", "half a head", "half a body"],
)
def test_a_connection_that_falls_silent_is_closed(strict_stack: Stack, begun: bytes) -> None:
    begin = monotonic()
    with line(strict_stack) as connection:
        connection.sendall(begun)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert code_of(answer) == "request_timed_out"
    assert monotonic() - begin >= 1


def test_a_head_that_comes_in_drops_is_not_waited_for(strict_stack: Stack) -> None:
    answer, paced = b"", threading.Event()
    with line(strict_stack) as connection:
        connection.settimeout(0.2)
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(100):
            connection.send(b"x")
            paced.wait(0.1)
            if answer := receive(connection):
                break
    assert code_of(answer) == "request_timed_out"


def receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except TimeoutError:
        return b""


def test_a_body_that_comes_slowly_but_steadily_is_taken(strict_stack: Stack) -> None:
    body = json.dumps({"task_name": "testing.echo", "input_data": {"text": "slow"}}).encode()
    head = b"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    paced = threading.Event()
    with line(strict_stack) as connection:
        connection.sendall(head % len(body))
        for part in range(0, len(body), 10):
            connection.sendall(body[part : part + 10])
            paced.wait(0.4)
        assert b" 202 Accepted" in connection.recv(65_536)


def test_an_upload_that_falls_silent_leaves_nothing_behind(strict_stack: Stack) -> None:
    with line(strict_stack) as connection:
        connection.sendall(
            b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + b"x" * 1000
        )
        assert code_of(read_all(connection)) == "request_timed_out"
    wait_until(lambda: not list((strict_stack.share / "inputs").iterdir()))


# ---- bodies ----


@pytest.mark.parametrize(
    "extra",
    [
        {f"key {number}": 0 for number in range(VALUES + 1)},
        {"input_data": {"text": ["x"] * (VALUES + 1)}},
        {"metadata": {"a": [[number] for number in range(VALUES)]}},
        {f"key {number}": "x" * 20 for number in range(50_000)},
    ],
    ids=["keys", "items", "nested", "more than is parsed at once"],
)
def test_a_body_of_too_many_values_is_refused_before_any_is_looked_at(
    strict_stack: Stack, extra: dict[str, object]
) -> None:
    body = {"task_name": "testing.echo", "input_data": {"text": "a"}, **extra}
    answer = strict_stack.http.post("/v1/tasks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_complex")
    assert "gateway.max_json_values" in answer.json()["detail"]


def test_commas_in_a_text_are_no_values(strict_stack: Stack) -> None:
    body = {"task_name": "testing.echo", "input_data": {"text": "," * 100_000}}
    assert strict_stack.http.post("/v1/tasks", json=body).status_code == 202


# ---- event streams ----


def open_stream(streams: ExitStack, stack: Stack, path: str, **headers: str) -> httpx.Response:
    return streams.enter_context(stack.http.stream("GET", path, headers=headers))


def code(answer: httpx.Response) -> str:
    answer.read()
    found: str = answer.json()["code"]
    return found


def test_event_streams_are_limited_by_task_by_client_and_in_all(strict_stack: Stack) -> None:
    tasks = [strict_stack.submit("testing.echo", {"text": str(number)}) for number in range(3)]
    paths = [f"/v1/tasks/{task}/events" for task in tasks]
    with ExitStack() as streams:
        assert [open_stream(streams, strict_stack, paths[0]).status_code for _ in range(2)] == [200, 200]
        third = open_stream(streams, strict_stack, paths[0])
        assert (third.status_code, code(third)) == (429, "too_many_streams")
        assert int(third.headers["retry-after"]) > 0
        assert "gateway.sse_per_task" in third.json()["detail"]
        assert [open_stream(streams, strict_stack, path).status_code for path in ("/v1/models/events", paths[1])] == [
            200,
            200,
        ]
        fifth = open_stream(streams, strict_stack, paths[2])
        assert (fifth.status_code, code(fifth)) == (429, "too_many_streams")
        assert "gateway.sse_per_client" in fifth.json()["detail"]
        assert open_stream(streams, strict_stack, paths[2], **{"X-API-Key": "another"}).status_code == 200
        sixth = open_stream(streams, strict_stack, "/v1/monitoring/events", **{"X-API-Key": "a third"})
        assert (sixth.status_code, code(sixth)) == (429, "too_many_streams")
        assert "gateway.sse_total" in sixth.json()["detail"]


def test_a_stream_that_is_closed_makes_room(strict_stack: Stack) -> None:
    path = f"/v1/tasks/{strict_stack.submit('testing.echo', {'text': 'a'})}/events"
    for _ in range(8):
        wait_until(lambda: room(strict_stack, path))


def room(stack: Stack, path: str) -> bool:
    """Open two streams and close them; a closed one counts until the gateway has noticed that."""
    with ExitStack() as streams:
        return [open_stream(streams, stack, path).status_code for _ in range(2)] == [200, 200]
