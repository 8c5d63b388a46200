"""A worker leaves nothing behind among the temporary files, however it ends."""

import signal
from pathlib import Path

import pytest

from tests.support.stack import START_METHODS, Stack


@pytest.mark.parametrize("method", START_METHODS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_folder_is_left_behind(stack: Stack, tmp_path: Path, method: str, number: signal.Signals) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    stack.gateway()
    worker = stack.worker(TMPDIR=str(temporary), **START_METHODS[method])
    assert stack.wait_for(stack.submit("testing.echo"))["status"] == "SUCCESS"
    worker.send_signal(number)
    worker.wait(timeout=30)
    assert [found.name for found in temporary.glob("pymp-*")] == []
