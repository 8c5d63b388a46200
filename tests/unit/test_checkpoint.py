"""A checkpoint keeps every whole record through kills, torn lines and new attempts."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from common.errors import StorageFull
from common.files.checkpoint import Checkpoint

ROOT = Path(__file__).parents[2]


class Chunk(BaseModel):
    index: int
    text: str


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "attempt-1" / "checkpoint.jsonl"


def records(path: Path) -> list[dict[str, object]]:
    return list(Checkpoint(path).records())


@pytest.mark.parametrize("durable", [False, True])
def test_records_come_back_in_order(path: Path, durable: bool) -> None:
    checkpoint = Checkpoint(path, durable=durable)
    checkpoint.append({"index": 0, "text": "línea\n你好\u2028"})
    checkpoint.append(Chunk(index=1, text="b"))
    assert records(path) == [{"index": 0, "text": "línea\n你好\u2028"}, {"index": 1, "text": "b"}]


def test_a_checkpoint_that_has_not_begun_has_no_records(path: Path) -> None:
    assert records(path) == []


def test_a_line_torn_anywhere_is_ignored_and_removed_by_the_next_append(path: Path) -> None:
    Checkpoint(path).append({"n": 1})
    Checkpoint(path).append({"n": 2, "text": "你好"})
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for length in range(first, len(whole)):
        path.write_bytes(whole[:length])
        assert records(path) == [{"n": 1}]
        Checkpoint(path).append({"n": 3})
        assert records(path) == [{"n": 1}, {"n": 3}]


@pytest.mark.parametrize("garbage", [b"\0\0\0\n", b"not json\n", b"3\n", b'{"a": \n', b"\xff\n"])
def test_what_follows_a_broken_line_is_not_trusted(path: Path, garbage: bytes) -> None:
    Checkpoint(path).append({"n": 1})
    with path.open("ab") as file:
        file.write(garbage + b'{"n": 2}\n')
    assert records(path) == [{"n": 1}]
    Checkpoint(path).append({"n": 3})
    assert records(path) == [{"n": 1}, {"n": 3}]


def test_two_objects_on_one_file_lose_nothing_of_each_other(path: Path) -> None:
    one, two = Checkpoint(path), Checkpoint(path)
    one.append({"n": 1})
    two.append({"n": 2})
    one.append({"n": 3})
    assert [record["n"] for record in records(path)] == [1, 2, 3]


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    full = tmp_path / "checkpoint.jsonl"
    full.symlink_to("/dev/full")
    with pytest.raises(StorageFull):
        Checkpoint(full).append({"n": 1})


WRITER = """
import sys
from pathlib import Path
from common.files.checkpoint import Checkpoint
checkpoint = Checkpoint(Path(sys.argv[1]))
n = sum(1 for _ in checkpoint.records())
while True:
    checkpoint.append({"n": n, "text": "x" * 200_000})
    print(n, flush=True)
    n += 1
"""


def killed_writer(path: Path, after: int) -> int:
    """Append in another process, kill it after some records, and return the last one it knew to be written."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        told = [int(process.stdout.readline()) for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout if line.endswith("\n")]
    return told[-1]


def test_every_record_whose_append_returned_survives_kill_9(path: Path) -> None:
    for _ in range(3):
        last = killed_writer(path, after=5)
        numbers = [record["n"] for record in records(path)]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > last


def test_a_new_attempt_inherits_the_whole_records_only(path: Path, tmp_path: Path) -> None:
    Checkpoint(path).append({"n": 1})
    with path.open("ab") as file:
        file.write(b'{"n": 2, "te')
    later = Checkpoint(tmp_path / "attempt-2" / "checkpoint.jsonl")
    later.inherit(path)
    later.append({"n": 2})
    assert list(later.records()) == [{"n": 1}, {"n": 2}]


def test_a_stale_attempt_writes_only_to_its_own_file(path: Path, tmp_path: Path) -> None:
    stale, later = Checkpoint(path), Checkpoint(tmp_path / "attempt-2" / "checkpoint.jsonl")
    stale.append({"n": 1})
    later.inherit(path)
    stale.append({"n": "stale"})
    later.append({"n": 2})
    assert list(later.records()) == [{"n": 1}, {"n": 2}]
    assert records(path) == [{"n": 1}, {"n": "stale"}]


def test_inheriting_again_changes_nothing(path: Path, tmp_path: Path) -> None:
    Checkpoint(path).append({"n": 1})
    later = Checkpoint(tmp_path / "checkpoint.jsonl")
    later.inherit(path)
    later.append({"n": 2})
    later.inherit(path)
    assert list(later.records()) == [{"n": 1}, {"n": 2}]
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["checkpoint.jsonl"]


def test_an_attempt_without_a_predecessor_inherits_nothing(path: Path, tmp_path: Path) -> None:
    later = Checkpoint(tmp_path / "attempt-2" / "checkpoint.jsonl")
    later.inherit(path)
    assert list(later.records()) == []


def test_the_file_is_plain_json_lines(path: Path) -> None:
    Checkpoint(path).append({"n": 1, "text": "a"})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"n": 1, "text": "a"}]
