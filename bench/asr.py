"""Whisper as a task compared with plain faster-whisper in a script, on the same model: `python -m bench.asr`.

The task is measured from the POST until the client has the result, on a warm worker; the script from its call of
`transcribe` until its JSON is written. Neither includes loading the model. Rounds alternate. The tiny model decodes
hundreds of times faster than real time, so fixed costs are large in percent: read the seconds too.
"""

import argparse
import json
import os
import signal
import sys
import wave
from pathlib import Path
from statistics import median
from subprocess import run
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from bench.result import keep
from bench.rig import ROOT, Rig, wait_for
from common.clock import utcnow
from common.worker.presence import Presence

NAME = "faster_whisper.transcribe_audio"
FIXTURES = ROOT / "tests/fixtures"
MODEL = FIXTURES / "models/whisper"
CLIPS = [*sorted((FIXTURES / "speech").glob("en-0*.flac")), *sorted((FIXTURES / "speech").glob("en-1*.flac"))]
RATE_HZ = 16_000
PAUSE_S = 0.8

Row = dict[str, Any]


class Ours:
    """A gateway and a warm worker."""

    def __init__(self, rig: Rig, **settings: str) -> None:
        self.rig = rig
        self.worker = rig.python("services", "faster_whisper", BATON_TASKS__RETRY_BACKOFF="0", **settings)
        self.http = rig.gateway(BATON_TASKS__RETRY_BACKOFF="0", **settings)

    @property
    def child(self) -> int:
        """The process that runs the tasks."""
        wait_for(lambda: presences(self.rig.client))
        (child,) = presences(self.rig.client)[0].children
        return child

    def submit(self, sound: str, *, wait: int = 0, **more: Any) -> str:
        """Post a task and return its id. With `wait` (seconds), the response arrives when the task has ended."""
        data = {"audio_path": sound, "model": "tiny-test", "temperature": [0], **more}
        body, headers = {"task_name": NAME, "input_data": data}, {"Prefer": f"wait={wait}"} if wait else {}
        answer = self.http.post("/v1/tasks", json=body, headers=headers).raise_for_status()
        task_id: str = answer.json()["task_id"]
        return task_id

    def wait(self, task_id: str) -> Row:
        """Wait until the task has succeeded; return its record."""
        record: Row = {}

        def has_ended() -> bool:
            record.update(self.http.get(f"/v1/tasks/{task_id}").json())
            return record["status"] in {"SUCCESS", "FAILED"}

        wait_for(has_ended)
        assert record["status"] == "SUCCESS", record["error"]
        return record

    def measure(self, sound: str) -> Row:
        child = self.child
        Path(f"/proc/{child}/clear_refs").write_text("5")  # resets the peak
        sent_at, began = utcnow().timestamp(), monotonic()
        task_id = self.submit(sound, wait=60)
        self.wait(task_id)
        seconds = monotonic() - began
        return {"s": seconds, "first_s": self.first_text_time(task_id) - sent_at, "peak_mib": peak_mib(child)}

    def first_text_time(self, task_id: str, known: int = 0) -> float:
        """Return the wall-clock time at which the first text after `known` segments was published."""
        for key, fields in self.rig.client.xrange(f"events:{task_id}"):
            if fields["event"] == "fragment" and json.loads(fields["data"])["segment_index"] >= known:
                return int(key.partition("-")[0]) / 1000
        raise ValueError("no text was published")

    def back_after_kill(self, sound: str, minutes: int) -> float:
        """Kill the worker when half is in the checkpoint; return the seconds until new text is published."""
        task_id = self.submit(sound)
        checkpoint = self.rig.folder / f"share/workflows/{task_id}/attempt-1/checkpoint.jsonl"
        half = max(1, minutes // 10)
        wait_for(lambda: checkpoint.exists() and checkpoint.read_bytes().count(b"\n") >= half, every=0.002)
        os.kill(self.child, signal.SIGKILL)
        killed_at, records = utcnow().timestamp(), checkpoint.read_text().splitlines()
        self.rig.client.delete(f"events:{task_id}")  # events of the first attempt
        attempts = self.wait(task_id)["stages"][NAME]["attempt"]
        assert attempts == 2, "it was over before it was killed"
        return self.first_text_time(task_id, sum(len(json.loads(record)["segments"]) for record in records)) - killed_at


def presences(client: Any) -> list[Presence]:
    found = [client.get(key) for key in client.scan_iter("worker:faster_whisper@*")]
    return [Presence.model_validate_json(text) for text in found if text]


def peak_mib(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) >> 10


def run_plain(sound: Path) -> Row:
    """Run the script in a separate process."""
    answer = run([sys.executable, "-m", "bench.asr", "--plain", str(sound)], cwd=ROOT, capture_output=True, check=True)
    row: Row = json.loads(answer.stdout)
    return row


def plain_script(sound: str) -> None:
    """Transcribe as a script of a few lines would."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - imported only by the script

    model = WhisperModel(str(MODEL), device="cpu", compute_type="int8")
    list(model.transcribe(str(CLIPS[0]), vad_filter=True, temperature=0)[0])  # warm-up, as for our worker
    began = monotonic()
    segments, info = model.transcribe(sound, vad_filter=True, temperature=0)
    found, first_s = [], 0.0
    for segment in segments:
        first_s = first_s or monotonic() - began
        found.append({"start": float(segment.start), "end": float(segment.end), "text": segment.text})
    Path(sound).with_suffix(".json").write_text(json.dumps({"language": info.language, "segments": found}))
    seconds = monotonic() - began
    print(json.dumps({"s": seconds, "first_s": first_s, "peak_mib": peak_mib(os.getpid()), "segments": len(found)}))


def make_sound(target: Path, minutes: int) -> None:
    """Write the held-out clips repeatedly, with pauses, as 16-bit PCM."""
    from faster_whisper import decode_audio  # noqa: PLC0415 - heavy

    pause = b"\0\0" * round(PAUSE_S * RATE_HZ)
    loop = b"".join((decode_audio(str(clip)) * 32_768).astype("<i2").tobytes() + pause for clip in CLIPS)
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        left = minutes * 60 * RATE_HZ * 2
        while left > 0:
            file.writeframes(loop[:left])
            left -= len(loop)


def compare(ours: Ours, share: Path, minutes: int, rounds: int) -> Row:
    sound = share / f"{minutes}min.wav"
    make_sound(sound, minutes)
    mine, theirs = [], []
    for _ in range(rounds):
        theirs.append(run_plain(sound))
        mine.append(ours.measure(sound.name))
    row: Row = {"minutes": minutes}
    for key in ("s", "first_s", "peak_mib"):
        row |= {key: median(run[key] for run in mine), f"plain_{key}": median(run[key] for run in theirs)}
    row["overhead_s"] = row["s"] - row["plain_s"]
    row["overhead_percent"] = 100 * row["overhead_s"] / row["plain_s"]
    if minutes >= 10:  # shorter audio is a single chunk
        row["back_s"] = ours.back_after_kill(sound.name, minutes)
        ours.measure(CLIPS[0].name)  # warms up the new process
    return row


COLUMNS = {
    "minutes": "min", "s": "ours s", "plain_s": "plain s", "overhead_s": "over s", "overhead_percent": "over %",
    "first_s": "first text s", "plain_first_s": "plain", "peak_mib": "peak MiB", "plain_peak_mib": "plain",
    "back_s": "back in s",
}  # fmt: skip


def show(rows: list[Row]) -> None:
    print("  ".join(f"{title:>12}" for title in COLUMNS.values()))
    for row in rows:
        cells = (row.get(key) for key in COLUMNS)
        print("  ".join(f"{'-' if cell is None else format(cell, '.2f'):>12}" for cell in cells))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.asr", description=__doc__)
    parser.add_argument("--minutes", type=int, nargs="+", default=[1, 10], help="lengths; add 60 for an hour")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plain", metavar="SOUND", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.plain:
        plain_script(chosen.plain)
        return
    with TemporaryDirectory() as folder, Rig(Path(folder)) as rig:
        share = Path(folder) / "share"
        share.mkdir()
        (share / CLIPS[0].name).write_bytes(CLIPS[0].read_bytes())
        ours = Ours(rig)
        ours.measure(CLIPS[0].name)
        rows = [compare(ours, share, minutes, chosen.rounds) for minutes in chosen.minutes]
    show(rows)
    keep("asr", rows=rows)


if __name__ == "__main__":
    main()
