"""Settings of the faster_whisper service."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from common.settings import Seconds, Section


class FasterWhisperSettings(Section):
    gpu_model: Annotated[str, Field(description="default on a GPU")] = "large-v3-turbo"
    gpu_translation_model: Annotated[
        str, Field(description="default on a GPU for translation; turbo models cannot translate")
    ] = "large-v3"
    cpu_model: Annotated[str, Field(description="default on a CPU")] = "small"
    cpu_threads: Annotated[int, Field(ge=0, description="threads of a model on the CPU; 0 lets CTranslate2 choose")] = 0
    language_detection_segments: Annotated[
        int,
        Field(ge=1, le=20, description="windows of 30 s in which the language may be detected; most of them decide"),
    ] = 4
    language_detection_threshold: Annotated[
        float, Field(ge=0, le=1, description="a higher probability decides at once; a lower one gives a warning")
    ] = 0.5
    max_duration: Annotated[Seconds, Field(description="maximum length of audio per task")] = timedelta(hours=12)
    chunk_length: Annotated[Seconds, Field(ge=timedelta(seconds=1), description="long audio is cut at pauses")] = (
        timedelta(minutes=5)
    )
    stall_timeout: Annotated[
        Seconds, Field(gt=timedelta(0), description="the process ends itself if nothing is decoded for this long")
    ] = timedelta(minutes=5)
