"""A worker's child whose parent died in the child's first moments ends, before the kernel was asked to see to it."""

import os
from pathlib import Path
from threading import Event

import pytest
from billiard import get_context

from common.worker.process import end_orphan
from tests.support.waiting import wait_until

FORK = get_context("fork")


def run_child(file: Path, parent: int, *, orphaned: bool) -> None:
    """Be a child that gets to its first look; where it survives that, it says so."""
    if orphaned:
        wait_until(lambda: os.getppid() != parent)
    end_orphan()
    file.write_text("it goes on")


def worker(file: Path, *, orphaned: bool) -> None:
    """Be a parent that dies while its child starts, or waits for it."""
    child = FORK.Process(target=run_child, args=(file, os.getpid()), kwargs={"orphaned": orphaned})
    child.start()
    if orphaned:
        os._exit(1)
    child.join()


@pytest.mark.parametrize("orphaned", [True, False])
def test_only_an_orphan_ends(tmp_path: Path, *, orphaned: bool) -> None:
    file = tmp_path / "alive"
    parent = FORK.Process(target=worker, args=(file,), kwargs={"orphaned": orphaned})
    parent.start()
    parent.join(60)
    if orphaned:
        Event().wait(1)  # a file that must not come
    assert file.exists() is not orphaned
