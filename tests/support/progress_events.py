"""Progress events of a task with their times, and a real decoder slowed down so that they can be told apart."""

import json
import time
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest

from common.state import keys
from tests.support.inspected_redis import every_command
from tests.support.service_bench import ServiceBench

SLOW_S = 0.25
"""Added to each attempt at a text: longer than the shortest time between two events of a task."""


def slow_down_decoder(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Make the real decoder slow, as a real model is on a CPU. Returns when each attempt at a text began."""
    from ctranslate2.models import Whisper  # noqa: PLC0415 - heavy, and few tests need it

    generate, began = Whisper.generate, list[float]()

    def generate_slowly(*given: Any, **options: Any) -> Any:
        began.append(time.monotonic())
        time.sleep(SLOW_S)
        return generate(*given, **options)

    monkeypatch.setattr(Whisper, "generate", generate_slowly)
    return began


def slow_down(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> None:
    """Make a function of a module slow."""
    function = getattr(module, name)

    def call_slowly(*given: Any, **options: Any) -> Any:
        time.sleep(SLOW_S)
        return function(*given, **options)

    monkeypatch.setattr(module, name, call_slowly)


def progress_of(bench: ServiceBench, task_id: str) -> list[tuple[float, dict[str, Any]]]:
    """Return each progress with the second at which it was published."""
    rows = every_command(bench.redis).xrange(keys.events(task_id))
    return [
        (int(number.split("-")[0]) / 1000, json.loads(fields["data"]))
        for number, fields in rows
        if fields["event"] == "progress"
    ]


def longest_gap(times: list[float]) -> float:
    return max(late - early for early, late in pairwise(times))
