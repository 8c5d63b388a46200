"""A stack for each test, which must leave nothing behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Baton

from tests.support.processes import holders


@pytest.fixture
def baton(tmp_path: Path) -> Iterator[Baton]:
    command = Baton(tmp_path)
    yield command
    command("down", timeout=100)
    assert holders(command.state_dir) == []
