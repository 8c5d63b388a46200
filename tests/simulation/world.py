"""A whole Baton in one process: gateways, workers, clients and faults, chosen step by step by one seed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import PurePosixPath
from random import Random
from unittest.mock import patch

from api_gateway.monitor import silences
from common.clock import utcnow
from common.contract import Contract, TaskInput, TaskOutput
from common.settings import TaskSettings
from common.state.context import InputParams, Stage, WorkflowContext
from common.state.store import StateStore, Submission
from tests.simulation.clock import Fault, VirtualClock, VirtualRedis
from tests.simulation.gateway import Gateway
from tests.simulation.network import Link, Network
from tests.simulation.promises import Promises
from tests.simulation.worker import QUEUE, Worker
from tests.support.inspected_redis import InspectedRedis

CONTRACT = Contract(f"{QUEUE}.nothing", TaskInput, TaskOutput)
TASK_IDS = [f"task-{number}" for number in range(3)]
WORKERS, GATEWAYS = 3, 2
FAULTY_STEPS = 90
CALM_STEPS = 1_500
"""A bound: the retries of all tasks, each after its backoff, and the longest silence."""
LONGEST_ADVANCE_S = 2.0


class World:
    """All processes of a run."""

    def __init__(self, redis: InspectedRedis, seed: int, fault: Fault | None = None) -> None:
        redis.client.flushall()
        self.random = Random(seed)
        self.clock = VirtualClock()
        self.redis = VirtualRedis(redis, self.clock, fault)
        self.store = StateStore(TaskSettings(retry_backoff=timedelta(seconds=1)))
        self.queue: list[str] = []
        self.promises = Promises(redis, TASK_IDS)
        self.network = Network(self.redis, self.random, self.promises.check_call, self.promises.check_repeat)
        submissions = [self.store.create(submission(task_id)) for task_id in TASK_IDS]
        self.gateways = [
            Gateway(Link(self.network), self.store, self.queue, TASK_IDS, submissions) for _ in range(GATEWAYS)
        ]
        self.workers = [
            Worker(
                f"worker-{number}", Link(self.network), self.store, self.queue, self.promises.begin, self.promises.end
            )
            for number in range(WORKERS)
        ]

    def run(self) -> None:
        """Hurt it for a while, then let it come to rest.

        Raises:
            AssertionError: a promise was not kept.
        """
        for _ in range(FAULTY_STEPS):
            self.inject_fault()
            self.step()
        self.network.faulty = False
        for _ in range(CALM_STEPS):
            if self.at_rest():
                break
            self.step()
        self.promises.check_end(self.workers)
        assert self.at_rest(), f"still not final after {CALM_STEPS} calm steps: {self.promises.statuses()}"

    def step(self) -> None:
        self.redis.advance(self.random.uniform(0.0, LONGEST_ADVANCE_S))
        steps = [worker.step for worker in self.workers]
        self.random.choice([*steps, *steps, *(gateway.step for gateway in self.gateways)])()
        self.promises.check_overlap(self.workers)

    def inject_fault(self) -> None:
        chance = self.random.random()
        if chance < 0.03:
            self.random.choice(self.workers).die()
        elif chance < 0.08:
            links = [worker.link for worker in self.workers] + [gateway.link for gateway in self.gateways]
            self.random.choice(links).cut_until = self.clock.seconds + self.random.uniform(5.0, 60.0)
        elif chance < 0.18:
            self.network.repeat_an_old_change()
            self.network.repeat_an_old_beat()
        elif chance < 0.2 and self.queue:
            self.queue.append(self.random.choice(self.queue))

    def at_rest(self) -> bool:
        return not any(gateway.submissions for gateway in self.gateways) and self.promises.are_all_final()


def submission(task_id: str) -> Submission:
    context = WorkflowContext(
        workflow_id=task_id,
        task_id=task_id,
        task_name=CONTRACT.name,
        created_at=utcnow(),
        updated_at=utcnow(),
        input_params=InputParams(task_name=CONTRACT.name, input_data={}),
        shared_storage_path=PurePosixPath("/share/workflows") / task_id,
        stages={CONTRACT.name: Stage()},
    )
    return Submission(context, CONTRACT, digest=task_id)


def simulate(redis: InspectedRedis, seed: int, fault: Fault | None = None) -> None:
    """Run one seed, with a fault in the scripts if there is one.

    Raises:
        AssertionError: a promise was not kept; the message names the seed.
    """
    world = World(redis, seed, fault)
    try:
        with virtual_monotonic(world.clock):
            world.run()
    except AssertionError as error:
        raise AssertionError(f"seed {seed}, at {world.clock.seconds:.3f}: {error}") from error


@contextmanager
def virtual_monotonic(clock: VirtualClock) -> Iterator[None]:
    """Let the monitor's measure of silence use the virtual clock too."""
    with patch.object(silences, "monotonic", clock.monotonic):
        yield
