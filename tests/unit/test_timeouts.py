"""A lease's age gives its level; a task may have its own levels."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from api_gateway.monitor.timeouts import Level, TimeoutManager
from common.settings import MonitorSettings

LONG = "faster_whisper.transcribe_audio"
MANAGER = TimeoutManager(
    MonitorSettings.model_validate(
        {
            "timeout_levels": {"warning": 10, "soft_timeout": 20, "hard_timeout": 30},
            "per_task": {LONG: {"soft_timeout": 0, "hard_timeout": 300}},
        }
    )
)


@pytest.mark.parametrize(
    ("held", "task_name", "level"),
    [
        (0, "a.b", None),
        (9.999, "a.b", None),
        (10, "a.b", Level.WARNING),
        (19.999, "a.b", Level.WARNING),
        (20, "a.b", Level.SOFT),
        (30, "a.b", Level.HARD),
        (1e6, "a.b", Level.HARD),
        (30, LONG, Level.WARNING),
        (299, LONG, Level.WARNING),
        (300, LONG, Level.HARD),
        (30, "", Level.HARD),
    ],
)
def test_the_age_gives_the_level(held: float, task_name: str, level: Level | None) -> None:
    assert MANAGER.level(timedelta(seconds=held), task_name) == level


def test_a_level_of_zero_is_off() -> None:
    off = {"warning": 0, "soft_timeout": 0, "hard_timeout": 0}
    manager = TimeoutManager(MonitorSettings.model_validate({"timeout_levels": off}))
    assert manager.level(timedelta(days=100), "a.b") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout_levels": {"warning": 100, "soft_timeout": 10}},
        {"timeout_levels": {"soft_timeout": 10, "hard_timeout": 5, "warning": 0}},
        {"per_task": {"a.b": {"soft_timeout": 10}}},
        {"per_task": {"a.b": {"warnung": 10}}},
        {"monitor_interval": 0},
        {"monitor_interval": 1e9},
        {"heartbeat": {"interval": 5, "timeout": 5}},
        {"stall_timeout": -1},
    ],
)
def test_levels_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MonitorSettings.model_validate(wrong)
