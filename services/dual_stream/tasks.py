"""The task of the dual_stream service."""

from time import monotonic

from common.media.audio import SAMPLE_RATE_HZ, AudioTrack, open_audio
from common.worker.job import Job
from common.worker.task import task
from services.dual_stream.chosen_models import draft_model, final_model, model_names
from services.dual_stream.contracts import TRANSCRIBE_AUDIO, TranscribeAudioInput, TranscribeAudioOutput
from services.dual_stream.result import ResultReader
from services.dual_stream.settings import DualStreamSettings
from services.dual_stream.transcription import Transcription
from services.faster_whisper.models import TEST_MODEL as WHISPER_TEST_MODEL
from services.sensevoice.models import TEST_MODEL as SENSEVOICE_TEST_MODEL

TEST_MODELS = {WHISPER_TEST_MODEL, SENSEVOICE_TEST_MODEL}


@task(TRANSCRIBE_AUDIO)
def transcribe_audio(params: TranscribeAudioInput, job: Job) -> TranscribeAudioOutput:
    """Transcribe speech into immediate drafts and later finals; each chunk continues in the stage it had reached.

    Raises:
        NotMedia, NoAudioTrack, ClipOutsideMedia, MediaTooLong, TooManyChannels: see `common.media.audio`.
        ModelMissing, ModelDamaged, ModelGated, ModelNotOnHub, ModelDownloadFailed: see `common.models.store`.
        ComputeTypeUnsupported, OutOfGpuMemory, PromptTooLong: see `services.faster_whisper.engine`.
    """
    settings = job.settings.section(DualStreamSettings)
    drafts, finals = model_names(params, job)
    source, longest = job.fetch(params.audio_path), settings.max_duration.total_seconds()
    with open_audio(
        source,
        track=params.track,
        language=params.language,
        start=params.start,
        end=params.end,
        longest=longest,
        split=params.channels == "split",
    ) as sound:
        models = draft_model(drafts, job), final_model(finals, params, job)
        work = Transcription(params, job, sound)
        began, waited = monotonic(), job.timings.idle
        work.run(*models)
        worked = monotonic() - began - (job.timings.idle - waited)
        sound.refuse_empty(work.ledger.last.until)
        result = ResultReader(job, work.ledger, multilingual=params.multilingual)
        return output(job, sound, result, drafts=drafts, finals=finals, worked=worked)


def output(
    job: Job, sound: AudioTrack, result: ResultReader, *, drafts: str, finals: str, worked: float
) -> TranscribeAudioOutput:
    """Write the files and return the task's output; `worked` in seconds."""
    ledger = result.ledger
    read = ledger.last.until / SAMPLE_RATE_HZ
    heard = (ledger.last.until - ledger.resumed_at) / SAMPLE_RATE_HZ
    made = TranscribeAudioOutput(
        transcript_path=result.transcript(duration=round(sound.position, 3), model=f"{drafts} + {finals}"),
        srt_path=result.subtitles(),
        report_path=result.report(job.settings.section(DualStreamSettings).fallback),
        language=result.language,
        language_probability=result.language_probability,
        languages=result.languages,
        track=sound.chosen,
        duration=round(read, 3),
        segments=result.segments,
        words=result.words,
        drafts_kept=result.drafts,
        reasons=dict(result.reasons),
        real_time_factor=round(max(worked, 0.0) / heard, 4) if heard else None,
        draft_model=drafts,
        model=finals,
        source="tiny test models" if TEST_MODELS & {drafts, finals} else "both engines",
        warnings=sound.warnings(speech=bool(result.segments)),
    )
    job.emit("signal", {"code": "alignment_ready"})
    return made
