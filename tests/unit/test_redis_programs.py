"""The Redis tests run with the server that was chosen: else a run with another version would prove nothing."""

from pathlib import Path

import pytest

from tests.support.redis_programs import (
    CHOSEN,
    MORE,
    find_chosen_program,
    find_programs,
    inspect_program,
    list_candidates,
)
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.redis


def test_the_server_of_the_tests_is_the_chosen_one(redis_server: RedisServer) -> None:
    program = inspect_program(find_chosen_program())
    assert program
    info = redis_server.client.info("server")
    assert info.get("valkey_version" if program.kind == "Valkey" else "redis_version") == program.version


def test_a_named_server_is_started_instead_of_the_bundled_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / "another-server"
    link.symlink_to(find_chosen_program())
    monkeypatch.setenv(CHOSEN, str(link))
    server = RedisServer(tmp_path / "redis").start()
    executable = server.client.info("server")["executable"]
    server.stop()
    assert executable == str(link)


def test_servers_may_be_added_and_one_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone, no_server = tmp_path / "gone", tmp_path / "false"
    no_server.symlink_to("/bin/false")
    monkeypatch.setenv(MORE, f"{gone}:{no_server}")
    assert list_candidates()[f"{MORE}: {gone}"] is None
    found = dict(find_programs())
    assert (found[f"{MORE}: {gone}"], found[f"{MORE}: {no_server}"]) == (None, None)


def test_a_version_that_is_there_twice_runs_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    link = tmp_path / "the-same"
    link.symlink_to(find_chosen_program())
    monkeypatch.setenv(MORE, str(link))
    names = [program.name for _, program in find_programs() if program]
    assert len(names) == len(set(names))
