"""The model of the GPU lock's protocol holds, and would notice if a guard of the protocol were missing."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "docs" / "gpu_lock_model.py"

GUARDS = {
    "a release checks the fence": (
        (2, 2),
        "if (state.holder, state.fence) == (owner, fence) else state",
        "if state.holder == owner else state",
    ),
    "a restart proves nobody dead": ((1, 2), ".connected or state.reborn:", ".connected:"),
    "a waiter polls": ((1, 1), 'if me.phase == "waiting":', 'if me.phase == "waiting" and me.woken:'),
    "fences grow": ((2, 1), "fence = state.last_fence + 1", "fence = max(1, state.last_fence)"),
    "a lease runs out": ((1, 1), "    if gone or", "    if False and gone and"),
}


@pytest.fixture(scope="module")
def explore() -> Callable[[int, int], tuple[int, int]]:
    found: Callable[[int, int], tuple[int, int]] = runpy.run_path(str(FILE))["explore"]
    return found


@pytest.mark.parametrize(("holds", "faults"), [(1, 2), (2, 1)])
def test_every_promise_holds_in_every_state(
    explore: Callable[[int, int], tuple[int, int]], holds: int, faults: int
) -> None:
    states, _ = explore(holds, faults)
    assert states > 5_000


@pytest.mark.parametrize("guard", GUARDS)
def test_the_model_notices_a_missing_guard(guard: str) -> None:
    text, (bounds, there, gone) = FILE.read_text(), GUARDS[guard]
    assert text.count(there) == 1
    broken: dict[str, Any] = {"__name__": "broken"}
    exec(compile(text.replace(there, gone), str(FILE), "exec"), broken)
    with pytest.raises(AssertionError):
        broken["explore"](*bounds)
