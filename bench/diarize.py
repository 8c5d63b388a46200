"""Overhead of our task over the plain pyannote pipeline, on the same audio and model: `python -m bench.diarize`.

Runs in `.venv-pyannote`. Both load the pipeline before they are measured. The task is measured from the POST until
the client has the result; the plain way is a script that decodes the file and calls the pipeline. The audio is the
test dialogue, repeated; the model is the tiny one that ships with Baton.
"""

import argparse
import json
import os
import sys
import wave
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic
from typing import Any

import httpx
import numpy as np

from bench.asr import peak_mib
from bench.result import keep
from bench.rig import ROOT, Rig, wait_for
from common.media.audio import SAMPLE_RATE_HZ, open_audio
from common.worker.presence import Presence

NAME = "pyannote.diarize_speakers"
DIALOGUE = ROOT / "tests/fixtures/speech/dialogue.flac"
MODEL = ROOT / "tests/fixtures/models/pyannote"
SLOW = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 1, "timeout": 60}'}

POLL_S = 0.2
"""Long, because torch uses both cores, and frequent polling slows it down."""

Row = dict[str, Any]


def samples_of(file: Path) -> np.ndarray[Any, Any]:
    with open_audio(file, track=0, start=0.0, end=None, longest=1e6) as sound:
        return np.concatenate(list(sound.blocks()))


def make_sound(target: Path, minutes: float) -> None:
    """Write the dialogue repeatedly, as 16-bit PCM."""
    samples = np.resize(samples_of(DIALOGUE), round(minutes * 60 * SAMPLE_RATE_HZ))
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((samples * 32_767).astype("<i2").tobytes())


def plain_script(file: str) -> None:
    """Diarize as a script of a few lines would."""
    import torch  # noqa: PLC0415 - imported only by the script
    from pyannote.audio import Pipeline  # noqa: PLC0415 - the same

    pipeline = Pipeline.from_pretrained(MODEL)
    began = monotonic()
    waveform = torch.from_numpy(samples_of(Path(file))).unsqueeze(0)
    found = pipeline({"waveform": waveform, "sample_rate": SAMPLE_RATE_HZ})
    seconds, turns = monotonic() - began, len(found.speaker_diarization)
    print(json.dumps({"s": seconds, "turns": turns, "peak_mib": peak_mib(os.getpid())}))


def run_plain(file: Path) -> Row:
    command = [sys.executable, "-m", "bench.diarize", "--plain", str(file)]
    answer = run(command, cwd=ROOT, capture_output=True, check=True)
    row: Row = json.loads(answer.stdout.splitlines()[-1])
    return row


def run_baton(rig: Rig, http: httpx.Client, file: str) -> Row:
    began = monotonic()
    body = {"task_name": NAME, "input_data": {"audio_path": file, "model": "tiny-test"}}
    record: Row = http.post("/v1/tasks", json=body).raise_for_status().json()

    def has_ended() -> bool:
        record.update(http.get(f"/v1/tasks/{record['task_id']}").json())
        return record["status"] in {"SUCCESS", "FAILED"}

    while not has_ended():
        Event().wait(POLL_S)
    seconds = monotonic() - began
    assert record["status"] == "SUCCESS", record["error"]
    return {"s": seconds, "turns": record["stages"][NAME]["output"]["turns"], "peak_mib": peak_mib(child(rig))}


def child(rig: Rig) -> int:
    (text,) = [rig.client.get(key) for key in rig.client.scan_iter("worker:pyannote@*")]
    (pid,) = Presence.model_validate_json(text).children
    return pid


def compare(rig: Rig, http: httpx.Client, minutes: float) -> Row:
    file = rig.folder / f"share/{minutes:g}min.wav"
    make_sound(file, minutes)
    theirs, mine = run_plain(file), run_baton(rig, http, file.name)
    row: Row = {"minutes": minutes, "s": mine["s"], "plain_s": theirs["s"], "overhead_s": mine["s"] - theirs["s"]}
    row |= {"real_time": mine["s"] / minutes / 60, "plain_real_time": theirs["s"] / minutes / 60}
    row |= {f"plain_{key}": theirs[key] for key in ("turns", "peak_mib")}
    return row | {key: mine[key] for key in ("turns", "peak_mib")}


COLUMNS = {
    "minutes": "min", "s": "ours s", "plain_s": "plain s", "overhead_s": "over s", "real_time": "of real time",
    "plain_real_time": "plain", "peak_mib": "peak MiB", "plain_peak_mib": "plain", "turns": "turns",
    "plain_turns": "plain",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.diarize", description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 5], help="lengths; add 60 for an hour")
    parser.add_argument("--plain", metavar="SOUND", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.plain:
        plain_script(chosen.plain)
        return
    with TemporaryDirectory() as folder, Rig(Path(folder)) as rig:
        (rig.folder / "share").mkdir()
        make_sound(rig.folder / "share/warm.wav", 0.1)
        http = rig.gateway(**SLOW)
        rig.python("services", "pyannote", **SLOW)
        wait_for(lambda: http.get("/v1/monitoring/workers").json()["workers"])
        run_baton(rig, http, "warm.wav")
        rows = [compare(rig, http, minutes) for minutes in chosen.minutes]
    show(rows)
    keep("diarize", rows=rows)


def show(rows: list[Row]) -> None:
    print("  ".join(f"{title:>12}" for title in COLUMNS.values()))
    for row in rows:
        print("  ".join(f"{row[key]:>12.2f}" for key in COLUMNS))


if __name__ == "__main__":
    main()
