"""Check between two steps of a stage, from its own thread, whether it may continue."""

from collections.abc import Callable

from common.worker.job import Job
from services.dual_stream.pipeline import FailureSignal


class StopCheck:
    def __init__(self, job: Job, stop: FailureSignal, moved: Callable[[], None]) -> None:
        """`moved` postpones the end of the process, which comes when nothing moves (`common.stall`)."""
        self.job = job
        self.stop = stop
        self.moved = moved

    def check(self) -> None:
        """Raise if the stage must stop.

        Raises:
            Cancelled, Fenced: the attempt must stop.
            Stopped: another stage has failed.
        """
        self.stop.check()
        self.job.check()

    def step(self) -> None:
        """Show that the stage is alive, and raise as `check` does."""
        self.moved()
        self.check()
