"""Soak test: many tasks through one worker, to check for growing memory and leftovers in Redis: `python -m bench.soak`.

The same few inputs repeat: some with words, some as a video, some cut into chunks; one task in seven is cancelled. The
series is the RSS of the process that runs the tasks, after each task. Records expire after a few seconds, so what is in
Redis at the end would stay there.
"""

import argparse
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from shutil import copy
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from bench.asr import FIXTURES, NAME, Ours
from bench.result import keep
from bench.rig import Rig, wait_for

SOUNDS = ("speech/en-00.flac", "speech/zh-00.flac", "sample.mp4", "speech/en-long.flac")
CHUNKS_OF_20_S = {"BATON_FASTER_WHISPER__CHUNK_LENGTH": "20"}
KEPT_S = 60
SHORT_LIVES = {"BATON_TASKS__STATE_TTL": str(KEPT_S)}
WARM_UP = 30
BOUND = 1.05
CANCEL_EACH = 7

Row = dict[str, Any]


def inputs() -> Iterator[Row]:
    """Yield the inputs of the tasks, in an endless cycle."""
    for number, sound in enumerate(cycle(SOUNDS)):
        yield {"audio_path": Path(sound).name, "word_timestamps": number % 3 == 0, "vad_filter": number % 5 != 0}


def soak(ours: Ours, tasks: int) -> list[Row]:
    """Run the tasks one by one; return the measurements after each."""
    seen = []
    for number, given in enumerate(islice(inputs(), tasks), 1):
        task_id = ours.submit(given.pop("audio_path"), wait=0 if number % CANCEL_EACH == 0 else 60, **given)
        if number % CANCEL_EACH == 0:
            ours.http.post(f"/v1/tasks/{task_id}/cancel")
        wait_until_ended(ours, task_id)
        seen.append(state(ours))
    return seen


def wait_until_ended(ours: Ours, task_id: str) -> None:
    statuses = {"SUCCESS", "CANCELLED"}
    wait_for(lambda: ours.http.get(f"/v1/tasks/{task_id}").json()["status"] in statuses)


def state(ours: Ours) -> Row:
    client, process = ours.rig.client, psutil.Process(ours.child)
    return {
        "pid": process.pid,
        "rss_mib": process.memory_info().rss >> 20,
        "threads": process.num_threads(),
        "files": process.num_fds(),
        "keys": client.dbsize(),
        "redis_mib": client.info("memory")["used_memory"] >> 20,
    }


def judge(seen: list[Row]) -> Row:
    """Return what grew after the warm-up. Uses medians, because a sample may fall into the end of a task."""
    settled = [row["rss_mib"] for row in seen[WARM_UP:]]
    first, last = median(settled[:WARM_UP]), median(settled[-WARM_UP:])
    return {
        "tasks": len(seen),
        "processes": len({row["pid"] for row in seen}),
        "rss_first_mib": first,
        "rss_last_mib": last,
        "rss_max_mib": max(settled),
        "growth_percent": round(100 * (last / first - 1), 1),
        "flat": last <= BOUND * first,
        "threads": [seen[WARM_UP]["threads"], seen[-1]["threads"]],
        "files": [seen[WARM_UP]["files"], seen[-1]["files"]],
    }


def count_leftovers(rig: Rig) -> Row:
    """Return what Redis holds after all records have expired: keys, and the lengths of lists and streams."""
    wait_for(lambda: not list(rig.client.scan_iter("workflow_state:*", count=1000)))
    lengths = {"list": rig.client.llen, "stream": rig.client.xlen, "zset": rig.client.zcard, "hash": rig.client.hlen}
    kinds = {name: rig.client.type(name) for name in rig.client.scan_iter(count=1000)}
    return {name: lengths[kind](name) for name, kind in sorted(kinds.items()) if kind in lengths}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--tasks", type=int, default=300)
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder, Rig(Path(folder)) as rig:
        share = Path(folder) / "share"
        share.mkdir()
        for sound in SOUNDS:
            copy(FIXTURES / sound, share)
        seen = soak(Ours(rig, **CHUNKS_OF_20_S, **SHORT_LIVES), chosen.tasks)
        row = judge(seen)
        row["left"] = count_leftovers(rig)
    print("RSS of the worker's child after each task, MiB:", *(row["rss_mib"] for row in seen))
    print("keys in Redis after each task:", *(row["keys"] for row in seen))
    for name, value in row.items():
        print(f"{name:>16}  {value}")
    keep("soak", task=NAME, **row)


if __name__ == "__main__":
    main()
