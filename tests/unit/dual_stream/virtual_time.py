"""A pipeline on a clock that jumps: what each stage costs is said, and nothing else takes any time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from services.dual_stream.pipeline import FailureSignal, flow


class PrivateLoop(asyncio.SelectorEventLoop):
    """What typeshed leaves out of asyncio's own loop."""

    if TYPE_CHECKING:
        _ready: Sequence[asyncio.Handle]
        _scheduled: Sequence[asyncio.TimerHandle]

        def _run_once(self) -> None: ...


class Clock(PrivateLoop):
    """An event loop that never waits: when nothing is ready, it is as late as the next thing that is due."""

    now = 0.0

    @override
    def time(self) -> float:
        return self.now

    @override
    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self.now = max(self.now, self._scheduled[0].when())
        super()._run_once()


def virtual_threads(seconds: Mapping[str, float]) -> Callable[[str], AbstractAsyncContextManager[Callable[..., Any]]]:
    """Return what stands in for threads: a stage's work takes what is said for its class."""

    @asynccontextmanager
    async def virtual_thread(name: str) -> AsyncIterator[Callable[..., Any]]:
        async def call(function: Callable[..., Any], *arguments: Any) -> Any:
            await asyncio.sleep(0 if function.__name__ == "rest" else seconds[name])
            return function(*arguments)

        yield call

    return virtual_thread


class Fast:
    """Makes numbers."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.made = 0

    def items(self) -> Iterator[int]:
        for number in range(self.count):
            self.made += 1
            yield number


class Slow:
    """Notes what it got, and how far ahead the fast one was then."""

    def __init__(self, fast: Fast) -> None:
        self.fast = fast
        self.done: list[int] = []
        self.ahead: list[int] = []

    def process(self, item: int) -> None:
        self.done.append(item)
        self.ahead.append(self.fast.made - len(self.done))

    def rest(self) -> None:
        return


class Last:
    def __init__(self) -> None:
        self.done: list[int] = []

    def process(self, item: int) -> None:
        self.done.append(item)

    def rest(self) -> None:
        return


def seconds_for(count: int, **costs: float) -> tuple[float, Slow, Last]:
    """Return how long a pipeline of `count` items takes."""
    fast, last = Fast(count), Last()
    slow = Slow(fast)
    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(flow(fast, slow, last, stop=FailureSignal(), off_loop=virtual_threads(costs)))
        return runner.get_loop().time(), slow, last
