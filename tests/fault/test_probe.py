"""The health check of a worker's container: cheap, and red when the worker hangs."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.support.disks import fill_disk, small_disk
from tests.support.faults import child_of, is_gone
from tests.support.stack import ROOT, Stack
from tests.support.testing_service import HANG_BEFORE_CLAIM
from tests.support.waiting import wait_until

PROBE = [sys.executable, "-I", "-S", str(ROOT / "common" / "worker" / "probe.py"), "testing"]
CPU_LIMIT_S = 0.05
RUNS = 20


@pytest.fixture
def temp(tmp_path: Path) -> dict[str, str]:
    """Where this test's worker and probe meet, and no other's."""
    (tmp_path / "tmp").mkdir()
    return {"TMPDIR": str(tmp_path / "tmp")}


def is_healthy(temp: dict[str, str]) -> bool:
    return subprocess.run(PROBE, env=temp, check=False).returncode == 0


def test_it_follows_the_worker(stack: Stack, temp: dict[str, str]) -> None:
    assert not is_healthy(temp), "there is no worker yet"
    worker = stack.worker(**temp)
    wait_until(lambda: is_healthy(temp))
    os.kill(worker.pid, signal.SIGSTOP)
    wait_until(lambda: not is_healthy(temp), timeout=60)
    os.kill(worker.pid, signal.SIGCONT)
    wait_until(lambda: is_healthy(temp), timeout=60)
    stack.redis.signal(signal.SIGSTOP)
    assert is_healthy(temp), "that Redis is away is not the worker's fault"
    stack.redis.signal(signal.SIGCONT)
    worker.terminate()
    worker.wait()
    wait_until(lambda: not is_healthy(temp), timeout=60)


def has_changed(file: Path, before: str) -> bool:
    return file.read_text() != before


def test_a_full_disk_ends_neither_the_probe_nor_the_watchdog(stack: Stack, tmp_path: Path) -> None:
    with small_disk(tmp_path / "tmp"):
        temp = {"TMPDIR": str(tmp_path / "tmp")}
        stack.gateway()
        worker = stack.worker(**temp)
        wait_until(lambda: is_healthy(temp))
        fill_disk(tmp_path / "tmp")
        (shown,) = (tmp_path / "tmp").glob("*.alive")
        for _ in range(2):
            wait_until(partial(has_changed, shown, shown.read_text()))
        assert is_healthy(temp)
        hung = child_of(stack, stack.submit("testing.work", {"seconds": 0.5, "hang_on": [1]}))
        worker.terminate()
        wait_until(lambda: is_gone(hung), timeout=60)
        worker.wait()


def test_a_temporary_folder_that_is_gone_does_not_end_the_watchdog(stack: Stack, temp: dict[str, str]) -> None:
    stack.gateway()
    stack.worker(**temp, BATON_WORKER__CLAIM_TIMEOUT="1")
    wait_until(lambda: is_healthy(temp))
    shutil.rmtree(temp["TMPDIR"])
    wait_until(lambda: "probe_not_written" in stack.read_log("worker"))
    (stack.share / HANG_BEFORE_CLAIM).touch()
    assert stack.wait_for(stack.submit("testing.echo"), timeout=60)["status"] == "SUCCESS"


def test_a_probe_costs_less_than_50_ms_of_cpu(temp: dict[str, str]) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(RUNS):
        is_healthy(temp)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent / RUNS < CPU_LIMIT_S
