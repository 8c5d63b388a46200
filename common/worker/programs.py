"""Programs that a service runs, with path and version, for its worker's presence."""

from collections.abc import Callable

from common.errors import BatonError
from common.settings import Settings

Describe = Callable[[Settings], str]

PROGRAMS: dict[str, Describe] = {}
"""By name; a service adds its own when its tasks are imported."""


def describe_programs(settings: Settings) -> dict[str, str]:
    """Return each program's version and path, or the error that a task would get."""
    return {name: describe_program(describe, settings) for name, describe in PROGRAMS.items()}


def describe_program(describe: Describe, settings: Settings) -> str:
    try:
        return describe(settings)
    except BatonError as error:
        return f"{error.code}: {error.message}"
