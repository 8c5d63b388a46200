"""Inputs and outputs of the dual_stream tasks."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from common.contract import ClipInput, Contract, TaskOutput
from common.media.fields import Artifact, MediaFile
from common.media.track_choice import AudioTrackNumber, ChannelMode, ChosenTrack
from common.models.contract import download_contract
from services.dual_stream.drafts.catalog import (
    FAMILIES,
    PARAKEET_LANGUAGES,
    DraftEngineChoice,
    DraftEngineName,
    engines_of,
    resolve_draft_model,
)
from services.dual_stream.models import MODELS
from services.faster_whisper.contracts import ComputeType, Temperature, Text
from services.faster_whisper.contracts import ModelName as WhisperModel
from services.faster_whisper.languages import LanguageCode
from services.faster_whisper.models import english_only

DraftModel = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(resolve_draft_model)]


class TranscribeAudioInput(ClipInput):
    audio_path: Annotated[MediaFile, Field(description="audio, or a video with sound")]
    track: AudioTrackNumber = None
    channels: ChannelMode = "mix"
    draft_engine: Annotated[
        DraftEngineChoice | None,
        Field(
            description="who drafts; `auto` is SenseVoice in zh, yue, en, ja and ko, and a small Whisper in all other"
            " languages; `parakeet` knows 25 European ones; `none` makes no drafts; None is the engine of"
            " `draft_model`, or else the setting"
        ),
    ] = None
    draft_model: Annotated[
        DraftModel | None,
        Field(description="model of `draft_engine`: a name, or a folder under share/models; None uses the settings"),
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
        for model in filter(None, (self.model, self.draft_model)):
            if english_only(model) and self.multilingual:
                raise ValueError(f"model {model} supports English only; choose another model for multilingual")
            if english_only(model) and self.language not in {None, "en"}:
                raise ValueError(
                    f"model {model} supports English only; choose another model for language {self.language}"
                )
        return self

    @model_validator(mode="after")
    def drafts_fit_together(self) -> Self:
        engine, model = self.draft_engine, self.draft_model
        if model and engine == "none":
            raise ValueError("draft_engine none makes no drafts; omit draft_model")
        if model and engine in FAMILIES and engine not in engines_of(model):
            raise ValueError(f"draft_model {model} is not a model of draft_engine {engine}; omit one of them")
        parakeet = engine == "parakeet" or (model is not None and engines_of(model) == ["parakeet"])
        if parakeet and self.language not in PARAKEET_LANGUAGES | {None}:
            raise ValueError(f"parakeet does not know language {self.language}; choose another draft_engine")
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
    draft_engine: Annotated[
        DraftEngineName | None,
        Field(description="engine of the drafts, of most if several drafted; None if there are no drafts"),
    ] = None
    draft_engines: Annotated[dict[str, int], Field(default_factory=dict, description="number of drafts by each engine")]
    draft_model: Annotated[str | None, Field(description="model of `draft_engine`")]
    model: str
    source: Annotated[
        Literal["both engines", "slow engine", "tiny test models"],
        Field(
            description="`slow engine` if nothing could draft; a tiny test model is not representative of the engines"
        ),
    ] = "both engines"
    warnings: Annotated[list[str], Field(default_factory=list, description="anomalies of the input")]


TRANSCRIBE_AUDIO = Contract(
    "dual_stream.transcribe_audio",
    TranscribeAudioInput,
    TranscribeAudioOutput,
    needs_gpu=True,
    summary="Transcribe speech in two streams: drafts by a fast engine within seconds, replaced by Whisper's finals.",
)
DOWNLOAD_MODEL = download_contract(MODELS)
