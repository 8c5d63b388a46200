"""Check what Redis has written to its append-only file, and so would survive a `kill -9` of it.

Redis writes the file before it answers, with two exceptions under `appendfsync everysec`: the write that finds the disk
full, and writes that arrive during a sync of the file, are answered first. See docs/decisions/0002-redis-clients.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from common.errors import StateUnavailable

NEXT_LOOK_S = 0.002
"""A sync of the file takes milliseconds, or a second on a busy disk."""
ROOM = "Give it room, then send this again, with the same task_id or Idempotency-Key."


@dataclass(frozen=True, slots=True)
class AppendOnlyFile:
    """State of the append-only file, in bytes."""

    written: int
    buffered: int
    """Answered, but not written yet."""

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> Self:
        """Parse the `persistence` section of INFO. A Redis without an append-only file has nothing left to write.

        Raises:
            StateUnavailable: the file cannot be written.
        """
        if info.get("aof_last_write_status", "ok") != "ok":
            raise StateUnavailable(f"Redis cannot write its file: its disk is full or broken. {ROOM}")
        return cls(info.get("aof_current_size", 0), info.get("aof_buffer_length", 0))

    def holds(self, before: Self) -> bool:
        """Return whether everything that was answered when `before` was read has been written.

        A file that became smaller was rewritten from memory.
        """
        return not self.buffered or not before.written <= self.written < before.written + before.buffered
