"""Inputs and outputs of the pyannote tasks."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from common.contract import ClipInput, Contract, TaskOutput
from common.media.fields import Artifact, MediaFile
from common.media.track_choice import AudioTrackNumber, ChosenTrack
from common.models.contract import download_contract
from services.pyannote.models import MODELS, NAMES

Speakers = Annotated[int | None, Field(ge=1, le=100)]


class DiarizeSpeakersInput(ClipInput):
    audio_path: Annotated[MediaFile, Field(description="audio, or a video with sound")]
    track: AudioTrackNumber = None
    model: Annotated[
        Annotated[str, Field(min_length=1, max_length=200), AfterValidator(MODELS.resolve)] | None,
        Field(description=f"{', '.join(NAMES)}, or a pipeline's folder under share; None uses the setting"),
    ] = None
    num_speakers: Annotated[Speakers, Field(description="the exact number, if it is known")] = None
    min_speakers: Speakers = None
    max_speakers: Speakers = None

    @model_validator(mode="after")
    def fits(self) -> Self:
        if self.num_speakers and (self.min_speakers or self.max_speakers):
            raise ValueError("give `num_speakers`, or `min_speakers` and `max_speakers`, not both")
        if self.min_speakers and self.max_speakers and self.max_speakers < self.min_speakers:
            raise ValueError("`max_speakers` must not be less than `min_speakers`")
        return self


class Speaker(BaseModel):
    """Speech statistics of one speaker."""

    seconds: float
    share: Annotated[float, Field(description="share of all speech, 0 to 1; overlap counts for each")]
    turns: int


class DiarizeSpeakersOutput(TaskOutput):
    rttm_path: Annotated[Artifact, Field(description="for `subtitle.assign_speakers` and other tools")]
    json_path: Annotated[
        Artifact, Field(description="`turns` (they may overlap), and `exclusive` turns of one speaker at a time")
    ]
    speakers: Annotated[dict[str, Speaker], Field(description="by label, longest speech first")]
    turns: int
    overlap: Annotated[float, Field(description="seconds during which more than one speaks")]
    track: Annotated[ChosenTrack, Field(description="the audio track that was read, and why")]
    duration: Annotated[float, Field(description="seconds of audio")]
    real_time_factor: Annotated[float | None, Field(description="processing seconds per second of audio")]
    model: str
    source: Annotated[str, Field(description="`pyannote`, or `tiny test model`")]
    warnings: list[str]


DIARIZE_SPEAKERS = Contract(
    "pyannote.diarize_speakers",
    DiarizeSpeakersInput,
    DiarizeSpeakersOutput,
    needs_gpu=True,
    summary="Diarize: find out who speaks when.",
)
DOWNLOAD_MODEL = download_contract(MODELS)
