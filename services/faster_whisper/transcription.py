"""Whisper transcription chunk by chunk, all in the language of the first speech."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from common.gpu.residency import Model
from common.media.audio import AudioTrack
from common.media.chunking import Chunk, SampleSpan
from common.stall import ends_when_stalled
from common.transcript.format import Segment, Timed
from common.worker.job import Job
from common.worker.transcription import ChunkedTranscription, FinishedChunk
from services.faster_whisper import engine
from services.faster_whisper.contracts import TranscribeAudioInput
from services.faster_whisper.placement import Session, acquire_session
from services.faster_whisper.settings import FasterWhisperSettings

if TYPE_CHECKING:
    from common.media.audio import Samples


class Transcription(ChunkedTranscription):
    """One attempt. The GPU is acquired only when the first speech has been found, and yielded in between."""

    def __init__(self, params: TranscribeAudioInput, job: Job, sound: AudioTrack, model: Model[Any]) -> None:
        settings = job.settings.section(FasterWhisperSettings)
        longest = max(settings.chunk_length.total_seconds(), seconds_at_once(params))
        super().__init__(job, sound, chunk=longest, stall=settings.stall_timeout)
        self.params = with_detection_settings(params, settings)
        self.model = model
        self.opened: Session | None = None
        self.inside: ExitStack

    @property
    def language(self) -> str | None:
        """The language that was given, or detected in the first speech. All chunks use the same one, except with
        `multilingual`, which detects it again in each window.
        """
        if self.speaker:
            own = (segment.language for segment in self.segments if segment.speaker == self.speaker)
            return self.params.language or next(own, None)
        return self.params.language or next((done.language for done in self.finished if done.language), None)

    @property
    def language_probability(self) -> float | None:
        return next((done.language_probability for done in self.finished if done.language), None)

    @override
    def run(self) -> None:
        with ExitStack() as self.inside:
            super().run()

    @override
    def find_speech(self, samples: Samples) -> list[SampleSpan]:
        return engine.find_speech(samples, self.params) if self.params.vad_filter else [(0, len(samples))]

    @override
    def decode(self, chunk: Chunk, speech: list[SampleSpan]) -> FinishedChunk:
        done = self.empty_record(chunk)
        if not speech:
            return done
        session, next_id = self.session(), self.next_id
        with (
            ends_when_stalled(self.stall) as moved,
            engine.window_callback(session.model, partial(self.on_window, moved, done, speech)),
        ):
            heard = engine.transcribe(session.model, chunk.samples, speech, self.params, language=self.language)
            for segment in heard.segments:
                placed = to_medium_time(segment, next_id + segment.id, done.start, done.end)
                self.add(done, placed)
                self.advance(done, placed.end)
                moved()
                self.report()
        done.language, done.language_probability = heard.language, heard.language_probability
        return done

    def session(self) -> Session:
        """Return the loaded model, after yielding the GPU if others wait for it."""
        if self.opened is None:
            self.opened = self.inside.enter_context(acquire_session(self.job, self.model, self.params.device))
        else:
            self.opened.step()
        return self.opened

    def on_window(
        self,
        engine_moved: Callable[[], None],
        done: FinishedChunk,
        speech: list[SampleSpan],
        start: float,
        end: float,
    ) -> None:
        """Report that the engine takes a step in a window of the joined speech."""
        engine_moved()
        begin, until = (done.start + engine.restored_time(at, speech) for at in (start, end))
        self.advance_in_window(done, begin, until)
        self.report()


def with_detection_settings(params: TranscribeAudioInput, settings: FasterWhisperSettings) -> TranscribeAudioInput:
    """Return the parameters with the configured detection of the language, where the task gives none."""
    missing = {name: getattr(settings, name) for name in engine.DETECTION if getattr(params, name) is None}
    return params.model_copy(update=missing)


def seconds_at_once(params: TranscribeAudioInput) -> float:
    """Return the seconds that are decoded at a time: with several windows, a chunk must contain them all."""
    return engine.WINDOW_S * params.batch_size if params.batch_size > 1 else 0.0


def to_medium_time(segment: Segment, number: int, offset: float, limit: float) -> Segment:
    """Return a chunk's segment in medium time: Whisper may return times after the end of its input."""
    words = [word.model_copy(update=moved_times(word, offset, limit)) for word in segment.words]
    return segment.model_copy(update={"id": number, "words": words, **moved_times(segment, offset, limit)})


def moved_times(timed: Timed, offset: float, limit: float) -> dict[str, float]:
    return {name: round(min(getattr(timed, name) + offset, limit), 3) for name in ("start", "end")}
