"""What happens to the box: processes are killed and frozen, Redis restarts, the disk fills, the receiver goes away."""

import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from random import Random
from threading import Event, Lock
from time import monotonic

import psutil

from tests.chaos.box import Box
from tests.chaos.letterbox import Letterbox

VICTIMS = {"child": 6, "worker": 2, "gateway": 2, "redis": 1, "ffmpeg": 2}
"""How often each is hit, of all kills and pauses. supervisord is left alone: nothing starts it again."""

LONGEST_PAUSE_S = 12
AT_ONCE = 3


class Faults:
    """Rolls dice of its own, so that a seed gives the same faults in the same order."""

    def __init__(self, box: Box, letterbox: Letterbox, seed: int) -> None:
        self.box, self.letterbox = box, letterbox
        self.dice = Random(seed)
        self.happened: Counter[str] = Counter()
        self.filling, self.receiving = Lock(), Lock()

    def run(self, seconds: float, every: float) -> None:
        """Let faults happen for a time, some of them at once; at the end all of them are over."""
        ends = monotonic() + seconds
        with ThreadPoolExecutor(AT_ONCE) as pool:
            begun = []
            while (left := ends - monotonic()) > 0:
                Event().wait(min(left, self.dice.uniform(0, 2 * every)))
                begun.append(pool.submit(self.next()))
        for fault in begun:
            fault.result()

    def next(self) -> Callable[[], None]:
        """Roll the next fault, with all that is left to chance in it."""
        chosen = self.dice.choices(("kill", "freeze", "restart", "fill", "away", "broken"), (10, 4, 1, 1, 1, 1))[0]
        who = self.dice.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        which, seconds = self.dice.random(), self.dice.uniform(0.5, LONGEST_PAUSE_S)
        return {
            "kill": partial(self.hit, who, which, signal.SIGKILL),
            "freeze": partial(self.freeze, who, which, seconds),
            "restart": partial(self.hit, "redis", 0, signal.SIGTERM),
            "fill": partial(self.fill, seconds),
            "away": partial(self.receiver, "away", self.letterbox.down, self.letterbox.up, seconds),
            "broken": partial(self.receiver, "broken", self.letterbox.break_down, self.letterbox.mend, seconds),
        }[chosen]

    def victim(self, who: str, which: float) -> psutil.Process | None:
        with suppress(psutil.Error):
            there = self.box.processes()[who]
            return there[int(which * len(there))] if there else None
        return None

    def hit(self, who: str, which: float, number: signal.Signals) -> None:
        process = self.victim(who, which)
        if process:
            with suppress(psutil.Error):
                process.send_signal(number)
                self.happened[f"{number.name} {who}"] += 1

    def freeze(self, who: str, which: float, seconds: float) -> None:
        process = self.victim(who, which)
        if process:
            with suppress(psutil.Error):
                process.suspend()
                self.happened[f"SIGSTOP {who}"] += 1
                Event().wait(seconds)
                process.resume()

    def fill(self, seconds: float) -> None:
        with self.filling:
            filler = self.box.fill_disk()
            if filler:
                self.happened["disk full"] += 1
                Event().wait(seconds)
                filler.unlink(missing_ok=True)

    def receiver(self, what: str, begin: Callable[[], None], end: Callable[[], None], seconds: float) -> None:
        with self.receiving:
            begin()
            self.happened[f"receiver {what}"] += 1
            Event().wait(seconds)
            end()
