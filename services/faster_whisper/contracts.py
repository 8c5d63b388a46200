"""Inputs and outputs of the faster_whisper tasks."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from common.contract import ClipInput, Contract, TaskOutput
from common.media.fields import Artifact, MediaFile
from common.media.track_choice import AudioTrackNumber, ChannelMode, ChosenTrack
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
    """Options of the Silero VAD. Omitted ones have faster-whisper's defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    threshold: Annotated[float | None, Field(gt=0, lt=1, description="a higher probability is speech")] = None
    neg_threshold: Annotated[float | None, Field(gt=0, lt=1, description="a lower probability ends the speech")] = None
    min_speech_duration_ms: Annotated[int | None, Field(ge=0, le=60_000, description="shorter speech is dropped")] = (
        None
    )
    max_speech_duration_s: Annotated[
        float | None, Field(ge=1, description="longer speech is split; 30 when `batch_size` is over 1")
    ] = None
    min_silence_duration_ms: Annotated[int | None, Field(ge=0, le=60_000, description="shorter pauses are kept")] = None
    speech_pad_ms: Annotated[int | None, Field(ge=0, le=10_000, description="kept around speech")] = None


class WhisperInput(ClipInput):
    """What every task with a Whisper model accepts."""

    audio_path: Annotated[MediaFile, Field(description="audio, or a video with sound")]
    track: AudioTrackNumber = None
    model: Annotated[
        ModelName | None,
        Field(description="a name, or a folder under share/models; None uses the setting"),
    ] = None
    device: Annotated[
        Literal["auto", "cuda", "cpu"], Field(description="`auto` is the worker's; `cpu` leaves its GPU to others")
    ] = "auto"
    language_detection_segments: Annotated[
        int | None,
        Field(ge=1, le=20, description="windows of 30 s in which the language may be detected; None uses the setting"),
    ] = None
    language_detection_threshold: Annotated[
        float | None,
        Field(ge=0, le=1, description="a higher probability decides at once; None uses the setting"),
    ] = None


class TranscribeAudioInput(WhisperInput):
    channels: ChannelMode = "mix"
    compute_type: Annotated[ComputeType, Field(description="`auto` is float16 on a GPU and int8 on a CPU")] = "auto"
    language: Annotated[LanguageCode | None, Field(description="None detects it from the first speech")] = None
    multilingual: Annotated[
        bool,
        Field(description="detect the language of each window of 30 s again; `language` then chooses only the track"),
    ] = False
    task: Annotated[Literal["transcribe", "translate"], Field(description="`translate` writes English")] = "transcribe"
    vad_filter: Annotated[bool, Field(description="skip what is not speech")] = True
    vad: VadOptions = VadOptions()
    word_timestamps: Annotated[bool, Field(description="return the time of each word")] = False
    initial_prompt: Annotated[Text | None, Field(description="text before the speech; sets names and style")] = None
    hotwords: Annotated[Text | None, Field(description="words to expect, in every window")] = None
    beam_size: Annotated[int, Field(ge=1, le=20)] = 5
    batch_size: Annotated[
        int,
        Field(
            ge=1,
            le=64,
            description="number of windows decoded at once; over 1 is faster on a GPU, and needs `vad_filter`",
        ),
    ] = 1
    temperature: Annotated[
        tuple[Temperature, ...],
        Field(min_length=1, max_length=10, description="the next one is tried if a text looks wrong"),
    ] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    condition_on_previous_text: Annotated[bool, Field(description="each window gets the previous text as context")] = (
        True
    )
    compression_ratio_threshold: Annotated[float | None, Field(gt=0, description="above this, a text looks wrong")] = (
        2.4
    )
    log_prob_threshold: Annotated[float | None, Field(le=0, description="below this, a text looks wrong")] = -1.0
    no_speech_threshold: Annotated[float | None, Field(gt=0, le=1, description="above this, a window is silence")] = 0.6
    max_new_tokens: Annotated[int | None, Field(ge=1, le=220, description="per window; None is as many as fit")] = None

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        if self.batch_size > 1 and not self.vad_filter:
            raise ValueError("batch_size over 1 needs vad_filter: the windows are cut at silences")
        return self

    @model_validator(mode="after")
    def model_can(self) -> Self:
        if self.model and english_only(self.model) and self.language not in {None, "en"}:
            raise ValueError(
                f"model {self.model} supports English only; choose another model for language {self.language}"
            )
        if self.model and english_only(self.model) and self.multilingual:
            raise ValueError(f"model {self.model} supports English only; choose another model for multilingual")
        if self.model and self.task == "translate" and not translates(self.model):
            raise ValueError(f"model {self.model} was not trained for task translate; choose large-v3, medium or small")
        return self


class TranscribeAudioOutput(TaskOutput):
    transcript_path: Annotated[Artifact, Field(description="a Transcript, as JSON")]
    language: Annotated[
        str | None,
        Field(description="given or detected, with `multilingual` the one spoken longest; None if there is no speech"),
    ]
    language_probability: Annotated[
        float | None, Field(ge=0, le=1, description="1 if the language was given; None with `multilingual`")
    ]
    languages: Annotated[dict[str, float], Field(description="seconds of speech in each language")]
    track: Annotated[ChosenTrack, Field(description="the audio track that was read, and why")]
    duration: Annotated[float, Field(ge=0, description="seconds of audio that were read")]
    segments: Annotated[int, Field(ge=0, description="number of segments")]
    words: Annotated[int, Field(ge=0, description="number of words; 0 without `word_timestamps`")]
    real_time_factor: Annotated[
        float | None,
        Field(description="processing seconds per second of audio, in the last attempt, without waiting and loading"),
    ]
    model: str
    source: Annotated[
        Literal["whisper", "tiny test model"], Field(description="the tiny test model is not representative of Whisper")
    ] = "whisper"
    warnings: Annotated[list[str], Field(default_factory=list, description="anomalies of the input")]


class DetectLanguageInput(WhisperInput):
    track: Annotated[
        int | None,
        Field(ge=0, le=255, description="which audio track, from 0; None is the container's default, else the first"),
    ] = None

    @model_validator(mode="after")
    def model_can(self) -> Self:
        if self.model and english_only(self.model):
            raise ValueError(f"model {self.model} supports English only; choose a multilingual one, such as small")
        return self


class LanguageCandidate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: Annotated[str, Field(description="as Whisper writes it: ISO 639-1, or three letters")]
    probability: Annotated[float, Field(ge=0, le=1)]


class DetectLanguageOutput(TaskOutput):
    language: Annotated[str | None, Field(description="None if there is no speech")]
    language_probability: Annotated[float | None, Field(ge=0, le=1)]
    track: Annotated[ChosenTrack, Field(description="the audio track that was read, and why")]
    candidates: Annotated[list[LanguageCandidate], Field(description="the most probable languages, the detected first")]
    duration: Annotated[float, Field(ge=0, description="seconds of audio that were read to find enough speech")]
    model: str
    source: Annotated[
        Literal["whisper", "tiny test model"], Field(description="the tiny test model is not representative of Whisper")
    ] = "whisper"
    warnings: Annotated[list[str], Field(default_factory=list, description="anomalies of the input")]


TRANSCRIBE_AUDIO = Contract(
    "faster_whisper.transcribe_audio",
    TranscribeAudioInput,
    TranscribeAudioOutput,
    needs_gpu=True,
    summary="Transcribe speech with times, using Whisper; text is streamed while it is decoded.",
)
DETECT_LANGUAGE = Contract(
    "faster_whisper.detect_language",
    DetectLanguageInput,
    DetectLanguageOutput,
    needs_gpu=True,
    summary="Detect the spoken language of a medium, from its first speech.",
)
DOWNLOAD_MODEL = download_contract(MODELS)
