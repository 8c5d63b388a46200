"""Base class of settings sections."""

from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


def parse_seconds(value: Any) -> Any:
    """Read a bare number as seconds, even if it is text from the environment."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Seconds = Annotated[timedelta, BeforeValidator(parse_seconds), Field(ge=timedelta(0))]
Port = Annotated[int, Field(ge=0, le=65_535)]
HostPattern = Annotated[str, StringConstraints(pattern=r"^[^/:\s]+$", to_lower=True)]
KeyHash = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


class Section(BaseModel):
    """A section of the settings. Durations are seconds in YAML and in the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_timedelta="float")


AnySection = TypeVar("AnySection", bound=Section)
