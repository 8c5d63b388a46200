"""Query parameters of the two endpoints, and their mapping to Baton's tasks.

The protocol is that of https://github.com/ahmetoner/whisper-asr-webservice. As there, unknown parameters are ignored.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from api_gateway.synchronous.languages import language_code
from common.errors import InvalidInput
from services.faster_whisper.contracts import DetectLanguageInput, TranscribeAudioInput

Output = Literal["txt", "vtt", "srt", "tsv", "json"]


class AudioQuery(BaseModel):
    """What both endpoints accept."""

    encode: Annotated[
        bool, Field(description="false: the file is signed 16-bit PCM, mono, 16 kHz, without a header")
    ] = True
    video_file: Annotated[str | None, Field(description="the name of the video, for logs; ignored")] = None


class DetectLanguageQuery(AudioQuery):
    def task_input(self, audio: str) -> DetectLanguageInput:
        return DetectLanguageInput.model_validate({"audio_path": audio})


class AsrQuery(AudioQuery):
    task: Literal["transcribe", "translate"] = "transcribe"
    language: Annotated[str | None, Field(description="a code or an English name; detected if omitted")] = None
    output: Output = "txt"
    initial_prompt: Annotated[str | None, Field(description="text before the speech: names and style")] = None
    vad_filter: Annotated[bool | None, Field(description="skip what is not speech; Baton's default is true")] = None
    word_timestamps: Annotated[bool, Field(description="the time of each word, in json")] = False
    diarize: Annotated[
        bool,
        Field(
            description="must be false: use `pyannote.diarize_speakers` for speakers",
            json_schema_extra={"const": False},
        ),
    ] = False

    @model_validator(mode="after")
    def knows_no_speakers(self) -> Self:
        if self.diarize:
            raise ValueError("diarize is not available here: use the task pyannote.diarize_speakers for speakers")
        return self

    def task_input(self, audio: str) -> TranscribeAudioInput:
        """Return the input of the task.

        Raises:
            InvalidInput: the task does not accept a value.
        """
        options: dict[str, Any] = {
            "language": language_code(self.language),
            "initial_prompt": self.initial_prompt or None,
            "vad_filter": self.vad_filter,
        }
        given = {name: value for name, value in options.items() if value is not None}
        try:
            return TranscribeAudioInput.model_validate(
                {"audio_path": audio, "task": self.task, "word_timestamps": self.word_timestamps, **given}
            )
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise InvalidInput(f"{place or 'These do not fit together'}: {first['msg']}") from error
