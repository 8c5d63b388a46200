"""The fast engines SenseVoice and a small Whisper, both on the CPU, without the GPU lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from common.gpu.residency import Model
from common.media.audio import SAMPLE_RATE_HZ
from common.media.chunking import SampleSpan
from common.transcript.format import Segment
from common.worker.job import Job
from services.dual_stream.contracts import TranscribeAudioInput
from services.dual_stream.drafts.catalog import SENSEVOICE_LANGUAGES, DraftEngineName
from services.dual_stream.drafts.cpu_model import CpuModel
from services.dual_stream.drafts.words import join_words, words_by_utterance
from services.faster_whisper import engine as whisper
from services.faster_whisper.contracts import TranscribeAudioInput as WhisperInput
from services.sensevoice import engine as sensevoice
from services.sensevoice.segments import segment_of

if TYPE_CHECKING:
    from common.media.audio import Samples

Check = Callable[[], None]


class SenseVoiceDrafts:
    """SenseVoice. `step` is called before each utterance."""

    name: DraftEngineName = "sensevoice"

    def __init__(self, job: Job, model_name: str, model: Model[Any], params: TranscribeAudioInput, step: Check) -> None:
        self.model_name = model_name
        self.model = CpuModel(job, model)
        self.itn = params.itn
        known = params.language in SENSEVOICE_LANGUAGES and not params.multilingual
        self.language = params.language if known else None
        """Only the client's: SenseVoice distinguishes Chinese and Cantonese better than Whisper does."""
        self.step = step

    def transcribe(self, samples: Samples, speech: list[SampleSpan], _language: str | None) -> list[Segment | None]:
        return [self.draft(samples, begin, end) for begin, end in speech]

    def draft(self, samples: Samples, begin: int, end: int) -> Segment | None:
        self.step()
        heard = sensevoice.transcribe(self.model.value, samples[begin:end], language=self.language, itn=self.itn)
        return segment_of(heard, 0, begin / SAMPLE_RATE_HZ) if heard.text else None


class WhisperDrafts:
    """A small Whisper, which decodes all utterances of a chunk at once: whatever its length, a window costs the same.
    `step` is called before each window.
    """

    name: DraftEngineName = "whisper"

    def __init__(self, job: Job, model_name: str, model: Model[Any], params: TranscribeAudioInput, step: Check) -> None:
        self.model_name = model_name
        self.model = CpuModel(job, model)
        self.params = WhisperInput(
            audio_path=params.audio_path,
            word_timestamps=True,
            hotwords=params.hotwords,
            beam_size=1,
            temperature=(0.0,),
            condition_on_previous_text=False,
        )
        self.step = step

    def transcribe(self, samples: Samples, speech: list[SampleSpan], language: str | None) -> list[Segment | None]:
        self.step()
        with whisper.window_callback(self.model.value, self.on_window):
            heard = whisper.transcribe(self.model.value, samples, speech, self.params, language=language)
            words = [word for segment in heard.segments for word in segment.words]
        return [join_words(found, heard.language) for found in words_by_utterance(words, speech)]

    def on_window(self, _start: float, _end: float) -> None:
        self.step()

    def detect_language(self, speech: Samples) -> tuple[str, float] | None:
        """Return the language of some speech and its probability; None from a model that knows only one."""
        if not self.model.value.model.is_multilingual or not len(speech):
            return None
        self.step()
        with whisper.window_callback(self.model.value, self.on_window):
            return whisper.detect_language(self.model.value, speech, 1, 0.0)[0]
