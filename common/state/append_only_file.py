"""Whether Redis has written down what it answered: what even a `kill -9` of it cannot lose any more.

Redis writes its append-only file before it answers, with two exceptions under `appendfsync everysec`: the write that
finds the disk full is answered and kept in memory, and so is what comes while a sync of the file runs. See
docs/decisions/0002-redis-clients.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from common.errors import StateUnavailable

NEXT_LOOK_S = 0.002
"""A sync of the file takes milliseconds, on a busy disk a second."""
ROOM = "Give it room, then send this again, with the same task_id or Idempotency-Key."


@dataclass(frozen=True, slots=True)
class AppendOnlyFile:
    """What Redis tells of it, in bytes."""

    written: int
    buffered: int
    """Answered, and not written yet."""

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> Self:
        """Read the section `persistence` of INFO. A Redis without such a file has nothing left to write.

        Raises:
            StateUnavailable: it cannot be written.
        """
        if info.get("aof_last_write_status", "ok") != "ok":
            raise StateUnavailable(f"Redis cannot write its file: its disk is full or broken. {ROOM}")
        return cls(info.get("aof_current_size", 0), info.get("aof_buffer_length", 0))

    def holds(self, before: Self) -> bool:
        """Tell whether all that was answered when `before` was read is written by now.

        A file that has become smaller was written anew, from memory.
        """
        return not self.buffered or not before.written <= self.written < before.written + before.buffered
