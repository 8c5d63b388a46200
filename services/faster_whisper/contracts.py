"""What the faster_whisper service takes and gives."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from common.contract import ClipInput, Contract, TaskOutput
from common.media.fields import Artifact, MediaFile
from common.models.contract import download_contract
from services.faster_whisper.languages import LanguageCode
from services.faster_whisper.models import MODELS, english_only, translates

ComputeType = Literal[
    "auto", "float16", "bfloat16", "float32", "int8", "int8_float16", "int8_bfloat16", "int8_float32", "int16"
]
Temperature = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(max_length=2_000)]


ModelName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(MODELS.resolve)]


class VadOptions(BaseModel):
    """How the Silero VAD tells speech from silence. What is not given is as faster-whisper has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    threshold: Annotated[float | None, Field(gt=0, lt=1, description="a probability above it is speech")] = None
    neg_threshold: Annotated[float | None, Field(gt=0, lt=1, description="one below it ends the speech")] = None
    min_speech_duration_ms: Annotated[int | None, Field(ge=0, le=60_000, description="shorter is dropped")] = None
    max_speech_duration_s: Annotated[
        float | None, Field(ge=1, description="longer speech is split; 30 when `batch_size` is over 1")
    ] = None
    min_silence_duration_ms: Annotated[int | None, Field(ge=0, le=60_000, description="shorter pauses stay")] = None
    speech_pad_ms: Annotated[int | None, Field(ge=0, le=10_000, description="kept around speech")] = None


class TranscribeAudioInput(ClipInput):
    audio_path: Annotated[MediaFile, Field(description="audio, or a video with sound")]
    track: Annotated[int, Field(ge=0, le=255, description="which audio track, from 0")] = 0
    model: Annotated[
        ModelName | None,
        Field(description="a name, or a folder under share/models; None is the setting's"),
    ] = None
    device: Annotated[
        Literal["auto", "cuda", "cpu"], Field(description="`auto` is the worker's; `cpu` leaves its card to others")
    ] = "auto"
    compute_type: Annotated[ComputeType, Field(description="`auto` is float16 on a GPU and int8 on a CPU")] = "auto"
    language: Annotated[LanguageCode | None, Field(description="None detects it in the first speech")] = None
    task: Annotated[Literal["transcribe", "translate"], Field(description="`translate` writes English")] = "transcribe"
    vad_filter: Annotated[bool, Field(description="leave out what is not speech")] = True
    vad: VadOptions = VadOptions()
    word_timestamps: Annotated[bool, Field(description="time each word")] = False
    initial_prompt: Annotated[Text | None, Field(description="text before the speech; sets names and style")] = None
    hotwords: Annotated[Text | None, Field(description="words to expect, in every window")] = None
    beam_size: Annotated[int, Field(ge=1, le=20)] = 5
    batch_size: Annotated[
        int, Field(ge=1, le=64, description="windows at a time; over 1 is faster on a GPU, and needs `vad_filter`")
    ] = 1
    temperature: Annotated[
        tuple[Temperature, ...],
        Field(min_length=1, max_length=10, description="the next one is tried where a text looks wrong"),
    ] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    condition_on_previous_text: Annotated[bool, Field(description="each window sees the text before it")] = True
    compression_ratio_threshold: Annotated[float | None, Field(gt=0, description="above, a text looks wrong")] = 2.4
    log_prob_threshold: Annotated[float | None, Field(le=0, description="below, a text looks wrong")] = -1.0
    no_speech_threshold: Annotated[float | None, Field(gt=0, le=1, description="above, a window is silence")] = 0.6
    max_new_tokens: Annotated[int | None, Field(ge=1, le=220, description="of a window; None is as many as fit")] = None

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        if self.batch_size > 1 and not self.vad_filter:
            raise ValueError("batch_size over 1 needs vad_filter: the windows are cut at silences")
        return self

    @model_validator(mode="after")
    def model_can(self) -> Self:
        if self.model and english_only(self.model) and self.language not in {None, "en"}:
            raise ValueError(f"model {self.model} knows English only; choose another one for language {self.language}")
        if self.model and self.task == "translate" and not translates(self.model):
            raise ValueError(f"model {self.model} was not trained for task translate; choose large-v3, medium or small")
        return self


class TranscribeAudioOutput(TaskOutput):
    transcript_path: Annotated[Artifact, Field(description="a Transcript, as JSON")]
    language: Annotated[str | None, Field(description="given or detected; None where nobody speaks")]
    language_probability: Annotated[float | None, Field(ge=0, le=1, description="1 where the language was given")]
    duration: Annotated[float, Field(ge=0, description="seconds of audio that were read")]
    segments: Annotated[int, Field(ge=0, description="how many")]
    words: Annotated[int, Field(ge=0, description="how many; 0 without `word_timestamps`")]
    real_time_factor: Annotated[
        float | None,
        Field(description="seconds of work for a second of audio, in the last attempt, without waiting and loading"),
    ]
    model: str
    source: Annotated[
        Literal["whisper", "tiny test model"], Field(description="the tiny test model is no measure of Whisper")
    ] = "whisper"
    warnings: Annotated[list[str], Field(default_factory=list, description="what was odd about the input")]


TRANSCRIBE_AUDIO = Contract(
    "faster_whisper.transcribe_audio",
    TranscribeAudioInput,
    TranscribeAudioOutput,
    needs_gpu=True,
    summary="Turn speech into text with times, by Whisper; text streams while it is decoded.",
)
DOWNLOAD_MODEL = download_contract(MODELS)
