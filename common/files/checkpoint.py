"""Append-only checkpoints: JSON lines in a file of the attempt's folder, read again by the next attempt."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from common.files.disk import full_disk_is_storage_full

CHECKPOINT = "checkpoint.jsonl"
"""Its name in an attempt's folder."""


class Checkpoint:
    """What an attempt has finished so far, one record a line. One writer at a time.

    A record survives `kill -9` of its process as soon as `append` returns; with `durable` also a loss of power. The
    line that a killed process was writing is not whole: readers do not see it, and the next append removes it.
    """

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self.path = path
        self.durable = durable
        self.end = 0  # bytes of whole records, as far as this object knows

    def append(self, record: BaseModel | dict[str, Any]) -> None:
        """Add a record.

        Raises:
            StorageFull: the disk is full; the records before are still whole.
        """
        line = to_json(record) + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with full_disk_is_storage_full(), self.path.open("ab") as file:
            if file.tell() != self.end:  # another writer's records, or a torn line
                self.end = end_of_whole(self.path)
                file.truncate(self.end)
            file.write(line)
            file.flush()
            if self.durable:
                os.fsync(file.fileno())
        self.end += len(line)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the whole records, oldest first; none when there is no file yet."""
        return (record for _, record in whole_lines(self.path))

    def inherit(self, previous: Path) -> None:
        """Begin with the whole records of an earlier attempt; nothing happens when this checkpoint has begun.

        They are copied, in one step: a stale attempt that still runs can only write to its own file.
        """
        if self.path.exists() or not previous.exists():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        copy = self.path.with_name(f".{self.path.name}.part")
        with full_disk_is_storage_full():
            copy.write_bytes(b"".join(line for line, _ in whole_lines(previous)))
        copy.replace(self.path)


def whole_lines(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield each whole line and its record, up to the first line that is not one."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            record = parse_record(line)
            if record is None:
                return
            yield line, record


def parse_record(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        record = from_json(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def end_of_whole(path: Path) -> int:
    return sum(len(line) for line, _ in whole_lines(path))
