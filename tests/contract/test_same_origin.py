"""A gateway without keys serves programs and its own page, and no page of a stranger's."""

from collections.abc import Iterator

import httpx
import pytest

from api_gateway.http.auth import key_hash
from tests.support.stack import Stack

KEY = "bk_right-and-very-long"
EVIL, PROXY = "evil.example.com", "baton.example.org"
REBOUND = (EVIL, f"{EVIL}:8000", "localhost.evil.com", "127.0.0.1.evil.com", f"x.{PROXY}", "a.b.")
CHANGES = (("POST", "/v1/tasks"), ("POST", "/v1/files"), ("POST", "/v1/tasks/a/cancel"), ("DELETE", "/v1/tasks/a"))


@pytest.fixture(scope="module")
def open_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("open")) as opened:
        opened.gateway(BATON_GATEWAY__ALLOWED_HOSTS=f'["{PROXY.upper()}", "*.trusted.example"]')
        yield opened


@pytest.fixture(scope="module")
def locked_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("locked")) as locked:
        locked.gateway(BATON_AUTH__API_KEYS=f'["{key_hash(KEY)}"]')
        yield locked


def refusal(answer: httpx.Response) -> str | None:
    """Return the code of our refusal; None when the request came through, whatever was then thought of it."""
    if answer.status_code != 403:
        return None
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, str] = answer.json()
    assert all(setting in told["detail"] for setting in ("gateway.allowed_hosts", "auth.api_keys"))
    return told["code"]


# ---- DNS rebinding ----


@pytest.mark.parametrize("host", REBOUND)
@pytest.mark.parametrize("path", ["/", "/docs", "/web/docs.js", "/v1/tasks", "/v1/monitoring/config", "/health/live"])
def test_a_name_that_anybody_may_own_is_refused(open_stack: Stack, path: str, host: str) -> None:
    assert refusal(open_stack.http.get(path, headers={"Host": host})) == "host_not_allowed"


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8000",
        "LOCALHOST",
        "localhost.",
        "127.0.0.1",
        "[::1]:8000",
        "192.168.1.2:8000",
        "gateway:8000",
        "box.local",
        "host.docker.internal:8000",
        PROXY,
        "a.trusted.example:443",
    ],
)
def test_other_names_are_served(open_stack: Stack, host: str) -> None:
    assert open_stack.http.get("/v1/tasks", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["[::1", "a b", "@", ":80"])
def test_a_host_that_is_no_name_does_no_harm(open_stack: Stack, host: str) -> None:
    assert open_stack.http.get("/v1/tasks", headers={"Host": host}).status_code < 500


# ---- requests from other sites ----

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Origin": f"https://{EVIL}"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:3000"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": f"https://{EVIL}"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://[::1"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_page_of_another_site_changes_nothing(
    open_stack: Stack, method: str, path: str, headers: dict[str, str]
) -> None:
    assert refusal(open_stack.http.request(method, path, headers=headers)) == "cross_site_request"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://whatever.the.proxy.made.of.it"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "cross-site", "Origin": f"https://{PROXY}"},
        {"Origin": f"http://{PROXY}:8443"},
    ],
)
@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_programs_and_own_pages_come_through(
    open_stack: Stack, method: str, path: str, headers: dict[str, str]
) -> None:
    assert refusal(open_stack.http.request(method, path, headers=headers)) is None


def test_an_old_browsers_own_page_comes_through(open_stack: Stack) -> None:
    headers = {"Host": "box.local:8000", "Origin": "http://box.local:8000"}
    assert refusal(open_stack.http.post("/v1/tasks", headers=headers)) is None


def test_another_site_may_link_here(open_stack: Stack) -> None:
    assert open_stack.http.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


# ---- with keys ----


@pytest.mark.parametrize("headers", [{"Host": EVIL}, *FOREIGN])
def test_where_keys_are_asked_for_they_decide(locked_stack: Stack, headers: dict[str, str]) -> None:
    path = "/v1/tasks/a/cancel"
    assert locked_stack.http.post(path, headers=headers).status_code == 401
    assert locked_stack.http.post(path, headers={**headers, "X-API-Key": KEY}).status_code == 404


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[]"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/tasks"), ("PATCH", "/v1/tasks/a/transcript/segments/1"), ("POST", "/v1/monitoring/locks/a/release")],
)
def test_without_a_key_a_body_is_not_even_parsed(locked_stack: Stack, method: str, path: str, body: bytes) -> None:
    answer = locked_stack.http.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    answer = locked_stack.http.request(method, path, content=body, headers={"X-API-Key": KEY})
    assert answer.status_code in {400, 404, 415}, "with a key it is"
