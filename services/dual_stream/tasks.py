"""The tasks of the dual_stream service."""

from time import monotonic
from typing import Literal

from common.media.audio import SAMPLE_RATE_HZ, open_audio
from common.transcript.doubts import language_warnings, text_warnings
from common.worker.job import Job
from common.worker.model_folders import downloads
from common.worker.task import task
from services.dual_stream.chosen_models import DraftModels, draft_models, final_model, final_model_name
from services.dual_stream.contracts import DOWNLOAD_MODEL, TRANSCRIBE_AUDIO, TranscribeAudioInput, TranscribeAudioOutput
from services.dual_stream.drafts.sources import DraftSources
from services.dual_stream.models import MODELS
from services.dual_stream.result import ResultReader
from services.dual_stream.settings import DualStreamSettings
from services.dual_stream.transcription import Transcription
from services.faster_whisper.models import TEST_MODEL as WHISPER_TEST_MODEL
from services.faster_whisper.settings import FasterWhisperSettings
from services.sensevoice.models import TEST_MODEL as SENSEVOICE_TEST_MODEL

TEST_MODELS = {WHISPER_TEST_MODEL, SENSEVOICE_TEST_MODEL}

download_model = task(DOWNLOAD_MODEL)(downloads(MODELS))


@task(TRANSCRIBE_AUDIO)
def transcribe_audio(params: TranscribeAudioInput, job: Job) -> TranscribeAudioOutput:
    """Transcribe speech into immediate drafts and later finals; each chunk continues in the stage it had reached.

    Raises:
        NotMedia, NoAudioTrack, ClipOutsideMedia, MediaTooLong, TooManyChannels: see `common.media.audio`.
        ModelMissing, ModelDamaged, ModelGated, ModelNotOnHub, ModelDownloadFailed: see `common.models.store`.
        ComputeTypeUnsupported, OutOfGpuMemory, PromptTooLong: see `services.faster_whisper.engine`.
    """
    settings = job.settings.section(DualStreamSettings)
    name = final_model_name(params, job)
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
        drafts, final = draft_models(params, job), final_model(name, params, job)
        work = Transcription(params, job, sound)
        began, waited = monotonic(), job.timings.idle
        work.run(drafts, final)
        worked = monotonic() - began - (job.timings.idle - waited)
        sound.refuse_empty(work.ledger.last.until)
        return output(work, drafts, name, worked=worked)


def output(work: Transcription, drafts: DraftModels, finals: str, *, worked: float) -> TranscribeAudioOutput:
    """Write the files and return the task's output; `worked` in seconds."""
    job, sound, ledger = work.job, work.sound, work.ledger
    result = ResultReader(job, ledger, multilingual=work.params.multilingual)
    sources = DraftSources(ledger.records())
    engine, model = sources.most
    read = ledger.last.until / SAMPLE_RATE_HZ
    heard = (ledger.last.until - ledger.resumed_at) / SAMPLE_RATE_HZ
    made = TranscribeAudioOutput(
        transcript_path=result.transcript(
            duration=round(sound.position, 3), model=f"{model} + {finals}" if model else finals
        ),
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
        draft_engine=engine,
        draft_engines=dict(sources.engines),
        draft_model=model,
        model=finals,
        source=source_of(drafts, finals),
        warnings=[
            *sound.warnings(speech=bool(result.segments)),
            *sources.warnings(drafts.unavailable),
            *doubts(work, result),
        ],
    )
    job.emit("signal", {"code": "alignment_ready"})
    return made


def source_of(drafts: DraftModels, finals: str) -> Literal["both engines", "slow engine", "tiny test models"]:
    if TEST_MODELS & {finals, *(name for name, _ in drafts.models.values())}:
        return "tiny test models"
    return "both engines" if drafts.models else "slow engine"


def doubts(work: Transcription, result: ResultReader) -> list[str]:
    """Return warnings about a text that may be wrong."""
    ledger, threshold = work.ledger, work.job.settings.section(FasterWhisperSettings).language_detection_threshold
    detected = None if work.params.language else ledger.language
    uncertain = language_warnings(detected, ledger.language_probability, threshold)
    return [*uncertain, *text_warnings(result.all_segments(), work.settings.fallback.compression_ratio)]
