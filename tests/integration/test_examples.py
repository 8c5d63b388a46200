"""The examples of docs/examples, run as a reader runs them, against a stack that wants a key."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from api_gateway.http.auth import key_hash
from common.clock import utcnow
from tests.support.ports import free_port
from tests.support.stack import QUICK, ROOT, Stack
from tests.support.waiting import wait_until

EXAMPLES = ROOT / "docs/examples"
VIDEO = ROOT / "tests/fixtures/sample.mp4"
NO_VIDEO = ROOT / "tests/fixtures/sample.srt"
HEARD = "The yellow mountain is near the doctor."
KEY = "bk_the-key-of-this-test"
SECRET = QUICK["BATON_CALLBACKS__SECRET"]
SETTINGS = {"BATON_AUTH__API_KEYS": f'["{key_hash(KEY)}"]', "BATON_FASTER_WHISPER__CPU_MODEL": "tiny-test"}
NODE_NEEDED = 20
RUNNERS = {".py": [sys.executable], ".sh": ["sh"], ".mjs": ["node"]}
SUBTITLES = ["subtitles.sh", "subtitles.py", "subtitles_openai.py", "subtitles.mjs"]
RECEIVERS = ["verify_webhook.py", "verify_webhook.mjs"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway that wants a key, a Whisper worker with the tiny model, and the testing service."""
    with Stack(tmp_path_factory.mktemp("shop"), **SETTINGS) as shared:
        shared.http.headers["X-API-Key"] = KEY
        shared.gateway()
        shared.worker("faster_whisper")
        shared.worker()
        yield shared


@pytest.fixture(autouse=True)
def baton_environment(shop: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell the examples where Baton is, by the environment, as their page says."""
    monkeypatch.setenv("BATONCTL_URL", f"http://127.0.0.1:{shop.port}")
    monkeypatch.setenv("BATONCTL_API_KEY", KEY)
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)


def command(example: str, *arguments: str) -> list[str]:
    """Return the command line of an example; skip where its program is not installed."""
    path = EXAMPLES / example
    needed = {".sh": "curl", ".mjs": "node"}.get(path.suffix)
    if needed and not shutil.which(needed):
        pytest.skip(f"{needed} is not installed")
    if needed == "node" and node_version() < NODE_NEEDED:
        pytest.skip(f"node is older than {NODE_NEEDED}")
    return [*RUNNERS[path.suffix], str(path), *arguments]


def node_version() -> int:
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.removeprefix("v").split(".")[0])


def run(example: str, file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(example, str(file)), capture_output=True, text=True, timeout=100, check=False)


def last_task(stack: Stack) -> dict[str, Any]:
    task: dict[str, Any] = stack.http.get("/v1/tasks", params={"limit": 1}).json()["tasks"][0]
    return task


def test_every_example_is_run_here_and_told_on_their_page() -> None:
    files = {path.name for path in EXAMPLES.iterdir() if path.is_file() and path.name != "README.md"}
    assert files == {*SUBTITLES, *RECEIVERS}
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"]({name})" in page for name in files)


# ---- subtitles of a video ----


@pytest.mark.parametrize("example", SUBTITLES)
def test_a_video_becomes_srt_and_its_text_is_told_on_the_way(shop: Stack, example: str) -> None:
    ran = run(example, VIDEO)
    assert ran.returncode == 0, ran.stderr
    task = last_task(shop)
    assert ran.stdout == shop.http.get(f"/v1/tasks/{task['task_id']}/transcript", params={"format": "srt"}).text
    assert HEARD in ran.stdout
    assert HEARD in ran.stderr


@pytest.mark.parametrize("example", SUBTITLES)
def test_a_file_that_is_no_video_ends_in_the_tasks_own_words(shop: Stack, example: str) -> None:
    ran = run(example, NO_VIDEO)
    assert ran.returncode != 0
    assert "is not audio or video that can be read" in ran.stderr
    assert ran.stdout == ""


@pytest.mark.parametrize("example", SUBTITLES)
def test_a_wrong_key_is_told(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATONCTL_API_KEY", "wrong")
    ran = run(example, VIDEO)
    assert ran.returncode != 0
    assert "401" in ran.stderr
    assert ran.stdout == ""


# ---- receiving signed callbacks ----


@contextmanager
def run_receiver(example: str, log: Path) -> Iterator[str]:
    """Run a receiver, and yield its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    with log.open("wb") as out, subprocess.Popen(command(example, str(port)), stdout=out) as process:
        try:
            wait_until(lambda: listens(url))
            yield url
        finally:
            process.kill()


def listens(url: str) -> bool:
    try:
        httpx.get(url, trust_env=False)
    except httpx.ConnectError:
        return False
    return True


def sign(body: str, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    at = at or utcnow()
    signature = Webhook(secret).sign("msg_1", at, body)
    return {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


@pytest.mark.parametrize("example", RECEIVERS)
def test_a_callback_of_ours_is_accepted_and_read(shop: Stack, example: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with run_receiver(example, log) as url:
        task_id = shop.submit("testing.echo", {"text": "hello"}, callback=url)
        [tried] = wait_until(lambda: shop.http.get(f"/v1/tasks/{task_id}/deliveries").json()["deliveries"])
        assert tried["status_code"] == 204
        printed = wait_until(log.read_text)
    assert printed.startswith(f"{tried['message_id']} task.completed {task_id} ")
    assert "hello" in printed


@pytest.mark.parametrize("example", RECEIVERS)
def test_only_what_is_signed_with_the_secret_and_fresh_is_accepted(example: str, tmp_path: Path) -> None:
    body = '{"type": "task.completed", "task_id": "t", "result": {}}'
    old = utcnow() - timedelta(minutes=6)
    right = sign(body)
    tries = {
        "right": (body, right),
        "rotated": (body, {**right, "webhook-signature": f"v1,AAAA {right['webhook-signature']}"}),
        "other body": (body.replace("{}", "[]"), right),
        "other id": (body, {**right, "webhook-id": "msg_2"}),
        "other secret": (body, sign(body, secret="whsec_c2VjcmV0")),
        "old": (body, sign(body, at=old)),
        "made younger": (body, {**sign(body, at=old), "webhook-timestamp": right["webhook-timestamp"]}),
        "unsigned": (body, {}),
    }
    with run_receiver(example, tmp_path / "log") as url:
        answers = {
            name: httpx.post(url, content=content, headers=headers, trust_env=False).status_code
            for name, (content, headers) in tries.items()
        }
    assert answers == dict.fromkeys(tries, 401) | {"right": 204, "rotated": 204}
