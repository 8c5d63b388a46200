"""A stack for each test, which must leave nothing behind."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.e2e.command import Baton
from tests.support.processes import holders


@pytest.fixture
def baton() -> Iterator[Baton]:
    with TemporaryDirectory(prefix="baton-") as folder:  # a short path: it has a Unix socket in it
        command = Baton(Path(folder))
        yield command
        command("down", timeout=100)
        assert holders(command.state_dir) == []
