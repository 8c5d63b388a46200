"""Append-only checkpoints: a JSON Lines file in the attempt's folder, read by the next attempt."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from common.files.disk import full_disk_is_storage_full

CHECKPOINT = "checkpoint.jsonl"
"""File name in an attempt's folder."""


class Checkpoint:
    """What an attempt has finished so far, one record per line. There is one writer at a time.

    When `append` returns, the record survives `kill -9` of the process; with `durable` it also survives a power loss.
    If the process is killed in the middle of a write, readers ignore the incomplete line and the next append removes
    it.
    """

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self.path = path
        self.durable = durable
        self.end = 0  # bytes in complete records, as far as this object knows

    def append(self, record: BaseModel | dict[str, Any]) -> None:
        """Add a record.

        Raises:
            StorageFull: the disk is full; earlier records are intact.
        """
        line = to_json(record) + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with full_disk_is_storage_full(), self.path.open("ab") as file:
            if file.tell() != self.end:  # another writer's records, or an incomplete line
                self.end = end_of_complete_lines(self.path)
                file.truncate(self.end)
            file.write(line)
            file.flush()
            if self.durable:
                os.fsync(file.fileno())
        self.end += len(line)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the complete records, oldest first; none if the file does not exist yet."""
        return (record for _, record in complete_lines(self.path))

    def inherit(self, previous: Path) -> None:
        """Start with the complete records of an earlier attempt; do nothing if this checkpoint already has records.

        The records are copied atomically: a stale attempt that is still running can write only to its own file.
        """
        if self.path.exists() or not previous.exists():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        copy = self.path.with_name(f".{self.path.name}.part")
        with full_disk_is_storage_full():
            copy.write_bytes(b"".join(line for line, _ in complete_lines(previous)))
        copy.replace(self.path)


def complete_lines(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield each complete line and its record, up to the first line that is incomplete or not JSON."""
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


def end_of_complete_lines(path: Path) -> int:
    return sum(len(line) for line, _ in complete_lines(path))
