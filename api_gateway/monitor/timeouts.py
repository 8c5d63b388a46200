"""Timeout levels: what the age of a lease means."""

from datetime import timedelta
from enum import StrEnum

from common.settings import MonitorSettings


class Level(StrEnum):
    """In ascending order; each one acts once per lease."""

    WARNING = "warning"
    SOFT = "soft_timeout"
    HARD = "hard_timeout"


class TimeoutManager:
    """Pure: from the time a task has held its lease to the level reached."""

    def __init__(self, settings: MonitorSettings) -> None:
        self.settings = settings

    def level(self, held: timedelta, task_name: str) -> Level | None:
        """Return the highest level reached. A level of 0 is disabled."""
        reached = [level for level in Level if (limit := self.limit(level, task_name)) and held >= limit]
        return reached[-1] if reached else None

    def limit(self, level: Level, task_name: str) -> timedelta:
        """Return when the level is reached, 0 for never."""
        limit: timedelta = getattr(self.settings.levels_of(task_name), level)
        return limit
