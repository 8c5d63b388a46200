"""The root of all Baton errors, and the record of an error that a task keeps."""

from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel

Cost = Literal["attempt", "interruption", "nothing"]
"""What another attempt costs the task: one of `tasks.max_attempts`, one of `tasks.max_interruptions`, or nothing."""


class BatonError(Exception):
    """An unexpected error inside Baton. Retry once; if it happens again, report it with the stack trace that is logged
    under the task id.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    cost: ClassVar[Cost] = "attempt"

    def __init__(self, message: str | None = None, **detail: Any) -> None:
        self.message = message or self.default_message()
        self.detail = detail
        super().__init__(self.message)

    @classmethod
    def default_message(cls) -> str:
        return " ".join((cls.__doc__ or cls.__name__).split())


class ErrorRecord(BaseModel):
    """The part of an error that a task's record keeps. The stack trace is only logged, under the task id."""

    code: str
    message: str
    retryable: bool = False
    detail: dict[str, Any] = {}

    @classmethod
    def of(cls, error: BatonError) -> Self:
        return cls(code=error.code, message=error.message, retryable=error.retryable, detail=error.detail)
