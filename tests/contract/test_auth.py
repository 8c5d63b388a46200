"""Who may come in: a key by either header, nobody without one, and never an open door by accident."""

import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256

import pytest

from api_gateway.http.auth import key_hash
from tests.support.stack import ROOT, Stack
from tests.support.waiting import PATIENCE_S, wait_until

KEY, OTHER_KEY = "bk_right-and-very-long", "bk_another-and-very-long"
CLOSED = ("/v1/tasks", "/v1/catalog", "/v1/files/a", "/v1/tasks/a/events", "/metrics")


@pytest.fixture(scope="module")
def locked_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("locked")) as locked:
        locked.gateway(BATON_AUTH__API_KEYS=f'["{key_hash(KEY)}", "{key_hash(OTHER_KEY)}"]')
        yield locked


def test_a_key_is_stored_as_its_hash() -> None:
    assert key_hash("a") == f"sha256:{sha256(b'a').hexdigest()}"


@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
@pytest.mark.parametrize("path", ["/v1/catalog", "/metrics", "/v1/tasks"])
def test_every_known_key_opens_by_both_headers(locked_stack: Stack, path: str, key: str) -> None:
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}, {"authorization": f"bearer {key}"}):
        assert locked_stack.http.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": "bk_wrong"},
        {"X-API-Key": key_hash(KEY)},
        {"X-API-Key": f"{KEY}x"},
        {"X-API-Key": KEY.upper()},
        {"Authorization": "Bearer bk_wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
    ],
)
@pytest.mark.parametrize("path", CLOSED)
def test_without_a_known_key_everything_is_closed(locked_stack: Stack, path: str, headers: dict[str, str]) -> None:
    answer = locked_stack.http.get(path, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert (answer.json()["code"], answer.headers["www-authenticate"]) == ("unauthorized", "Bearer")
    assert "X-API-Key" in answer.json()["detail"]


def test_no_documented_operation_is_open_but_the_probes(locked_stack: Stack) -> None:
    document = locked_stack.http.get("/openapi.json").json()
    answers = {
        f"{method} {path}": locked_stack.http.request(method, re.sub(r"\{\w+\}", "1", path), json={}).status_code
        for path, methods in document["paths"].items()
        for method in methods
        if not path.startswith("/health/")
    }
    assert {name: status for name, status in answers.items() if status != 401 and not name.startswith("head ")} == {}
    assert answers["post /v1/audio/transcriptions"] == 401


def test_without_a_key_nothing_is_recorded_or_stored(locked_stack: Stack) -> None:
    body = {"task_name": "testing.echo", "input_data": {}}
    assert locked_stack.http.post("/v1/tasks", json=body).status_code == 401
    assert locked_stack.http.post("/v1/files", content=b"x").status_code == 401
    assert locked_stack.http.delete("/v1/files/inputs/a").status_code == 401
    assert not locked_stack.redis.client.exists("tasks:index")
    assert not list((locked_stack.share / "inputs").iterdir())


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/openapi.json", "/docs"])
def test_probes_and_the_documents_are_open(locked_stack: Stack, path: str) -> None:
    assert locked_stack.http.get(path).status_code == 200


def test_keys_are_never_logged(locked_stack: Stack) -> None:
    for key in (KEY, "bk_wrong"):
        headers = {"X-API-Key": key, "Authorization": f"Bearer {key}"}
        locked_stack.http.get("/v1/tasks/nobody", headers=headers)
        locked_stack.http.post("/v1/tasks", content=b"{", headers=headers)
    assert "bk_" not in locked_stack.read_log("gateway")


# ---- the open door ----


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real gateway, which must refuse to start."""
    command = [sys.executable, "-m", "api_gateway"]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "gateway.example.org"])
def test_a_gateway_for_strangers_needs_keys(host: str) -> None:
    refused = start(BATON_GATEWAY__HOST=host)
    assert refused.returncode == 2
    told = refused.stderr
    assert all(word in told for word in (host, "baton key", "auth.api_keys", "127.0.0.1", "auth.allow_anonymous"))
    assert "Traceback" not in told


def test_a_key_in_clear_in_the_settings_is_refused_and_not_repeated() -> None:
    refused = start(BATON_AUTH__API_KEYS=f'["{KEY}"]')
    assert refused.returncode == 2
    assert "auth.api_keys" in refused.stderr
    assert KEY not in refused.stderr


@pytest.mark.parametrize(
    "environment", [{"BATON_AUTH__ALLOW_ANONYMOUS": "true"}, {"BATON_AUTH__API_KEYS": f'["{key_hash(KEY)}"]'}]
)
def test_keys_or_so_many_words_open_it_to_strangers(stack: Stack, environment: dict[str, str]) -> None:
    stack.spawn("api_gateway", "gateway", {"BATON_GATEWAY__HOST": "0.0.0.0", **environment})
    wait_until(stack.is_ready)
