"""Inputs and outputs of the dual_stream tasks."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from common.contract import ClipInput, Contract, TaskOutput
from common.media.fields import Artifact, MediaFile
from common.media.track_choice import AudioTrackNumber, ChannelMode, ChosenTrack
from services.faster_whisper.contracts import ComputeType, Temperature, Text
from services.faster_whisper.contracts import ModelName as WhisperModel
from services.faster_whisper.languages import LanguageCode
from services.faster_whisper.models import english_only
from services.sensevoice.contracts import ModelName as SenseVoiceModel


class TranscribeAudioInput(ClipInput):
    audio_path: Annotated[MediaFile, Field(description="audio, or a video with sound")]
    track: AudioTrackNumber = None
    channels: ChannelMode = "mix"
    draft_model: Annotated[
        SenseVoiceModel | None,
        Field(description="SenseVoice: a name, or a folder under share/models; None uses the setting of sensevoice"),
    ] = None
    model: Annotated[
        WhisperModel | None,
        Field(description="Whisper: a name, or a folder under share/models; None uses the setting of faster_whisper"),
    ] = None
    compute_type: Annotated[ComputeType, Field(description="`auto` is float16 on a GPU and int8 on a CPU")] = "auto"
    language: Annotated[LanguageCode | None, Field(description="None detects it from the first speech")] = None
    multilingual: Annotated[
        bool, Field(description="detect the language of each chunk again; `language` then chooses only the track")
    ] = False
    itn: Annotated[bool, Field(description="drafts have punctuation, and numbers as digits")] = True
    initial_prompt: Annotated[Text | None, Field(description="text before the speech; sets names and style")] = None
    hotwords: Annotated[Text | None, Field(description="words to expect, in every chunk")] = None
    beam_size: Annotated[int, Field(ge=1, le=20)] = 5
    temperature: Annotated[
        tuple[Temperature, ...],
        Field(min_length=1, max_length=10, description="the next one is tried if a text looks wrong"),
    ] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        if self.model and english_only(self.model) and self.multilingual:
            raise ValueError(f"model {self.model} supports English only; choose another model for multilingual")
        if self.model and english_only(self.model) and self.language not in {None, "en"}:
            raise ValueError(
                f"model {self.model} supports English only; choose another model for language {self.language}"
            )
        return self


class TranscribeAudioOutput(TaskOutput):
    transcript_path: Annotated[
        Artifact, Field(description="a Transcript, as JSON; each segment's `source` names the engine of its text")
    ]
    srt_path: Annotated[Artifact, Field(description="the same as subtitles, including edits made so far")]
    report_path: Annotated[Artifact, Field(description="for each segment, whose text was chosen and why, as JSON")]
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
    words: Annotated[int, Field(ge=0, description="number of words; of characters, in a script without spaces")]
    drafts_kept: Annotated[
        int, Field(ge=0, description="segments with the draft's text, because Whisper's looked wrong")
    ]
    reasons: Annotated[dict[str, int], Field(description="number of Whisper texts that looked wrong, by reason")]
    real_time_factor: Annotated[
        float | None,
        Field(description="processing seconds per second of audio, in the last attempt, without waiting and loading"),
    ]
    draft_model: str
    model: str
    source: Annotated[
        Literal["both engines", "tiny test models"],
        Field(description="a tiny test model is not representative of the engines"),
    ] = "both engines"
    warnings: Annotated[list[str], Field(default_factory=list, description="anomalies of the input")]


TRANSCRIBE_AUDIO = Contract(
    "dual_stream.transcribe_audio",
    TranscribeAudioInput,
    TranscribeAudioOutput,
    needs_gpu=True,
    summary="Transcribe speech in two streams: drafts by SenseVoice within seconds, replaced by Whisper's finals.",
)
