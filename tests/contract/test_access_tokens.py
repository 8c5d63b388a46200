"""An access token opens one path, to read, for a while; everything else stays as closed as it was."""

from collections.abc import Iterator
from hashlib import sha256

import httpx
import pytest
from fastapi import FastAPI

from api_gateway.app import create_app
from api_gateway.http.auth import key_hash
from common.state.context import Status
from services import catalog, settings
from tests.support.sse_client import parsed
from tests.support.stack import Stack
from tests.support.waiting import wait_until

KEY = {"X-API-Key": "bk_right-and-very-long"}
LOCKED = {"BATON_AUTH__API_KEYS": f'["{key_hash(KEY["X-API-Key"])}"]'}
FILM = "inputs/take 1, 片子.mp4"
CONTENT = bytes(range(256)) * 16


@pytest.fixture(scope="module")
def locked_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("tokens"), **LOCKED) as own:
        own.gateway()
        (own.share / FILM).write_bytes(CONTENT)
        yield own


def ask(stack: Stack, path: object, **headers: str) -> httpx.Response:
    return stack.http.post("/v1/access-tokens", json={"path": path}, headers={**KEY, **headers})


def token_for(stack: Stack, path: str) -> str:
    answer = ask(stack, path)
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["token"]
    return token


def get(stack: Stack, path: str, token: str, **query: str) -> httpx.Response:
    return stack.http.get(path, params={**query, "access_token": token})


# ---- what it opens ----


def test_a_token_comes_with_its_path_and_its_time_and_is_not_kept_by_caches(locked_stack: Stack) -> None:
    answer = ask(locked_stack, "/v1/tasks")
    told = answer.json()
    assert (told["path"], told["expires_in"], answer.headers["cache-control"]) == ("/v1/tasks", 300, "no-store")
    assert len(told["token"]) == 43  # 256 bits in base64
    assert token_for(locked_stack, "/v1/tasks") != told["token"]


def test_a_token_opens_its_path_whatever_else_the_query_says(locked_stack: Stack) -> None:
    token = token_for(locked_stack, "/v1/tasks")
    assert get(locked_stack, "/v1/tasks", token).json() == {"tasks": [], "next_cursor": None}
    assert get(locked_stack, "/v1/tasks", token, status=Status.FAILED, limit="1").status_code == 200
    refused = locked_stack.http.get(f"/v1/tasks?limit=0&access_token={token}&colour=red").json()
    assert {error["field"] for error in refused["errors"]} == {"limit", "colour"}


def test_a_file_is_read_in_parts_by_a_token(locked_stack: Stack) -> None:
    path = str(httpx.URL(f"/v1/files/{FILM}"))
    token = token_for(locked_stack, path)
    assert "%" in path
    head = locked_stack.http.head(path, params={"access_token": token})
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(CONTENT)))
    part = locked_stack.http.get(path, params={"access_token": token}, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, CONTENT[100:200])
    assert get(locked_stack, path, token_for(locked_stack, f"/v1/files/{FILM}")).content == CONTENT


def test_a_proxys_own_login_does_not_stand_in_the_way(locked_stack: Stack) -> None:
    token = token_for(locked_stack, "/v1/catalog")
    answer = locked_stack.http.get(
        "/v1/catalog", params={"access_token": token}, headers={"Authorization": "Basic eDp5"}
    )
    assert answer.status_code == 200


# ---- what it does not open ----


@pytest.mark.parametrize("path", ["/v1/tasks/a", "/v1/catalog", "/metrics", "/v1/monitoring/queues"])
def test_no_other_path_is_opened(locked_stack: Stack, path: str) -> None:
    assert get(locked_stack, path, token_for(locked_stack, "/v1/tasks")).status_code == 401


def test_a_path_is_compared_as_the_routes_see_it(locked_stack: Stack) -> None:
    roundabout = "/v1/files/inputs%2F..%2Finputs/nothing"
    token = token_for(locked_stack, roundabout)
    assert get(locked_stack, "/v1/files/inputs/nothing", token).status_code == 401
    assert get(locked_stack, roundabout, token).json()["code"] == "file_not_found"
    assert get(locked_stack, "/v1/%66iles/inputs/..%2finputs/nothing", token).json()["code"] == "file_not_found"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/tasks"),
        ("POST", "/v1/access-tokens"),
        ("POST", "/v1/tasks/a/cancel"),
        ("DELETE", "/v1/tasks/a"),
        ("PATCH", "/v1/monitoring/config"),
    ],
)
def test_nothing_is_changed_by_a_token(locked_stack: Stack, method: str, path: str) -> None:
    query = {"access_token": token_for(locked_stack, path)}
    assert locked_stack.http.request(method, path, params=query, json={"path": "/v1/tasks"}).status_code == 401


def test_no_token_is_given_for_a_token_or_without_a_key(locked_stack: Stack) -> None:
    for headers in ({}, {"X-API-Key": "bk_wrong"}, {"X-API-Key": token_for(locked_stack, "/v1/access-tokens")}):
        answer = locked_stack.http.post("/v1/access-tokens", json={"path": "/v1/tasks"}, headers=headers)
        assert answer.status_code == 401


@pytest.mark.parametrize("headers", [{"X-API-Key": "bk_wrong"}, {"Authorization": "Bearer bk_wrong"}])
def test_a_wrong_key_is_refused_whatever_token_comes_with_it(locked_stack: Stack, headers: dict[str, str]) -> None:
    token = token_for(locked_stack, "/v1/catalog")
    answer = locked_stack.http.get("/v1/catalog", params={"access_token": token}, headers=headers)
    assert answer.status_code == 401


def test_a_token_is_no_key(locked_stack: Stack) -> None:
    token = token_for(locked_stack, "/v1/catalog")
    for headers in ({"X-API-Key": token}, {"Authorization": f"Bearer {token}"}):
        assert locked_stack.http.get("/v1/catalog", headers=headers).status_code == 401


def test_every_other_token_is_answered_like_none(locked_stack: Stack) -> None:
    token = token_for(locked_stack, "/v1/catalog")
    none = locked_stack.http.get("/v1/catalog")
    others = ("", "x", token[:-1], token + "x", token.swapcase(), sha256(token.encode()).hexdigest(), "x" * 5_000)
    escaped = (f"%{ord(token[0]):x}{token[1:]}", "%ff", "%00", "é", f"{token}&access_token=x", "*")
    for wrong in (*others, *escaped):
        answer = locked_stack.http.get(f"/v1/catalog?access_token={wrong}")
        assert (answer.status_code, answer.content) == (401, none.content), wrong
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v1",
        "/v1/",
        "/metrics",
        "v1/tasks",
        "//v1/tasks",
        "/v1/tasks?a=1",
        "/v1/a#b",
        5,
        None,
        "/v1/" + "x" * 2_000,
    ],
)
def test_only_a_path_of_the_api_gets_a_token(locked_stack: Stack, path: object) -> None:
    answer = ask(locked_stack, path)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["errors"][0]["field"] == "path"


def test_a_request_for_a_token_is_read_strictly(locked_stack: Stack) -> None:
    url = "/v1/access-tokens"
    assert locked_stack.http.post(url, headers=KEY, json={"path": "/v1/tasks", "ttl": 9}).status_code == 422
    twice = b'{"path": "/v1/tasks", "path": "/v1/catalog"}'
    assert (
        locked_stack.http.post(url, headers={**KEY, "Content-Type": "application/json"}, content=twice).status_code
        == 400
    )
    assert locked_stack.http.post(url, headers=KEY, content=b"/v1/tasks").status_code == 415


# ---- what is kept of it ----


def test_redis_holds_only_its_hash_and_not_for_long(locked_stack: Stack) -> None:
    token, client = token_for(locked_stack, "/v1/tasks"), locked_stack.redis.client
    key = f"access_token:{sha256(token.encode()).hexdigest()}"
    assert client.get(key) == "/v1/tasks"
    assert 0 < client.pttl(key) <= 300_000
    strings = [name for name in client.scan_iter(count=1000) if client.type(name) == "string"]
    assert not any(token in name or token in client.get(name) for name in strings)


def logging_gateway() -> FastAPI:
    """Return the app for uvicorn's own command, which writes an access log."""
    return create_app(settings(), catalog())


def test_no_log_shows_it(stack: Stack) -> None:
    factory = f"tests.contract.test_access_tokens:{logging_gateway.__name__}"
    stack.spawn("uvicorn", "uvicorn", LOCKED, "--factory", factory, "--port", str(stack.port))
    wait_until(stack.is_ready)
    token = token_for(stack, "/v1/tasks")
    assert get(stack, "/v1/tasks", token, limit="7").status_code == 200
    assert get(stack, "/v1/catalog", token).status_code == 401
    assert get(stack, "/docs", token).status_code in {200, 404}
    written = wait_until(lambda: logged if "/docs" in (logged := stack.read_log("uvicorn")) else "")
    assert '"GET /v1/tasks?limit=7 HTTP/1.1" 200' in written
    assert token not in written


# ---- its end ----


@pytest.fixture
def short_token_stack(stack: Stack) -> Stack:
    """A gateway whose tokens hold for a second."""
    stack.gateway(**LOCKED, BATON_AUTH__TOKEN_TTL="1")
    stack.http.headers.update(KEY)
    return stack


def test_a_token_ends_and_a_stream_that_it_opened_goes_on(short_token_stack: Stack) -> None:
    path = "/v1/monitoring/events"
    token = token_for(short_token_stack, path)
    with httpx.Client(base_url=short_token_stack.url, timeout=30, trust_env=False) as keyless:
        with keyless.stream("GET", path, params={"access_token": token}) as answer:
            events = parsed(answer)
            assert next(events).kind == "snapshot"
            wait_until(lambda: keyless.get("/v1/tasks", params={"access_token": token}).status_code == 401)
            wait_until(lambda: not short_token_stack.redis.client.keys("access_token:*"))
            task_id = short_token_stack.submit("testing.echo")
            told = next(event for event in events if event.kind == "task")
            assert told.data == {"task_id": task_id, "status": "PENDING"}
        assert keyless.get(path, params={"access_token": token}).status_code == 401


def test_without_redis_a_token_is_no_way_in(short_token_stack: Stack) -> None:
    token = token_for(short_token_stack, "/v1/catalog")
    short_token_stack.redis.kill()
    with httpx.Client(base_url=short_token_stack.url, timeout=30, trust_env=False) as keyless:
        answer = keyless.get("/v1/catalog", params={"access_token": token})
        assert (answer.status_code, answer.json()["code"]) == (503, "state_unavailable")
        assert keyless.get("/v1/catalog").status_code == 401
    assert short_token_stack.http.get("/v1/catalog").status_code == 200  # a key needs no Redis


# ---- without keys ----


def test_where_no_keys_are_set_tokens_are_given_and_any_is_good(quiet_stack: Stack) -> None:
    token = token_for(quiet_stack, "/v1/tasks")
    for each in (token, "unknown", ""):
        assert get(quiet_stack, "/v1/tasks", each, limit="1").status_code == 200
        assert get(quiet_stack, "/v1/monitoring/locks/history", each).status_code == 200
