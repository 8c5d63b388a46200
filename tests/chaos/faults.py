"""What happens to the box: processes are killed, frozen and terminated, Redis restarts or refuses writes, the disk
fills, queues are poisoned, the receiver of callbacks goes away or hangs.
"""

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
import redis

from tests.chaos.box import Box
from tests.chaos.letterbox import Letterbox

VICTIMS = {"child": 6, "worker": 2, "gateway": 2, "redis": 1, "ffmpeg": 2}
"""How often each is hit, of all kills and pauses. supervisord is left alone: nothing starts it again."""

WEIGHTS = {
    "kill": 10,
    "freeze": 4,
    "restart": 1,
    "fill": 1,
    "away": 1,
    "broken": 1,
    "hanging": 1,
    "stop": 2,
    "terminate": 0.3,
    "refuse": 1,
    "poison": 1,
}
GARBAGE = ("", "no JSON", "[]", "{}", '{"headers": {"id": 7}}', '{"body": "x", "headers": {}, "properties": {}}')
LONGEST_PAUSE_S = 12
AT_ONCE = 3


class Faults:
    """Rolls dice of its own, so that a seed gives the same faults in the same order."""

    def __init__(self, box: Box, letterbox: Letterbox, seed: int) -> None:
        self.box, self.letterbox = box, letterbox
        self.dice = Random(seed)
        self.happened: Counter[str] = Counter()
        self.filling, self.receiving, self.refusing = Lock(), Lock(), Lock()

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
        chosen = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        who = self.dice.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        which, seconds = self.dice.random(), self.dice.uniform(0.5, LONGEST_PAUSE_S)
        faults: dict[str, Callable[[], None]] = {
            "kill": partial(self.hit, who, which, signal.SIGKILL),
            "freeze": partial(self.freeze, who, which, seconds),
            "restart": partial(self.hit, "redis", 0, signal.SIGTERM),
            "fill": partial(self.fill, seconds),
            "away": partial(self.receiver, "away", self.letterbox.down, self.letterbox.up, seconds),
            "broken": partial(self.receiver, "broken", self.letterbox.break_down, self.letterbox.mend, seconds),
            "hanging": partial(self.receiver, "hanging", self.letterbox.hang, self.letterbox.mend, seconds),
            "stop": partial(self.hit, "child", which, signal.SIGSTOP),
            "terminate": self.terminate_all,
            "refuse": partial(self.refuse, seconds),
            "poison": partial(self.poison, which),
        }
        return faults[chosen]

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

    def terminate_all(self) -> None:
        """Send SIGTERM to every worker and all below it, as a machine does that shuts down; supervisord starts them."""
        with suppress(psutil.Error):
            there = self.box.processes()
            for process in (*there["ffmpeg"], *there["child"], *there["worker"]):
                with suppress(psutil.Error):
                    process.terminate()
            self.happened["SIGTERM all workers"] += 1

    def refuse(self, seconds: float) -> None:
        """Leave Redis no memory: it answers, and refuses every write."""
        with self.refusing, suppress(redis.RedisError):
            self.box.redis.config_set("maxmemory", 1)
            self.happened["Redis without memory"] += 1
            Event().wait(seconds)
            self.allow_writes()

    def allow_writes(self) -> None:
        """Give the memory back, also to a Redis that is only starting again: then it has it anyway."""
        while True:
            try:
                self.box.redis.config_set("maxmemory", 0)
            except redis.RedisError:
                Event().wait(0.2)
            else:
                return

    def poison(self, which: float) -> None:
        """Put a message that nobody can read into a service's queue."""
        services = self.box.plan.services
        queue, garbage = services[int(which * len(services))], GARBAGE[int(which * 997) % len(GARBAGE)]
        with suppress(redis.RedisError):
            self.box.redis.lpush(queue, garbage)
            self.happened["poisoned queue"] += 1

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
