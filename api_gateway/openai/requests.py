"""Requests to OpenAI's audio endpoints, and their mapping to Baton's task."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from typing_extensions import override

from api_gateway.openai.errors import InvalidValue, UnknownModel, UnknownParameter, UnsupportedValue
from api_gateway.openai.model_names import SPEAKERS, resolve
from api_gateway.synchronous.errors import MissingParameter
from api_gateway.synchronous.form import Fields, as_list, nest_fields
from api_gateway.synchronous.languages import language_code
from common.errors import BatonError
from services.faster_whisper.contracts import TranscribeAudioInput
from services.faster_whisper.models import NAMES

LONGEST_PROMPT = 2_000
"""Characters; of a longer prompt Whisper would see only the end, as at OpenAI."""
OURS = {"initial_prompt": "prompt", "hotwords": "keywords", "vad": "chunking_strategy", "audio_path": "file"}
"""OpenAI's names of the fields of our contract, for errors."""
NO_NAMES: Mapping[str, str] = MappingProxyType({})

ResponseFormat = Literal["json", "text", "srt", "vtt", "verbose_json"]
Granularity = Literal["word", "segment"]
Strings = Annotated[list[str], BeforeValidator(as_list)]
Task = Literal["transcribe", "translate"]


class ServerVad(BaseModel):
    """Voice activity detection options. The padding is kept on both sides of speech."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["server_vad"]
    prefix_padding_ms: int | None = None
    silence_duration_ms: int | None = None
    threshold: float | None = None

    @property
    def options(self) -> dict[str, Any]:
        return {
            "speech_pad_ms": self.prefix_padding_ms,
            "min_silence_duration_ms": self.silence_duration_ms,
            "threshold": self.threshold,
        }


VAD_SCHEMA = ServerVad.model_json_schema()


class TranslationRequest(BaseModel):
    """Speech in any language to English text."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    task: ClassVar[Task] = "translate"

    model: Annotated[str, Field(description="a Whisper model; OpenAI's names stand for the configured one")]
    prompt: Annotated[str, Field(description="text before the speech: names and style")] = ""
    response_format: ResponseFormat = "json"
    temperature: Annotated[
        float, Field(ge=0, le=1, description="0 falls back to higher values where a text looks wrong")
    ] = 0.0

    track: Annotated[
        int | None,
        Field(ge=0, description="not OpenAI's: which audio track of a video, from 0; None chooses by language"),
    ] = None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Parse the fields of a form.

        Raises:
            MissingParameter, UnknownParameter, InvalidValue, UnsupportedValue: the message names the parameter.
        """
        try:
            return cls.model_validate(nest_fields(fields))
        except ValidationError as error:
            raise openai_error(error) from error

    @property
    def streams(self) -> bool:
        return False

    @property
    def words(self) -> bool:
        return False

    @property
    def segments(self) -> bool:
        return True

    def options(self) -> dict[str, Any]:
        """Return the given fields under our contract's names; the contract's defaults apply to the others."""
        given = {
            "model": resolve(self.model),
            "initial_prompt": self.prompt[-LONGEST_PROMPT:] or None,
            "temperature": (self.temperature,) if self.temperature else None,
            "track": self.track,
        }
        return {name: value for name, value in given.items() if value is not None}

    def task_input(self, audio: str) -> TranscribeAudioInput:
        """Return the input of our task.

        Raises:
            UnknownModel, InvalidValue: the contract does not accept it.
        """
        try:
            return TranscribeAudioInput.model_validate({"audio_path": audio, "task": self.task, **self.options()})
        except ValidationError as error:
            raise openai_error(error, OURS, self.model) from error


class TranscriptionRequest(TranslationRequest):
    """Speech to text in its own language."""

    task: ClassVar[Task] = "transcribe"

    language: Annotated[str | None, Field(description="ISO 639-1; detected if omitted")] = None
    timestamp_granularities: Annotated[list[Granularity], BeforeValidator(as_list)] = ["segment"]
    stream: Annotated[bool, Field(description="text as it is decoded, as Server-Sent Events")] = False
    chunking_strategy: Annotated[
        Literal["auto"] | ServerVad | Json[ServerVad] | None,
        WithJsonSchema({"description": "how speech is detected", "anyOf": [{"const": "auto"}, VAD_SCHEMA]}),
    ] = None
    keywords: Annotated[Strings, Field(description="words to expect")] = []
    languages: Annotated[Strings, Field(max_length=1, description="one, the same as `language`")] = []
    include: Annotated[Strings, Field(description="must be empty: log probabilities of tokens are not available")] = []
    known_speaker_names: Annotated[Strings, Field(description="must be empty")] = []
    known_speaker_references: Annotated[Strings, Field(description="must be empty")] = []

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        if self.words and self.response_format != "verbose_json":
            raise UnsupportedValue(
                "timestamp_granularities word needs response_format verbose_json.", param="timestamp_granularities"
            )
        if self.stream and self.response_format in {"srt", "vtt"}:
            raise UnsupportedValue("stream needs response_format json, text or verbose_json.", param="response_format")
        if self.include:
            raise UnsupportedValue(
                "Log probabilities of single tokens are not available; verbose_json has avg_logprob of each segment.",
                param="include",
            )
        if self.known_speaker_names or self.known_speaker_references:
            raise UnsupportedValue(SPEAKERS, param="known_speaker_names")
        return self

    @property
    @override
    def streams(self) -> bool:
        return self.stream

    @property
    @override
    def words(self) -> bool:
        return "word" in self.timestamp_granularities

    @property
    @override
    def segments(self) -> bool:
        return "segment" in self.timestamp_granularities

    @override
    def options(self) -> dict[str, Any]:
        given = {
            "language": language_code(self.language or next(iter(self.languages), None)),
            "hotwords": ", ".join(self.keywords) or None,
            "word_timestamps": self.words or None,
            "vad": self.vad,
        }
        return super().options() | {name: value for name, value in given.items() if value is not None}

    @property
    def vad(self) -> dict[str, Any] | None:
        return self.chunking_strategy.options if isinstance(self.chunking_strategy, ServerVad) else None


def openai_error(error: ValidationError, names: Mapping[str, str] = NO_NAMES, model: str = "") -> BatonError:
    """Return the first of pydantic's errors as an OpenAI error; `names` maps fields to OpenAI's parameters."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    name = names.get(place[0], place[0]) if place else None
    if name == "model" and first["type"] != "missing":
        return UnknownModel(f"The model {model!r} does not exist. Choose whisper-1, {', '.join(NAMES)}.", param=name)
    kind = {"missing": MissingParameter, "extra_forbidden": UnknownParameter}.get(first["type"], InvalidValue)
    return kind(f"{name or 'These do not fit together'}: {first['msg']}", param=name)
