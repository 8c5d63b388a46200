"""Following log files."""

from pathlib import Path

from cli.stack.folder import StateDir
from cli.stack.logs import LogFile, lines


def test_only_whole_lines_are_told(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "gateway.log")
    log.path.write_text("one\ntwo\nthr", encoding="utf-8")
    assert log.new_lines() == ["one", "two"]
    with log.path.open("a", encoding="utf-8") as file:
        file.write("ee\n")
    assert log.new_lines() == ["three"]
    assert log.new_lines() == []


def test_a_rotated_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "gateway.log")
    log.path.write_text("old\n", encoding="utf-8")
    log.new_lines()
    log.path.rename(tmp_path / "gateway.log.1")
    assert log.new_lines() == []
    log.path.write_text("new\n", encoding="utf-8")
    assert log.new_lines() == ["new"]


def test_each_line_carries_its_program_and_the_rest_is_left_out(tmp_path: Path) -> None:
    state_dir = StateDir(tmp_path)
    state_dir.prepare()
    for name in ("gateway", "redis"):
        state_dir.log_of(name).write_text("1\n2\n3\n", encoding="utf-8")
    told = lines(state_dir, set(), last=2, follow=False)
    assert list(told) == [("gateway", "2"), ("gateway", "3"), ("redis", "2"), ("redis", "3")]
    assert list(lines(state_dir, {"redis"}, last=1, follow=False)) == [("redis", "3")]
