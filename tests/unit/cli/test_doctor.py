"""`baton doctor`: a line for each check, and an exit status that a script sees."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.doctor import CHECKS
from services.ffmpeg.execution.program import find_program, inspect_program
from tests.support.redis_server import RedisServer
from tests.unit.cli.fake_gateway import Run


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_server: RedisServer) -> Path:
    """A share, a state directory and a Redis of the test's own; no card."""
    share = tmp_path / "share"
    share.mkdir()
    monkeypatch.setenv("BATONCTL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("BATON_STORAGE__SHARE", str(share))
    monkeypatch.setenv("BATON_STORAGE__MIN_FREE_BYTES", "0")
    monkeypatch.setenv("BATON_REDIS__URL", redis_server.url)
    monkeypatch.setenv("BATON_GPU__DEVICE", "cpu")
    return share


def findings(baton: Run) -> tuple[int, dict[str, Any]]:
    ran = baton("doctor", "--json")
    return ran.exit_code, json.loads(ran.stdout)


def test_where_all_is_well_each_check_has_a_line_and_the_exit_status_is_0(baton: Run) -> None:
    ran = baton("doctor")
    assert [line.split()[:2] for line in ran.stdout.splitlines()] == [["ok", name] for name in CHECKS]
    assert ran.exit_code == 0
    assert str(find_program(None)) in ran.stdout


@pytest.mark.parametrize(
    ("variable", "value", "finding"),
    [
        ("BATON_FFMPEG__BINARY", "/no/such/ffmpeg", ("ffmpeg", "ffmpeg_missing")),
        ("BATON_REDIS__URL", "redis://127.0.0.1:1/0", ("Redis", "redis.url")),
        ("BATON_STORAGE__MIN_FREE_BYTES", str(10**18), ("disk", "storage.min_free_bytes")),
        ("BATON_STORAGE__SHARE", __file__, ("share", "storage.share")),
        ("BATON_MODELS__OFFLINE", "true", ("models", "models.offline")),
    ],
)
def test_what_is_amiss_is_named_and_the_exit_status_is_1(
    baton: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, finding: tuple[str, str]
) -> None:
    monkeypatch.setenv(variable, value)
    status, found = findings(baton)
    check, said = finding
    assert status == 1
    assert not found[check]["ok"]
    assert said in found[check]["text"]


def test_an_ffmpeg_that_is_too_old_is_named_with_the_minimum(
    baton: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = tmp_path / "ffmpeg"
    old.write_text("#!/bin/sh\necho 'ffmpeg version 4.4.2-0ubuntu0.22.04.1'\n")
    old.chmod(0o755)
    assert inspect_program(str(old))
    monkeypatch.setenv("BATON_FFMPEG__BINARY", str(old))
    status, found = findings(baton)
    assert (status, found["ffmpeg"]["ok"]) == (1, False)
    assert "older than 5.1" in found["ffmpeg"]["text"]


def test_models_that_are_here_are_listed_and_a_damaged_one_is_amiss(baton: Run, machine: Path) -> None:
    folder = machine / "models/sensevoice/SenseVoiceSmall"
    folder.mkdir(parents=True)
    status, found = findings(baton)
    assert (status, found["models"]["ok"]) == (1, False)
    assert "sensevoice/SenseVoiceSmall" in found["models"]["text"]
