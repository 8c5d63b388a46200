"""`baton up`: the stack that stays, and comes back."""

import json
import os
import signal
import socket
import stat
from typing import Any

import httpx
import pytest

from cli.stack.plan import free_port, service_names
from services.ffmpeg.execution.program import find_program
from tests.e2e.command import ROOT, Baton
from tests.support.processes import holders
from tests.support.waiting import wait_until

SAMPLE = ROOT / "tests" / "fixtures" / "sample.mp4"


@pytest.fixture
def running_baton(baton: Baton) -> Baton:
    """Start a stack with one worker: they all start alike."""
    ran = baton(*start_arguments(baton))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return baton


def start_arguments(baton: Baton) -> tuple[str, ...]:
    return ("up", "--port", str(free_port()), "--share", str(baton.share), "--service", "ffmpeg")


def address(baton: Baton) -> str:
    return str(json.loads((baton.state_dir / "stack.json").read_text(encoding="utf-8"))["url"])


def is_replaced(up: Baton, before: dict[str, Any]) -> bool:
    return bool(up.processes()["gateway"]["pid"] != before["gateway"]["pid"])


@pytest.mark.timeout(300)
def test_every_service_gets_its_worker(baton: Baton) -> None:
    ran = baton("up", "--port", str(free_port()), "--share", str(baton.share), "--within", "150", timeout=180)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert set(baton.processes()) == {"redis", "gateway", *(f"worker-{name}" for name in service_names())}
    assert {process["state"] for process in baton.processes().values()} == {"RUNNING"}


def test_a_worker_shows_which_ffmpeg_it_runs(running_baton: Baton) -> None:
    """So does `baton doctor`, which asks the Redis of the running stack."""
    url = f"{address(running_baton)}/v1/monitoring/workers"
    (worker,) = wait_until(lambda: httpx.get(url, trust_env=False).json()["workers"])
    assert worker["programs"] == {"ffmpeg": str(find_program(None))}
    checked = running_baton.json("doctor")
    assert checked["ffmpeg"] == {"ok": True, "text": str(find_program(None))}
    assert checked["Redis"]["text"].endswith("answers")


def test_an_unknown_service_is_told_with_those_there_are(baton: Baton) -> None:
    ran = baton("up", "--service", "ffmpg")
    assert ran.returncode == 2
    assert "ffmpeg" in ran.stderr


def test_a_killed_gateway_comes_back_and_takes_tasks_again(running_baton: Baton) -> None:
    before = running_baton.processes()
    assert set(before) == {"redis", "gateway", "worker-ffmpeg"}
    assert {process["state"] for process in before.values()} == {"RUNNING"}
    os.kill(before["gateway"]["pid"], signal.SIGKILL)
    wait_until(lambda: running_baton("status").returncode == 0 and is_replaced(running_baton, before), timeout=60)
    assert running_baton.processes()["gateway"]["restarts"] == 1
    done = running_baton.json("submit", "ffmpeg.extract_audio", f"video_path={SAMPLE}", "sample_rate:=8000", "--watch")
    assert done["status"] == "SUCCESS"
    assert done["stages"]["ffmpeg.extract_audio"]["output"]["sample_rate"] == 8000


def test_down_leaves_nothing_and_the_next_up_still_knows_the_tasks(running_baton: Baton) -> None:
    done = running_baton.json("submit", "ffmpeg.probe", f"media_path={SAMPLE}", "--wait", "30")
    assert done["status"] == "SUCCESS"
    secret = (running_baton.state_dir / "callback-secret").read_text(encoding="ascii")
    assert running_baton("down", timeout=100).returncode == 0
    assert holders(running_baton.state_dir) == []
    assert running_baton("status").returncode == 1
    assert running_baton(*start_arguments(running_baton)).returncode == 0
    assert running_baton.json("result", done["task_id"])["status"] == "SUCCESS"
    assert (running_baton.state_dir / "callback-secret").read_text(encoding="ascii") == secret


def test_up_twice_is_harmless(running_baton: Baton) -> None:
    before = running_baton.processes()
    again = running_baton("up")
    assert again.returncode == 0
    assert address(running_baton) in again.stdout
    assert {name: process["pid"] for name, process in running_baton.processes().items()} == {
        name: process["pid"] for name, process in before.items()
    }


def test_what_a_killed_supervisor_left_is_told_and_cleared_away(running_baton: Baton) -> None:
    os.kill(int((running_baton.state_dir / "supervisord.pid").read_text(encoding="ascii")), signal.SIGKILL)
    assert holders(running_baton.state_dir) != []
    told = running_baton("status")
    assert told.returncode == 1
    assert "supervisord was killed" in told.stderr, told
    ran = running_baton(*start_arguments(running_baton))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {process["state"] for process in running_baton.processes().values()} == {"RUNNING"}


def test_strangers_cannot_read_the_secrets_or_use_the_redis(running_baton: Baton) -> None:
    assert stat.S_IMODE(running_baton.state_dir.stat().st_mode) == 0o700
    url = httpx.URL(json.loads((running_baton.state_dir / "stack.json").read_text(encoding="utf-8"))["redis_url"])
    with socket.create_connection((url.host, url.port or 0), timeout=5) as stranger:
        stranger.sendall(b"PING\r\n")
        assert b"NOAUTH" in stranger.recv(100)


def test_logs_show_every_program(running_baton: Baton) -> None:
    shown = running_baton("logs", "--no-follow").stdout
    for program in ("gateway", "redis", "supervisord", "worker-ffmpeg"):
        assert program in shown


def test_a_port_in_use_is_told_and_nothing_is_started(baton: Baton) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = baton("up", "--port", str(taken.getsockname()[1]), "--share", str(baton.share))
    assert ran.returncode == 1
    assert "port_in_use" in ran.stderr
    assert "--port" in ran.stderr
    assert holders(baton.state_dir) == []


def test_wrong_settings_are_told_before_anything_is_started(baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_NO_SUCH__THING", "1")
    ran = baton("up")
    assert ran.returncode == 1
    assert "BATON_NO_SUCH__THING" in ran.stderr


def test_a_stack_that_is_not_ready_in_time_is_told_with_the_reason(baton: Baton) -> None:
    no_redis = ("--redis-url", "redis://127.0.0.1:1/0", "--within", "15")
    ran = baton("up", "--port", str(free_port()), "--share", str(baton.share), *no_redis, "--service", "ffmpeg")
    assert ran.returncode == 1
    assert "stack_failed" in ran.stderr
    assert "redis" in ran.stderr
    assert holders(baton.state_dir) == []


def test_a_program_that_keeps_dying_is_told_with_its_log(baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_GATEWAY__HOST", "192.0.2.1")  # an address that is not ours
    ran = baton(*start_arguments(baton))
    assert ran.returncode == 1
    assert "192.0.2.1" in ran.stderr
    assert holders(baton.state_dir) == []
