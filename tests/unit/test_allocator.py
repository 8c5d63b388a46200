"""What is freed goes back to the system, even when something small was made after it; or stays where that is asked."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FREES = """
import psutil
from common.worker.memory import return_freed_memory
{call}
def held(): return psutil.Process().memory_info().rss >> 20
before = held()
bytearray(20 << 20)  # this is what glibc would raise its threshold at
large, small = [], []
for _ in range(20):
    large.append(b"x" * (5 << 20))
    small.append(bytearray(100_000))
large.clear()
print(held() - before)
"""

TAKES_AGAIN = """
import resource
from common.worker.memory import return_freed_memory, keep_freed_memory
{call}
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = faults()
for _ in range(20):
    b"x" * (20 << 20)
print(faults() - before)
"""

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps it")


def run_script(script: str, call: str) -> int:
    command = [sys.executable, "-c", script.format(call=call)]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60).stdout)


def left_over_mib(call: str) -> int:
    return run_script(FREES, call)


def faults(call: str) -> int:
    """Return how many pages the kernel gave."""
    return run_script(TAKES_AGAIN, call)


def test_what_is_freed_goes_back() -> None:
    assert left_over_mib("") > 50, "else this shows nothing"
    assert left_over_mib("return_freed_memory()") < 20


def test_what_is_freed_can_stay_for_the_next_block() -> None:
    given_back = faults("return_freed_memory()")
    assert given_back > 20_000, "else this shows nothing"
    assert faults("return_freed_memory(); keep_freed_memory()") < given_back / 5
