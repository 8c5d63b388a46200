"""The task of the pyannote service."""

from pathlib import Path
from time import monotonic
from typing import Any

from pydantic_core import to_json

from common.errors import LeaseLost
from common.gpu.residency import Model
from common.media.audio import AudioTrack, open_audio
from common.stall import ends_when_stalled
from common.worker.job import Job
from common.worker.model_folders import downloads, folder_of
from common.worker.task import task
from services.pyannote import engine
from services.pyannote.contracts import DIARIZE_SPEAKERS, DOWNLOAD_MODEL, DiarizeSpeakersInput, DiarizeSpeakersOutput
from services.pyannote.models import MODELS, REQUIRED, TEST_MODEL
from services.pyannote.settings import PyannoteSettings
from services.pyannote.turns import Diarization, overlap, rttm, speakers
from services.pyannote.waveform import write_waveform

SAMPLES = "samples.f32"
STEPS = {"segmentation": (0.0, 50.0), "embeddings": (50.0, 95.0)}
"""Start and end percentage of the steps that take long."""

download_model = task(DOWNLOAD_MODEL)(downloads(MODELS))


@task(DIARIZE_SPEAKERS)
def diarize_speakers(params: DiarizeSpeakersInput, job: Job) -> DiarizeSpeakersOutput:
    """Find out who speaks when. The GPU is held only for the pipeline, which cannot yield it in between.

    Raises:
        NotMedia, NoAudioTrack, ClipOutsideMedia, MediaTooLong: see `common.media.audio`.
        ModelMissing, ModelDamaged, ModelGated, ModelNotOnHub, ModelDownloadFailed: see `common.models.store`.
        OutOfGpuMemory: the pipeline does not fit.
    """
    settings = job.settings.section(PyannoteSettings)
    name = params.model or settings.model
    model = engine.diarizer(name, folder_of(job, name, MODELS, REQUIRED))
    source, longest = job.fetch(params.audio_path), settings.max_duration.total_seconds()
    samples = job.staging(SAMPLES)
    with (
        open_audio(source, track=params.track, start=params.start, end=params.end, longest=longest) as sound,
        write_waveform(sound, samples, job.check) as count,
    ):
        sound.refuse_empty(count)
        began, waited = monotonic(), job.timings.idle
        found = diarize(params, job, model, samples, count)
        worked = monotonic() - began - (job.timings.idle - waited)
        made = result(job, sound, found, name, worked)
    made.warnings += missing_speakers_warning(params, len(made.speakers))
    return made


def diarize(params: DiarizeSpeakersInput, job: Job, model: Model[Any], samples: Path, count: int) -> Diarization:
    limit = job.settings.section(PyannoteSettings).stall_timeout
    wanted = params.model_dump(include={"num_speakers", "min_speakers", "max_speakers"})
    with job.gpu(model) as session, ends_when_stalled(limit) as moved:

        def on_step(step: str, part: float) -> None:
            moved()
            if session.lease and session.lease.lost:
                raise LeaseLost
            report(job, step, part)

        return engine.diarize(session.model, samples, count, offset=params.start, on_step=on_step, **wanted)


def report(job: Job, step: str, part: float) -> None:
    """Report progress by the pipeline's own steps; raises if the attempt must stop."""
    begin, end = STEPS.get(step, (job.percent, job.percent))
    job.progress(step, percent=round(begin + part * (end - begin), 1))


def result(job: Job, sound: AudioTrack, found: Diarization, name: str, worked: float) -> DiarizeSpeakersOutput:
    """Write the turns, and return the task's output; `worked` in seconds."""
    parts, duration = speakers(found.turns), sound.position - sound.start
    whole = to_json({"speakers": parts, "turns": found.turns, "exclusive": found.exclusive}, indent=1)
    return DiarizeSpeakersOutput(
        rttm_path=job.publish_text("diarization.rttm", rttm(found.turns, job.task_id)),
        json_path=job.publish_text("diarization.json", whole.decode()),
        speakers=parts,
        turns=len(found.turns),
        overlap=overlap(found.turns),
        track=sound.chosen,
        duration=round(duration, 3),
        real_time_factor=round(worked / duration, 4),
        model=name,
        source="tiny test model" if name == TEST_MODEL else "pyannote",
        warnings=sound.warnings(speech=bool(parts)),
    )


def missing_speakers_warning(params: DiarizeSpeakersInput, found: int) -> list[str]:
    """Return a warning if the pipeline, which treats the requested number as a hint, distinguished fewer speakers."""
    wanted = params.num_speakers or params.min_speakers or 0
    return [f"Only {found} of {wanted} speakers could be distinguished."] if 0 < found < wanted else []
