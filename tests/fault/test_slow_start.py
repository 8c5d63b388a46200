"""`baton up` waits for a stack that comes up slowly, and not for one that has stopped to."""

import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cli.errors import StackFailed
from cli.stack.folder import StateDir
from cli.stack.lifecycle import down
from cli.stack.plan import LOOPBACK, StackProgram, free_port
from cli.stack.readiness import Bounds, wait_until_ready
from cli.stack.supervisord import Supervisor

GATEWAY = """
import http.server, sys, time
begun = time.monotonic()
while time.monotonic() - begun < {seconds}:
    {work}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{body}'
        self.send_response({status})
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", {port}), Handler).serve_forever()
"""
LOGS = "print('loading', flush=True); time.sleep(0.5)"
COMPUTES = "sum(range(100_000))"
SILENT = "time.sleep(0.5)"
READY = '{"status": "ready", "checks": {"redis": "ok"}}'
UNREADY = '{"status": "not_ready", "checks": {"redis": "unreachable"}}'
PATIENCE = timedelta(seconds=6)

Start = Callable[..., str]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    state_dir = StateDir(tmp_path)
    state_dir.prepare()
    yield Supervisor(state_dir)
    down(state_dir)


@pytest.fixture
def start(supervisor: Supervisor) -> Start:
    """Return a function that starts supervisord with a program called gateway, and returns the program's URL."""

    def begin(work: str, *, seconds: float, body: str = READY, status: int = 200) -> str:
        port = free_port()
        code = GATEWAY.format(seconds=seconds, work=work, port=port, body=body, status=status)
        script = supervisor.state_dir.root / "gateway.py"
        script.write_text(code)
        supervisor.start([StackProgram("gateway", [sys.executable, "-S", str(script)], order=20)], {})
        return f"http://{LOOPBACK}:{port}"

    return begin


def test_a_program_that_logs_while_it_starts_is_waited_for(supervisor: Supervisor, start: Start) -> None:
    said: list[str] = []
    began = time.monotonic()
    wait_until_ready(supervisor, start(LOGS, seconds=12), Bounds(PATIENCE), said.append)
    assert time.monotonic() - began > PATIENCE.total_seconds()
    assert "waiting for the gateway (does not answer yet)" in said


def test_a_program_that_computes_while_it_starts_is_waited_for(supervisor: Supervisor, start: Start) -> None:
    url = start(COMPUTES, seconds=30)
    wait_until_ready(supervisor, url, Bounds(timedelta(seconds=25)), lambda _: None)


def test_a_program_that_stands_still_is_given_up(supervisor: Supervisor, start: Start) -> None:
    with pytest.raises(StackFailed, match="there was no progress for 6 s") as raised:
        wait_until_ready(supervisor, start(SILENT, seconds=600), Bounds(PATIENCE), lambda _: None)
    assert raised.value.detail["waiting_for"] == "the gateway (does not answer yet)"


def test_a_gateway_that_answers_that_it_lacks_something_is_given_up_and_named(
    supervisor: Supervisor, start: Start
) -> None:
    url = start(SILENT, seconds=0, body=UNREADY, status=503)
    with pytest.raises(StackFailed, match="there was no progress") as raised:
        wait_until_ready(supervisor, url, Bounds(PATIENCE), lambda _: None)
    assert raised.value.detail["waiting_for"] == "the gateway (redis: unreachable)"


def test_a_limit_in_all_holds_though_there_is_progress(supervisor: Supervisor, start: Start) -> None:
    with pytest.raises(StackFailed, match="is not ready after 3 s"):
        wait_until_ready(supervisor, start(LOGS, seconds=600), Bounds(in_all=timedelta(seconds=3)), lambda _: None)


def test_a_program_that_ends_again_and_again_is_given_up_with_its_log(supervisor: Supervisor, start: Start) -> None:
    with pytest.raises(StackFailed, match="gateway does not start") as raised:
        wait_until_ready(supervisor, start("raise SystemExit('no card')", seconds=1), Bounds(), lambda _: None)
    assert "no card" in str(raised.value.detail["log"])
