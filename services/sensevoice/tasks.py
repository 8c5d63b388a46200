"""The task of the sensevoice service."""

from time import monotonic

from common.media.audio import SAMPLE_RATE_HZ, open_audio
from common.transcript.format import Transcript
from common.transcript.languages import seconds_by_language
from common.worker.job import Job
from common.worker.model_folders import downloads, folder_of
from common.worker.task import task
from services.sensevoice import engine
from services.sensevoice.contracts import DOWNLOAD_MODEL, TRANSCRIBE_AUDIO, TranscribeAudioInput, TranscribeAudioOutput
from services.sensevoice.models import MODELS, REQUIRED, TEST_MODEL
from services.sensevoice.segments import count_names
from services.sensevoice.settings import SenseVoiceSettings
from services.sensevoice.transcription import Transcription

TRANSCRIPT = "transcript.json"

download_model = task(DOWNLOAD_MODEL)(downloads(MODELS))


@task(TRANSCRIBE_AUDIO)
def transcribe_audio(params: TranscribeAudioInput, job: Job) -> TranscribeAudioOutput:
    """Transcribe speech, continuing after the last recorded chunk.

    Raises:
        NotMedia, NoAudioTrack, ClipOutsideMedia, MediaTooLong, TooManyChannels: see `common.media.audio`.
        ModelMissing, ModelDamaged, ModelGated, ModelNotOnHub, ModelDownloadFailed: see `common.models.store`.
    """
    settings = job.settings.section(SenseVoiceSettings)
    name = params.model or settings.model
    source, longest = job.fetch(params.audio_path), settings.max_duration.total_seconds()
    language = None if params.language == "auto" else params.language
    with open_audio(
        source,
        track=params.track,
        language=language,
        start=params.start,
        end=params.end,
        longest=longest,
        split=params.channels == "split",
    ) as sound:
        model = engine.sensevoice(name, folder_of(job, name, MODELS, REQUIRED), threads=settings.threads)
        work = Transcription(params, job, sound, model)
        began = monotonic()
        work.run()
        worked = monotonic() - began - (job.timings.model_load or 0.0)
        sound.refuse_empty(work.until)
        return result(work, name, worked)


def result(work: Transcription, name: str, worked: float) -> TranscribeAudioOutput:
    """Write the transcript and return the task's output; `worked` in seconds."""
    segments = work.segments
    spoken = seconds_by_language(segments)
    transcript = Transcript(
        language=(work.language if segments else None) or next(iter(spoken), None),
        duration=round(work.sound.position, 3),
        engine=engine.ENGINE,
        model=name,
        segments=segments,
    )
    staged = work.job.staging(TRANSCRIPT)
    transcript.write(staged)
    heard = (work.until - work.resumed_at) / SAMPLE_RATE_HZ
    return TranscribeAudioOutput(
        transcript_path=work.job.publish(staged),
        language=transcript.language,
        languages=spoken,
        emotions=count_names(segment.emotion for segment in segments),
        events=count_names(segment.event for segment in segments),
        track=work.sound.chosen,
        duration=round(work.until / SAMPLE_RATE_HZ, 3),
        segments=len(segments),
        words=sum(1 for _ in transcript.words),
        real_time_factor=round(worked / heard, 4) if heard else None,
        model=name,
        source="tiny test model" if name == TEST_MODEL else "sensevoice",
        warnings=work.sound.warnings(speech=bool(segments)),
    )
