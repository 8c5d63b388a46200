"""Detection of the spoken language from the first speech of a medium, of which no more is read than needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from common.errors import InvalidInput
from common.gpu.residency import Model
from common.media import vad
from common.media.audio import SAMPLE_RATE_HZ, AudioTrack
from common.media.chunking import chunks
from common.stall import ends_when_stalled
from common.worker.job import Job
from services.faster_whisper import engine
from services.faster_whisper.contracts import DetectLanguageInput, LanguageCandidate
from services.faster_whisper.placement import acquire_session
from services.faster_whisper.settings import FasterWhisperSettings

if TYPE_CHECKING:
    from common.media.audio import Samples

SEARCHED_AT_ONCE_S = 60
MOST_CANDIDATES = 5


def detect_language(
    params: DetectLanguageInput, job: Job, sound: AudioTrack, model: Model[Any]
) -> list[LanguageCandidate]:
    """Return the most probable languages, the detected one first; none if there is no speech.

    The GPU is acquired only once the speech has been found.

    Raises:
        InvalidInput: the model supports only English.
    """
    settings = job.settings.section(FasterWhisperSettings)
    windows = params.language_detection_segments or settings.language_detection_segments
    threshold = params.language_detection_threshold
    if threshold is None:
        threshold = settings.language_detection_threshold
    speech = first_speech(sound, job, engine.WINDOW_S * windows)
    if not len(speech):
        return []
    with acquire_session(job, model, params.device) as session, ends_when_stalled(settings.stall_timeout) as moved:
        if not session.model.model.is_multilingual:
            raise InvalidInput(f"The model {model.name} supports only English. Choose a multilingual one.")
        with engine.window_callback(session.model, lambda *_: moved()):
            found = engine.detect_language(session.model, speech, windows, threshold)
    return [LanguageCandidate(language=code, probability=probability) for code, probability in found[:MOST_CANDIDATES]]


def first_speech(sound: AudioTrack, job: Job, seconds: float) -> Samples:
    """Return the first seconds of speech, without the pauses between; fewer if there are no more."""
    found: list[Samples] = []
    wanted = round(seconds * SAMPLE_RATE_HZ)
    for chunk in chunks(sound.blocks(), SEARCHED_AT_ONCE_S * SAMPLE_RATE_HZ, vad.find_speech_to_cut):
        job.check()
        found += [chunk.samples[start:end] for start, end in vad.find_speech(chunk.samples)]
        if sum(map(len, found)) >= wanted:
            break
    return np.concatenate(found)[:wanted] if found else np.empty(0, dtype=np.float32)
