"""However long a film is and however slow Whisper: the memory is that of a few chunks."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ONE_HEAP = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}
"""What is freed goes back at once, so that the peak is of what is held, not of how threads took turns."""


def peak_kib(*minutes: int) -> int:
    command = [sys.executable, str(HERE / "long_film.py"), *map(str, minutes)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **ONE_HEAP},
        capture_output=True,
        text=True,
        check=True,
        timeout=110,
    )
    return int(done.stdout.split()[-1])


def test_two_hours_take_the_memory_of_ten_minutes() -> None:
    """Several short films find the moment when all stages are full as surely as a long one does."""
    assert peak_kib(120) <= 1.1 * peak_kib(*[10] * 4)
