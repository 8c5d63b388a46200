"""Settings of the dual_stream service. Models and threads are those of faster_whisper and sensevoice."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from common.settings import Seconds, Section
from services.dual_stream.alignment.limits import FallbackLimits
from services.dual_stream.drafts.catalog import DraftEngineChoice
from services.dual_stream.models import PARAKEET


class DualStreamSettings(Section):
    draft_engine: Annotated[
        DraftEngineChoice,
        Field(
            description="who drafts if a task does not say; `auto` is SenseVoice in zh, yue, en, ja and ko, otherwise"
            " Whisper; `none` makes no drafts"
        ),
    ] = "auto"
    draft_whisper_model: Annotated[
        str, Field(description="small Whisper that drafts, on the CPU; should be multilingual")
    ] = "tiny"
    draft_parakeet_model: Annotated[str, Field(description="Parakeet that drafts if `draft_engine` is parakeet")] = (
        PARAKEET
    )
    chunk_length: Annotated[
        Seconds,
        Field(ge=timedelta(seconds=5), le=timedelta(seconds=30), description="maximum length of audio before a draft"),
    ] = timedelta(seconds=20)
    shortest_pause: Annotated[Seconds, Field(gt=timedelta(0), description="pause that ends an utterance")] = timedelta(
        seconds=0.4
    )
    longest_utterance: Annotated[
        Seconds, Field(ge=timedelta(seconds=2), le=timedelta(seconds=30), description="longer ones are split")
    ] = timedelta(seconds=12)
    prompt_length: Annotated[
        int,
        Field(
            ge=0, le=800, description="characters of the draft and of the previous text that Whisper gets as a prompt"
        ),
    ] = 200
    fallback: FallbackLimits = FallbackLimits()
    max_duration: Annotated[Seconds, Field(description="maximum length of audio per task")] = timedelta(hours=12)
    stall_timeout: Annotated[
        Seconds, Field(gt=timedelta(0), description="the process ends itself if no stage makes progress for this long")
    ] = timedelta(minutes=5)
