"""Which ffmpeg runs: the configured one, else the newest, and none that is too old."""

from collections.abc import Callable
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from services.ffmpeg.errors import FfmpegKilled, FfmpegMissing, FfmpegOutdated
from services.ffmpeg.execution import program
from services.ffmpeg.execution.program import find_program, inspect_program, parse_version

BUNDLED = inspect_program(get_ffmpeg_exe())

Put = Callable[[str], Path]


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of the test's own, and nothing remembered of another one."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    find_program.cache_clear()
    return folder


@pytest.fixture
def put(path: Path) -> Put:
    """Return a function that puts a program on the PATH that says it is an ffmpeg of this version."""

    def write(version: str) -> Path:
        target = path / "ffmpeg"
        target.write_text(f"#!/bin/sh\necho 'ffmpeg version {version} Copyright (c) the FFmpeg developers'\n")
        target.chmod(0o755)
        return target

    return write


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("ffmpeg version 5.1.9-0+deb12u1 Copyright (c)", (5, 1, 9)),
        ("ffmpeg version n9.0.2-17-g2a571b6068-20260930 Copyright (c)", (9, 0, 2)),
        ("ffmpeg version 7.0.2-static https://example.test/", (7, 0, 2)),
        ("ffmpeg version N-112233-gdeadbeef\nlibavutil      58. 29.100 / 58. 29.100\n", (6,)),
        ("ffmpeg version 2024-05-01-git\nlibavutil      59. 16.101 / 59. 16.101\n", (7,)),
        ("bash: 1.2.3", ()),
    ],
)
def test_a_version_is_read_as_distributions_write_it(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


def test_an_older_one_on_the_path_gives_way_to_the_bundled_one(put: Put) -> None:
    put("5.1.9-0+deb12u1")
    assert find_program(None) == BUNDLED


def test_a_newer_one_on_the_path_runs(put: Put) -> None:
    newer = put("99.1")
    assert find_program(None).path == str(newer)


def test_a_configured_one_wins_though_it_is_older(put: Put) -> None:
    older = put("5.1.9")
    assert find_program(str(older)).version == (5, 1, 9)


def test_one_that_is_too_old_is_refused_with_its_version(put: Put) -> None:
    with pytest.raises(FfmpegOutdated, match=r"5\.1") as raised:
        find_program(str(put("4.4.2-0ubuntu0.22.04.1")))
    assert raised.value.detail["version"] == "4.4.2"


def test_the_error_names_the_minimum() -> None:
    assert ".".join(map(str, program.MINIMUM)) in (FfmpegOutdated.__doc__ or "")


@pytest.mark.parametrize("name", ["/no/such/ffmpeg", "/bin/true"])
def test_what_is_no_ffmpeg_says_what_to_install(name: str) -> None:
    with pytest.raises(FfmpegMissing, match="imageio-ffmpeg"):
        find_program(name)


def test_one_that_was_killed_while_it_told_its_version_is_not_missing(put: Put) -> None:
    """The next attempt asks again: nothing is remembered of a program that did not answer."""
    target = put("9.1")
    answers = target.read_text()
    target.write_text("#!/bin/sh\nkill -9 $$\n")
    with pytest.raises(FfmpegKilled, match="signal 9") as raised:
        find_program(str(target))
    assert raised.value.retryable
    target.write_text(answers)
    assert find_program(str(target)).version == (9, 1)


def test_one_that_does_not_answer_in_time_is_not_missing_either(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "VERSION_TIMEOUT_S", 0.2)
    target = put("9.1")
    target.write_text("#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(FfmpegKilled, match="did not answer"):
        find_program(str(target))
