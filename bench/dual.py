"""Two streams as a task compared with two plain scripts, on the same models and audio: `python -m bench.dual`.

`serial` transcribes all of the audio with SenseVoice, then with Whisper. `threads` does both at the same time, each in
its own thread over the whole audio. `ours` is measured from the POST by a client of the event stream, on a warm worker
with a simulated card; the scripts from opening the file to their last text, with the models loaded. The scripts' share
of the card is the time that Whisper works, because they would hold the card that long.

Without a real card, both engines compute on the same cores, so overlap gains nothing here: compare first draft, first
final, memory and the share of the card.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from subprocess import run
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from bench.asr import CLIPS, FIXTURES, Row, make_sound, peak_mib
from bench.result import keep
from bench.rig import ROOT, Rig, wait_for

NAME = "dual_stream.transcribe_audio"
PATIENT = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 1, "timeout": 60}'}
PLAIN = ("serial", "threads")


class Ours:
    """A gateway and a warm worker with a simulated card."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.worker = rig.python("services", "dual_stream", BATON_GPU__DEVICE="simulated", **PATIENT)
        self.http = rig.gateway(**PATIENT)

    @property
    def child(self) -> int:
        """The process that runs the tasks."""
        wait_for(self.worker.children)
        return int(self.worker.children()[-1].pid)

    def measure(self, sound: str) -> Row:
        """Return what a client of the event stream observes, in seconds from the POST."""
        child = self.child
        Path(f"/proc/{child}/clear_refs").write_text("5")  # resets the peak
        began = monotonic()
        given = {"audio_path": sound, "model": "tiny-test", "draft_model": "tiny-test", "temperature": [0]}
        answer = self.http.post("/v1/tasks", json={"task_name": NAME, "input_data": given}).raise_for_status()
        task_id = answer.json()["task_id"]
        seen: Row = {}
        for kind in self.kinds(task_id):
            seen.setdefault(kind, monotonic() - began)
        seconds = monotonic() - began
        assert self.http.get(f"/v1/tasks/{task_id}").json()["status"] == "SUCCESS"
        return {
            "s": seconds,
            "first_draft_s": seen["draft"],
            "first_final_s": seen["fragment"],
            "peak_mib": peak_mib(child),
            "card_share": self.hold_seconds(task_id) / seconds,
        }

    def kinds(self, task_id: str) -> Iterator[str]:
        with self.http.stream("GET", f"/v1/tasks/{task_id}/events", headers={"Last-Event-ID": "0"}) as answer:
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    yield line.removeprefix("event: ")

    def hold_seconds(self, task_id: str) -> float:
        """Return the seconds that the task held the card, from the lock's history."""
        (history,) = self.rig.client.scan_iter("gpu_lock:*:history")
        leases = (json.loads(fields["lease"]) for _, fields in self.rig.client.xrange(history))
        return sum(
            (int(lease["ended_us"]) - int(lease["granted_us"])) / 1e6
            for lease in leases
            if lease["task_id"] == task_id and "granted_us" in lease
        )


# ---- the plain scripts, each in a separate process ----


class Script:
    """A script of a few lines that uses both libraries."""

    def __init__(self, sound: str) -> None:
        from faster_whisper import WhisperModel, decode_audio  # noqa: PLC0415 - imported only by the script

        from services.sensevoice import engine  # noqa: PLC0415 - the same

        self.engine = engine
        self.sensevoice = engine.load(FIXTURES / "models/sensevoice", threads=max((os.cpu_count() or 1) - 2, 1))
        self.whisper = WhisperModel(str(FIXTURES / "models/whisper"), device="cpu", compute_type="int8")
        list(self.whisper.transcribe(str(CLIPS[0]), vad_filter=True, temperature=0, word_timestamps=True)[0])
        self.decode: Callable[[], Any] = lambda: decode_audio(sound)
        self.first: Row = {}
        self.began = monotonic()

    def run_fast_stage(self) -> list[Any]:
        from common.media.vad import find_speech  # noqa: PLC0415 - heavy

        samples, drafts = self.decode(), []
        for begin, end in find_speech(samples, min_silence_duration_ms=400, max_speech_duration_s=12):
            drafts.append(self.engine.transcribe(self.sensevoice, samples[begin:end], language=None, itn=True))
            self.first.setdefault("first_draft_s", monotonic() - self.began)
        return drafts

    def run_slow_stage(self) -> float:
        """Transcribe with Whisper; return the seconds it took."""
        began = monotonic()
        for _ in self.whisper.transcribe(self.decode(), vad_filter=True, temperature=0, word_timestamps=True)[0]:
            self.first.setdefault("first_final_s", monotonic() - self.began)
        return monotonic() - began

    def serial(self) -> float:
        self.run_fast_stage()
        return self.run_slow_stage()

    def threads(self) -> float:
        with ThreadPoolExecutor(2) as both:
            fast, slow = both.submit(self.run_fast_stage), both.submit(self.run_slow_stage)
            fast.result()
            return slow.result()


def script(way: str, sound: str) -> None:
    work = Script(sound)
    ways: dict[str, Callable[[], float]] = {"serial": work.serial, "threads": work.threads}
    held = ways[way]()
    seconds = monotonic() - work.began
    print(json.dumps({"s": seconds, **work.first, "peak_mib": peak_mib(os.getpid()), "card_share": held / seconds}))


def run_plain(way: str, sound: Path) -> Row:
    command = [sys.executable, "-m", "bench.dual", "--plain", way, str(sound)]
    row: Row = json.loads(run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    return row


def compare(ours: Ours, share: Path, minutes: int, rounds: int) -> list[Row]:
    sound = share / f"{minutes}min.wav"
    make_sound(sound, minutes)
    measured: dict[str, list[Row]] = {"serial": [], "threads": [], "ours": []}
    for _ in range(rounds):
        for way in PLAIN:
            measured[way].append(run_plain(way, sound))
        measured["ours"].append(ours.measure(sound.name))
    keys = measured["ours"][0]
    rows = [
        {"minutes": minutes, "way": way, **{key: median(run[key] for run in found) for key in keys}}
        for way, found in measured.items()
    ]
    for row in rows:
        row["of_serial"] = row["s"] / rows[0]["s"]
    return rows


COLUMNS = {
    "minutes": "min", "way": "way", "s": "wall s", "of_serial": "of serial", "first_draft_s": "first draft s",
    "first_final_s": "first final s", "peak_mib": "peak MiB", "card_share": "card share",
}  # fmt: skip


def show(rows: list[Row]) -> None:
    print("  ".join(f"{title:>13}" for title in COLUMNS.values()))
    for row in rows:
        cells = (row[key] for key in COLUMNS)
        print("  ".join(f"{format(cell, '.2f') if isinstance(cell, float) else cell:>13}" for cell in cells))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dual", description=__doc__)
    parser.add_argument("--minutes", type=int, nargs="+", default=[10], help="lengths; add 60 for an hour")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plain", nargs=2, metavar=("WAY", "SOUND"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.plain:
        script(*chosen.plain)
        return
    with TemporaryDirectory() as folder, Rig(Path(folder)) as rig:
        share = Path(folder) / "share"
        share.mkdir()
        (share / CLIPS[0].name).write_bytes(CLIPS[0].read_bytes())
        ours = Ours(rig)
        ours.measure(CLIPS[0].name)  # warm-up
        rows = [row for minutes in chosen.minutes for row in compare(ours, share, minutes, chosen.rounds)]
    show(rows)
    keep("dual", rows=rows)


if __name__ == "__main__":
    main()
