"""The guard that keeps tests on this machine."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.network_guard import leaves
from tests.support.stack import ROOT, guarded_environment

ELSEWHERE = "192.0.2.1"  # TEST-NET-1, RFC 5737: nobody's, and refused before a packet is sent


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.connect", (None, (ELSEWHERE, 80))),
        ("socket.connect", (None, ("2001:db8::1", 80, 0, 0))),
        ("socket.sendto", (None, (ELSEWHERE, 53))),
        ("socket.getaddrinfo", ("name.invalid", 80, 0, 0, 0)),
        ("socket.gethostbyname", ("name.invalid",)),
    ],
)
def test_what_would_leave_is_named(event: str, arguments: tuple[object, ...]) -> None:
    assert str(leaves(event, arguments)).startswith(event)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.connect", (None, ("127.0.0.2", 80))),
        ("socket.connect", (None, ("::1", 80, 0, 0))),
        ("socket.connect", (None, "/run/redis.sock")),
        ("socket.getaddrinfo", ("localhost", 80, 0, 0, 0)),
        ("socket.getaddrinfo", (None, 80, 0, 0, 0)),
        ("socket.getaddrinfo", ("0x7f.1", 80, 0, 0, 0)),
        ("socket.getaddrinfo", (ELSEWHERE, 80, 0, 0, 0)),
        ("open", ("file", "r", 0)),
    ],
)
def test_what_stays_is_not(event: str, arguments: tuple[object, ...]) -> None:
    assert leaves(event, arguments) is None


def test_a_connect_in_a_test_is_refused_and_recorded(outside_attempts: list[str]) -> None:
    with socket.socket() as connection, pytest.raises(OSError, match="no test may leave"):
        connection.connect((ELSEWHERE, 9))
    assert outside_attempts == [f"socket.connect to {ELSEWHERE}"]
    outside_attempts.clear()


def test_a_connect_of_a_process_that_a_test_starts_is_refused_and_recorded(tmp_path: Path) -> None:
    code = f"import socket; socket.create_connection(('{ELSEWHERE}', 9), timeout=5)"
    log = tmp_path / "left.log"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=guarded_environment(log),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "no test may leave this machine" in ended.stderr
    assert f"socket.connect to {ELSEWHERE}" in log.read_text()
