"""Run one ffmpeg to its end: monitored all the time, and never left behind."""

import ctypes
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from time import monotonic

WAKE_S = 0.25
TERM_GRACE_S = 0.25
"""Its output is discarded, so it needs no time to close its file."""
CLOSE_GRACE_S = 10.0
KEPT_LINES = 200
LINE_LIMIT = 2_000
CHUNK_BYTES = 65_536
PR_SET_PDEATHSIG = 1
POSITION = "out_time_us="

Wake = Callable[[float], None]
"""Called with the seconds of output written so far, at least every half second; an exception ends ffmpeg."""


@dataclass
class ProcessResult:
    """How an ffmpeg ended: exit code (negative: the signal), last messages, seconds of output."""

    code: int = 0
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    seconds: float = 0.0

    def hear_progress(self, line: str) -> None:
        value = line.removeprefix(POSITION)
        if value != line and value.lstrip("-").isdigit():
            self.seconds = max(self.seconds, int(value) / 1_000_000)

    def hear_words(self, line: str) -> None:
        if line.strip():
            self.lines.append(line[:LINE_LIMIT])


@dataclass
class LineReader:
    """Splits the chunks of a pipe into complete lines and calls back with each."""

    hear: Callable[[str], None]
    rest: bytes = b""

    def feed(self, chunk: bytes) -> None:
        *lines, rest = (self.rest + chunk).split(b"\n")
        self.rest = rest[-LINE_LIMIT:]
        for line in lines:
            self.hear(line.decode(errors="replace").rstrip("\r"))


def run(
    command: Sequence[str], folder: Path, on_wake: Wake, on_start: Callable[[int], None] | None = None
) -> ProcessResult:
    """Run `command` in `folder` until it ends, or until a callback raises; either way no process is left.

    `on_start` is called with the pid.
    """
    ending = ProcessResult()
    with start_process(command, folder) as process:
        if on_start:
            on_start(process.pid)
        follow(process, ending, on_wake)
        ending.code = process.wait(CLOSE_GRACE_S)
    return ending


@contextmanager
def start_process(command: Sequence[str], folder: Path) -> Iterator[Popen[bytes]]:
    """Start a process in its own group, and end the group on exit."""
    process = Popen(
        command,
        cwd=folder,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        process_group=0,
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - only one C call, loaded before the fork, runs in it
    )
    with process:
        try:
            yield process
        finally:
            end_group(process)


def end_group(process: Popen[bytes]) -> None:
    """End the process's group, first with SIGTERM, and reap it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(TERM_GRACE_S)
        except TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def follow(process: Popen[bytes], ending: ProcessResult, on_wake: Wake) -> None:
    """Read both pipes until they close, calling back at least every `WAKE_S`, even if ffmpeg prints nothing."""
    with DefaultSelector() as selector:
        selector.register(process.stdout or PIPE, EVENT_READ, LineReader(ending.hear_progress))
        selector.register(process.stderr or PIPE, EVENT_READ, LineReader(ending.hear_words))
        woken = monotonic()
        while selector.get_map():
            for key, _ in selector.select(WAKE_S):
                chunk = os.read(key.fd, CHUNK_BYTES)
                key.data.feed(chunk or b"\n")
                if not chunk:
                    selector.unregister(key.fileobj)
            if monotonic() - woken >= WAKE_S:
                woken = monotonic()
                on_wake(ending.seconds)


def die_with_parent() -> Callable[[], None] | None:
    """Return a function that the child runs before it becomes ffmpeg, so that it dies with our process; Linux only."""
    if sys.platform != "linux":
        return None
    parent = os.getpid()
    prctl = libc().prctl

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died between the fork and the call
            os._exit(1)

    return ask_kernel


@cache
def libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
