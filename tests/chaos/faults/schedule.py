"""When which fault happens: dice of their own, so that a seed gives the same faults in the same order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from time import monotonic

from tests.chaos.box import Box
from tests.chaos.callback_receiver import CallbackReceiver
from tests.chaos.faults import broken_redis, processes, surroundings
from tests.chaos.faults.scene import Roll, Scene, let_pass

Fault = Callable[[Scene, Roll], None]

VICTIMS = {"child": 6, "worker": 2, "gateway": 2, "redis": 1, "ffmpeg": 2}
"""How often each is hit, of all kills and pauses."""

WEIGHTS: dict[Fault, float] = {
    processes.kill: 10,
    processes.freeze: 4,
    processes.stop: 2,
    processes.restart_redis: 1,
    processes.terminate_workers: 0.3,
    processes.kill_gateways: 0.5,
    processes.kill_leader: 1,
    processes.kill_supervisord: 0.3,
    processes.shut_down: 0.3,
    broken_redis.refuse: 1,
    broken_redis.demote: 1,
    broken_redis.poison: 1,
    surroundings.cut: 4,
    surroundings.step_clock: 1.5,
    surroundings.slow_imports: 1,
    surroundings.fill: 1,
    surroundings.away: 1,
    surroundings.broken: 1,
    surroundings.hanging: 1,
}
LONGEST_S = 12
AT_ONCE = 3


class Faults:
    def __init__(self, box: Box, callback_receiver: CallbackReceiver, seed: int) -> None:
        self.scene = Scene(box, callback_receiver)
        self.dice = Random(seed)
        self.leader: str | None = None

    def run(self, seconds: float, every: float) -> None:
        """Let faults happen for a time, some of them at once; at the end all of them are over."""
        ends = monotonic() + seconds
        with ThreadPoolExecutor(AT_ONCE) as pool:
            begun = []
            while (left := ends - monotonic()) > 0:
                let_pass(min(left, self.dice.uniform(0, 2 * every)))
                begun.append(pool.submit(self.next()))
                self.follow_leader()
        for fault in begun:
            fault.result()

    def next(self) -> Callable[[], None]:
        """Roll the next fault, with all that is left to chance in it."""
        fault = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        who = self.dice.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        roll = Roll(who, self.dice.random(), self.dice.uniform(0.5, LONGEST_S))
        return partial(fault, self.scene, roll)

    def follow_leader(self) -> None:
        """Count how often another gateway leads than before."""
        leader = self.scene.box.leader()
        if leader and self.leader and leader != self.leader:
            self.scene.count("(another gateway leads)")
        self.leader = leader or self.leader
