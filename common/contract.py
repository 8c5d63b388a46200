"""Task contracts: inputs and outputs. Pure data: the gateway reads contracts without importing a service's code."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from common.media.fields import MediaFile

Position = Annotated[float, Field(ge=0, description="seconds from the beginning of the file")]


class TaskInput(BaseModel):
    """Base class of every `input_data`. Unknown fields are refused, so that a typing error is not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ClipInput(TaskInput):
    """Base class of inputs that may select a part of a medium."""

    start: Position = 0.0
    end: Annotated[Position | None, Field(description="seconds; None is the end of the file")] = None

    @field_validator("end")
    @classmethod
    def after_start(cls, end: float | None, info: ValidationInfo) -> float | None:
        if end is not None and end <= info.data.get("start", 0.0):
            raise ValueError("must be after start")
        return end


class TaskOutput(BaseModel):
    """Base class of every output."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Contract:
    """One task as the client sees it. Its queue is its service: the part of the name before the dot."""

    name: str
    input: type[TaskInput]
    output: type[TaskOutput]
    needs_gpu: bool = False
    soft_time_limit: timedelta = timedelta(hours=6)
    """After this, SoftTimeLimitExceeded is raised in the task, which may write a checkpoint."""
    hard_time_limit: timedelta = timedelta(hours=6, minutes=5)
    """After this, the process is killed."""
    summary: str = ""

    @property
    def queue(self) -> str:
        return self.name.partition(".")[0]


def media_files(value: Any, path: str = "") -> Iterator[tuple[str, MediaFile]]:
    """Yield every MediaFile inside a validated input, with its dotted path."""
    if isinstance(value, MediaFile):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from media_files(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from media_files(item, f"{path}.{index}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from media_files(item, f"{path}.{key}")


class Catalog(dict[str, Contract]):
    """Every contract by task name."""

    @property
    def queues(self) -> list[str]:
        return sorted({contract.queue for contract in self.values()})
