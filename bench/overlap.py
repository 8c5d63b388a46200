"""Overlap of the two streams with the real engines: `python -m bench.overlap`.

Runs one task in this process with the tiny test models, and compares the working time of each stage with the wall time.
The bound is 1.1 times the slower stage's time plus the first chunk's draft, which the slow stage needs to start.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from bench.asr import make_sound
from bench.result import keep
from services.dual_stream import pipeline
from services.dual_stream.fast_stage import FastStage
from services.dual_stream.slow_stage import SlowStage
from tests.support.redis_server import RedisServer
from tests.support.service_bench import ServiceBench

MINUTES = 5
ALLOWED = 1.1
TINY = {"model": "tiny-test", "draft_model": "tiny-test", "temperature": [0]}


class Times:
    """Time spent in each stage, in seconds."""

    def __init__(self) -> None:
        self.drafts: list[float] = []
        self.slow = 0.0
        self.wall = 0.0

    def time_items(self, items: Callable[[FastStage], Iterator[Any]]) -> Callable[[FastStage], Iterator[Any]]:
        def timed(stage: FastStage) -> Iterator[Any]:
            made = items(stage)
            while True:
                began = monotonic()
                item = next(made, None)
                self.drafts.append(monotonic() - began)
                if item is None:
                    return
                yield item

        return timed

    def time_process(self, process: Callable[..., None]) -> Callable[..., None]:
        def timed(stage: SlowStage, context: Any) -> None:
            began = monotonic()
            process(stage, context)
            self.slow += monotonic() - began

        return timed

    def time_run(self, run: Callable[..., None]) -> Callable[..., None]:
        def timed(*stages: Any, **options: Any) -> None:
            began = monotonic()
            run(*stages, **options)
            self.wall = monotonic() - began

        return timed


def main() -> None:
    times = Times()
    FastStage.items = times.time_items(FastStage.items)  # type: ignore[assignment, method-assign]
    SlowStage.process = times.time_process(SlowStage.process)  # type: ignore[method-assign]
    pipeline.run = times.time_run(pipeline.run)
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "share").mkdir()
        make_sound(folder / "share/talk.wav", MINUTES)
        server = RedisServer(folder / "redis").start()
        bench = ServiceBench("dual_stream", server.url, folder / "share", TINY)
        for _ in range(2):  # the first one loads the models
            times.drafts.clear()
            times.slow = 0.0
            bench.output(audio_path="talk.wav")
        bench.close()
        server.stop()
    fast, first = sum(times.drafts), times.drafts[0]
    bound = ALLOWED * max(fast, times.slow) + first
    print(f"fast {fast:.2f} s, slow {times.slow:.2f} s, first chunk {first:.2f} s, wall {times.wall:.2f} s")
    print(f"{'met' if times.wall <= bound else 'MISSED'}: wall at most {bound:.2f} s")
    keep("overlap", fast_s=fast, slow_s=times.slow, first_s=first, wall_s=times.wall)


if __name__ == "__main__":
    main()
