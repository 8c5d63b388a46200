"""Follow the log files of all programs at once, each line prefixed with its program's name."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cli.stack.folder import StateDir

POLL = timedelta(milliseconds=250)


@dataclass(slots=True)
class LogFile:
    """One growing file. After a rotation the new one is read from its beginning."""

    path: Path
    position: int = 0
    inode: int = 0
    rest: bytes = b""

    @property
    def name(self) -> str:
        return self.path.stem

    def new_lines(self) -> list[str]:
        try:
            with self.path.open("rb") as file:
                self.rewind_if_new(os.fstat(file.fileno()))
                file.seek(self.position)
                read = file.read()
        except FileNotFoundError:  # at the moment of its rotation
            return []
        self.position += len(read)
        *lines, self.rest = (self.rest + read).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def rewind_if_new(self, found: os.stat_result) -> None:
        if found.st_ino != self.inode or found.st_size < self.position:
            self.inode, self.position, self.rest = found.st_ino, 0, b""


def lines(state_dir: StateDir, programs: set[str], *, last: int, follow: bool) -> Iterator[tuple[str, str]]:
    """Yield (program, line): the last lines of each log, then, when following, all new ones."""
    logs = open_logs(state_dir, programs, {})
    for log in logs.values():
        yield from ((log.name, line) for line in log.new_lines()[-last:])
    while follow:
        time.sleep(POLL.total_seconds())
        for log in open_logs(state_dir, programs, logs).values():
            yield from ((log.name, line) for line in log.new_lines())


def open_logs(state_dir: StateDir, programs: set[str], known: dict[Path, LogFile]) -> dict[Path, LogFile]:
    """Add the logs that are not known yet. `programs` limits them; empty means all."""
    for path in sorted(state_dir.logs.glob("*.log")):
        if path not in known and (not programs or path.stem in programs):
            known[path] = LogFile(path)
    return known


def tail(path: Path, count: int) -> str:
    """Return the last lines of a log, empty if there is none."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
