"""Settings of the faster_whisper service."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from common.settings import Seconds, Section


class FasterWhisperSettings(Section):
    gpu_model: Annotated[str, Field(description="where a task names none, on a GPU")] = "large-v3-turbo"
    gpu_translation_model: Annotated[str, Field(description="the same, to translate; turbo models cannot")] = "large-v3"
    cpu_model: Annotated[str, Field(description="where a task names none, on a CPU")] = "small"
    cpu_threads: Annotated[int, Field(ge=0, description="of a model on the CPU; 0 lets CTranslate2 choose")] = 0
    max_duration: Annotated[Seconds, Field(description="of the audio that a task reads")] = timedelta(hours=12)
    chunk_length: Annotated[Seconds, Field(ge=timedelta(seconds=1), description="long audio is cut at silences")] = (
        timedelta(minutes=5)
    )
    stall_timeout: Annotated[
        Seconds, Field(gt=timedelta(0), description="nothing decoded for this long: the process ends itself")
    ] = timedelta(minutes=5)
