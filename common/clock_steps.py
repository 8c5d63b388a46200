"""Steps of Redis's clock: when it was set forward or back, and what that means for stamps of before."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel

from common import keys
from common.redis import Call, script

MOST_KEPT = 20
BROKER_LOCK = "unacked_mutex"
"""Kombu's: who has it looks for messages to deliver again."""


class ClockStep(BaseModel):
    """One step, in microseconds. `before_us` and `after_us` are the readings on both sides of it."""

    step_us: int
    before_us: int
    after_us: int

    @property
    def step(self) -> timedelta:
        return timedelta(microseconds=self.step_us)

    def precedes(self, stamp_us: int) -> bool:
        """Tell whether a stamp was set after this step forward. Stamps of the clock of before are much smaller."""
        return stamp_us >= self.before_us + self.step_us // 2


class KeptReading(BaseModel):
    """The clocks as the last leader has read them, for a gateway that starts later.

    `asked_us` and `answered_us` are on a clock that goes on from `boot` to the next one; `latest` is the last step that
    was recorded before.
    """

    redis_us: int
    asked_us: int
    answered_us: int
    boot: str
    latest: ClockStep | None = None


@dataclass(frozen=True, slots=True)
class ClockSteps:
    """The latest steps, oldest first."""

    steps: tuple[ClockStep, ...] = ()

    def translate(self, stamp_us: int) -> int:
        """Return a stamp as the present clock would have set it.

        Only steps forward count: after one back, a stamp cannot be told from one of the clock of before, and what is
        taken for younger than it is harms nothing.
        """
        for step in self.steps:
            if step.step_us > 0 and not step.precedes(stamp_us):
                stamp_us += step.step_us
        return stamp_us


def clock_steps() -> Call[ClockSteps]:
    return Call(
        script("clock_steps"),
        [keys.CLOCK_STEPS],
        [],
        lambda answer: ClockSteps(tuple(ClockStep.model_validate_json(step) for step in answer)),
    )


def shift_due_times(step: ClockStep) -> Call[int]:
    """Record a step and shift the due times of dispatches, callbacks and wait limits by it."""
    return Call(
        script("shift_due"),
        [keys.DISPATCH, keys.OUTBOX, keys.WAIT_LIMITS, keys.CLOCK_STEPS, BROKER_LOCK],
        [step.step_us, step.before_us, step.model_dump_json(), MOST_KEPT],
        int,
    )
