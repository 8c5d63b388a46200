"""Steps of Redis's clock: when it was set forward or back, and how earlier timestamps are adjusted."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel

from common.state import keys
from common.state import work_scripts as scripts
from common.state.scripts import ScriptCall

MOST_KEPT = 20
BROKER_LOCK = keys.Key("unacked_mutex")
"""Kombu's lock: its holder redelivers messages that were not acknowledged."""


class ClockStep(BaseModel):
    """One step, in microseconds. `before_us` and `after_us` are the readings on either side of it."""

    step_us: int
    before_us: int
    after_us: int

    @property
    def step(self) -> timedelta:
        return timedelta(microseconds=self.step_us)

    def precedes(self, stamp_us: int) -> bool:
        """Return whether a timestamp was set after this forward step. Timestamps of the old clock are much smaller."""
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
        """Return a timestamp as the current clock would have set it.

        Only forward steps count: after a backward step, timestamps of the old and the new clock cannot be told apart,
        and considering one younger than it is does no harm.
        """
        for step in self.steps:
            if step.step_us > 0 and not step.precedes(stamp_us):
                stamp_us += step.step_us
        return stamp_us


def clock_steps() -> ScriptCall[ClockSteps]:
    return scripts.read_clock_steps(steps=keys.CLOCK_STEPS).then(
        lambda answer: ClockSteps(tuple(ClockStep.model_validate_json(step) for step in answer))
    )


def shift_due_times(step: ClockStep) -> ScriptCall[int]:
    """Record a step and shift the due times of dispatches, callbacks and wait limits by it."""
    return scripts.shift_due(
        dispatch=keys.DISPATCH,
        outbox=keys.OUTBOX,
        wait_limits=keys.WAIT_LIMITS,
        steps=keys.CLOCK_STEPS,
        broker_lock=BROKER_LOCK,
        step_us=step.step_us,
        before_us=step.before_us,
        step=step.model_dump_json(),
        most_kept=MOST_KEPT,
    )
