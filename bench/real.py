"""Real Whisper on real recordings: our tasks compared with plain faster-whisper, in one run: `python -m bench.real`.

Models, recordings and voice are those of `make test-real`. Each recording is transcribed by plain faster-whisper in a
script, and by our tasks on warm workers: transcription, two streams, and SenseVoice alone. The only SenseVoice here is
the toy that ships with Baton, which knows no real speech: in the rows of real recordings, its drafts are nonsense, and
it appears alone only on the fixtures that it knows. There, Whisper is the toy too.

No measurement includes loading a model. Our tasks are measured from the POST until the client has the result, the
script from its call of `transcribe` until its last segment. Text is compared as `tests/support/word_errors.py`
describes.
"""

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from subprocess import run
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from bench.asr import Row, peak_mib
from bench.result import keep
from bench.rig import ROOT, Rig, wait_for
from common.clock import utcnow
from common.transcript.format import Transcript, Word
from tests.support.noises import add_noise, applause, pink_noise, tones
from tests.support.piper import PiperVoice, compose
from tests.support.real_models import MODELS, NotAvailable, models_folder, recordings_folder, voice_file
from tests.support.recordings import Recording, Utterance, find_recordings, recording_of
from tests.support.sentences import FACTS, STORY
from tests.support.sounds import FIXTURES, RATE_HZ, silence, write_wav
from tests.support.timing_errors import boundary_errors, nearest_start_errors
from tests.support.word_errors import word_errors

PLAIN: Row = {
    "vad_filter": True, "temperature": 0, "beam_size": 5, "word_timestamps": True, "language_detection_segments": 4,
}  # fmt: skip
"""The options of plain faster-whisper; all others have the library's defaults."""
OURS: Row = {"temperature": [0]}
TASKS: dict[str, Row] = {"faster_whisper": {"word_timestamps": True}, "dual_stream": {"draft_model": "tiny-test"}}
TOY = "tiny-test"
SETTINGS = {"BATON_TASKS__RETRY_BACKOFF": "0", "BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 1, "timeout": 60}'}
PATIENCE_S = 1_800


class Service:
    """A warm worker of one service."""

    def __init__(self, rig: Rig, http: Any, name: str) -> None:
        self.rig, self.http, self.name = rig, http, name
        self.worker = rig.python("services", name, **SETTINGS)

    @property
    def child(self) -> int:
        """The process that runs the tasks."""
        wait_for(self.worker.children)
        return int(self.worker.children()[-1].pid)

    def measure(self, file: str, **given: Any) -> Row:
        child = self.child
        Path(f"/proc/{child}/clear_refs").write_text("5")  # resets the peak
        sent_at, began = utcnow().timestamp(), monotonic()
        body = {"task_name": f"{self.name}.transcribe_audio", "input_data": {"audio_path": file, **given}}
        task_id = self.http.post("/v1/tasks", json=body).raise_for_status().json()["task_id"]
        while (record := self.wait(task_id))["status"] not in {"SUCCESS", "FAILED"}:
            assert monotonic() - began < PATIENCE_S, f"{file} takes too long"
        assert record["status"] == "SUCCESS", record["error"]
        seconds = monotonic() - began
        output = self.http.get(f"/v1/tasks/{task_id}/result").raise_for_status().json()["output"]
        transcript = Transcript.read(self.rig.folder / "share" / output["transcript_path"]["path"])
        first = self.first_times(task_id)
        return {
            "s": seconds,
            "first_s": min(first.values()) - sent_at if first else None,
            "first_final_s": first["fragment"] - sent_at if "fragment" in first else None,
            "peak_mib": peak_mib(child),
            "language": output["language"],
            "warnings": output["warnings"],
            "segments": [segment.model_dump(exclude_none=True) for segment in transcript.segments],
        }

    def wait(self, task_id: str) -> Row:
        answer = self.http.get(f"/v1/tasks/{task_id}/status", headers={"Prefer": "wait=20"}).raise_for_status()
        record: Row = answer.json()
        return record

    def first_times(self, task_id: str) -> dict[str, float]:
        """Return the wall-clock time of the first draft and of the first final."""
        found: dict[str, float] = {}
        for key, fields in self.rig.client.xrange(f"events:{task_id}"):
            if fields["event"] in {"draft", "fragment"}:
                found.setdefault(fields["event"], int(key.partition("-")[0]) / 1000)
        return found


# ---- the plain script, in a separate process ----


def run_plain(file: Path, model: Path) -> Row:
    arguments = [sys.executable, "-m", "bench.real", "--plain", str(file), str(model)]
    row: Row = json.loads(run(arguments, cwd=ROOT, capture_output=True, check=True).stdout)
    return row


def plain_script(file: str, folder: str) -> None:
    """Transcribe as a script of a few lines would."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - imported only by the script

    model = WhisperModel(folder, device="cpu", compute_type="int8")
    began, found, first_s = monotonic(), [], None
    segments, info = model.transcribe(file, **PLAIN)
    for segment in segments:
        first_s = first_s or monotonic() - began
        found.append(segment)
    seconds = monotonic() - began
    plain = [
        {**plain_times(one), "text": one.text, "words": [{**plain_times(w), "text": w.word} for w in one.words or ()]}
        for one in found
    ]
    answer = {"s": seconds, "first_s": first_s, "peak_mib": peak_mib(os.getpid()), "language": info.language}
    print(json.dumps({**answer, "segments": plain}))


def plain_times(one: Any) -> Row:
    return {"start": float(one.start), "end": float(one.end)}


# ---- what is transcribed ----


def composed(folder: Path, minutes: int) -> list[Recording]:
    """Return recordings without speech, and those of the synthetic voice if there is one."""
    sounds = {"silence": silence(60), "noise": pink_noise(60), "tones": tones(60), "applause": applause(60)}
    found = [written(folder, name, sound, []) for name, sound in sounds.items()]
    try:
        voice = PiperVoice(voice_file())
    except NotAvailable as reason:
        print(reason)
        return found
    sentences = [*STORY, *FACTS]
    spoken = list(zip(sentences, voice.speak(sentences), strict=True))
    samples, utterances = compose(spoken, lead=5, pause=1.5)
    for snr_db in (15, 5):
        noisy = add_noise(samples, pink_noise(len(samples) / RATE_HZ), snr_db=snr_db)
        found.append(written(folder, f"story-noise{snr_db}", noisy, utterances))
    found.append(written(folder, "story-silence40", *compose(spoken[: len(STORY)], lead=40)))
    if minutes:
        rounds = round(minutes * 60 / (len(samples) / RATE_HZ))
        found.append(written(folder, f"story-{minutes}min", *compose(spoken * rounds, pause=1.0)))
    return found


def written(folder: Path, name: str, samples: Any, utterances: list[Utterance]) -> Recording:
    write_wav(folder / f"{name}.wav", [samples])
    return recording_of(folder / f"{name}.wav", "en", utterances)


def fixtures() -> list[Recording]:
    """Return the speech that the toy models know."""
    truth = json.loads((FIXTURES / "truth.json").read_text(encoding="utf-8"))
    names = {"sample.mp4": "en", "speech/en-long.flac": "en", "speech/zh-long.flac": "zh"}
    spoken = {name: [Utterance(one["start"], one["end"], one["text"]) for one in truth[name]] for name in names}
    return [recording_of(FIXTURES / name, language, spoken[name]) for name, language in names.items()]


# ---- the comparison ----


def judge(recording: Recording, measured: Row) -> Row:
    """Return the measurements with the errors of text and times instead of the segments."""
    found = [{"id": number, **segment} for number, segment in enumerate(measured.pop("segments"))]
    transcript = Transcript.model_validate({"segments": found})
    words: list[Word] = list(transcript.words)
    errors = word_errors(recording.text, " ".join(one.text for one in transcript.segments), recording.language)
    row = {**measured, **{f"words_{name}": value for name, value in asdict(errors).items()}, "rate": errors.rate}
    if recording.utterances and transcript.segments:
        starts, ends = boundary_errors(recording.utterances, words or transcript.segments)
        row |= {"start_error_s": average(starts), "end_error_s": average(ends)}
        row["segment_error_s"] = average(nearest_start_errors(recording.utterances, transcript.segments))
    return row


def average(values: list[float]) -> float | None:
    return mean(values) if values else None


def compare(recording: Recording, services: list[Service], share: Path, model: Path, name: str) -> list[Row]:
    shutil.copy(recording.file, share / recording.file.name)
    rows = [{"way": "plain", **judge(recording, run_plain(recording.file, model))}]
    for service in services:
        given = {"model": name, **OURS, **TASKS[service.name]} if service.name in TASKS else {"model": TOY}
        rows.append({"way": service.name, **judge(recording, service.measure(recording.file.name, **given))})
    rows = [{"file": recording.name, **row} for row in rows]
    show(rows)
    return rows


COLUMNS = {
    "file": "file", "way": "way", "words_words": "words", "words_wrong": "wrong", "rate": "rate",
    "words_inserted": "invented", "language": "language", "start_error_s": "word start s", "end_error_s": "word end s",
    "segment_error_s": "segment start s", "first_s": "first text s", "s": "wall s", "peak_mib": "peak MiB",
}  # fmt: skip


def show(rows: list[Row]) -> None:
    for row in rows:
        row["wall_ratio"] = row["s"] / rows[0]["s"]
        cells = (row.get(key) for key in COLUMNS)
        print("| " + " | ".join("" if cell is None else shown(cell) for cell in cells) + " |", flush=True)


def shown(cell: Any) -> str:
    return format(cell, ".3f" if cell < 1 else ".2f") if isinstance(cell, float) else str(cell)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.real", description=__doc__)
    parser.add_argument("--minutes", type=int, default=12, help="length of the long recording; 0 for none")
    parser.add_argument("--only", nargs="+", default=[], help="names of recordings")
    parser.add_argument("--plain", nargs=2, metavar=("SOUND", "MODEL"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.plain:
        plain_script(*chosen.plain)
        return
    try:
        models, real = models_folder(), list(find_recordings(recordings_folder()).values())
    except NotAvailable as reason:
        sys.exit(str(reason))
    with TemporaryDirectory() as folder, Rig(Path(folder)) as rig:
        keep("real", plain=PLAIN, rows=measure_all(rig, models, real, chosen))


def measure_all(rig: Rig, models: Path, real: list[Recording], chosen: argparse.Namespace) -> list[Row]:
    share, sounds = rig.folder / "share", rig.folder / "sounds"
    (share / "models/faster_whisper").mkdir(parents=True)
    sounds.mkdir()
    for name in MODELS:
        (share / "models/faster_whisper" / name).symlink_to(models / name)
    http = rig.gateway(**SETTINGS)
    services = [Service(rig, http, name) for name in (*TASKS, "sensevoice")]
    print("| " + " | ".join(COLUMNS.values()) + " |\n|" + "---|" * len(COLUMNS))
    rows: list[Row] = []
    wanted = [one for one in [*real, *composed(sounds, chosen.minutes)] if not chosen.only or one.name in chosen.only]
    warm_up(services[:2], share, "base")
    for recording in wanted:
        rows += compare(recording, services[:2], share, models / "base", "base")
    known = [one for one in fixtures() if not chosen.only or one.name in chosen.only]
    warm_up(services, share, TOY)
    for recording in known:
        rows += compare(recording, services, share, FIXTURES / "models/whisper", TOY)
    return rows


def warm_up(services: list[Service], share: Path, name: str) -> None:
    shutil.copy(FIXTURES / "speech/en-00.flac", share)
    for service in services:
        given = {"model": name, **OURS, **TASKS[service.name]} if service.name in TASKS else {"model": TOY}
        service.measure("en-00.flac", **given)


if __name__ == "__main__":
    main()
