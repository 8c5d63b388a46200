"""Who stalls is ended, whatever else is guarded in the same process."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from threading import Event

from common.stall import ALARM, ends_when_stalled

ROOT = Path(__file__).parents[2]
HANGS = """
from datetime import timedelta
from threading import Event
from common.stall import ends_when_stalled
with ends_when_stalled(timedelta(seconds=0.2)):
    {inner}
    Event().wait()
"""


def outcome(inner: str = "") -> tuple[int, str]:
    command = [sys.executable, "-c", HANGS.format(inner=inner)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stderr


def test_a_block_that_hangs_is_the_end_of_the_process_and_says_where() -> None:
    code, told = outcome()
    assert code == 1
    assert "Timeout (0:00:00" in told
    assert "in wait" in told


def test_a_guard_within_a_guard_leaves_the_outer_one_armed() -> None:
    code, _ = outcome("with ends_when_stalled(timedelta(minutes=1)): pass")
    assert code == 1


def test_who_moves_goes_on_and_who_is_done_leaves_nothing_behind() -> None:
    with ends_when_stalled(timedelta(seconds=5)) as moved:
        for _ in range(8):
            Event().wait(0.01)
            moved()
        assert len(ALARM.deadlines) == 1
    assert not ALARM.deadlines
