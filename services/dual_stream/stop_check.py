"""What each stage asks between two steps, from its own thread: may it go on?"""

from collections.abc import Callable

from common.worker.job import Job
from services.dual_stream.pipeline import Stop


class Watch:
    def __init__(self, job: Job, stop: Stop, moved: Callable[[], None]) -> None:
        """`moved` puts off the end of the process, which comes when nothing moves (`common.stall`)."""
        self.job = job
        self.stop = stop
        self.moved = moved

    def check(self) -> None:
        """Raise when the stage must stop.

        Raises:
            Cancelled, Fenced: the attempt must stop.
            Stopped: another stage has failed.
        """
        self.stop.check()
        self.job.check()

    def step(self) -> None:
        """Show that the stage lives, and raise as `check` does."""
        self.moved()
        self.check()
