"""Inputs and outputs of the sensevoice tasks."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from common.contract import ClipInput, Contract, TaskOutput
from common.media.fields import Artifact, MediaFile
from common.media.track_choice import AudioTrackNumber, ChannelMode, ChosenTrack
from common.models.contract import download_contract
from services.sensevoice.models import MODELS

Language = Literal["auto", "zh", "en", "yue", "ja", "ko"]


ModelName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(MODELS.resolve)]


class TranscribeAudioInput(ClipInput):
    audio_path: Annotated[MediaFile, Field(description="audio, or a video with sound")]
    track: AudioTrackNumber = None
    channels: ChannelMode = "mix"
    model: Annotated[
        ModelName | None,
        Field(description="a name, or a folder under share/models; None uses the setting"),
    ] = None
    language: Annotated[Language, Field(description="`auto` detects it for each segment")] = "auto"
    itn: Annotated[bool, Field(description="inverse text normalization: punctuation, and numbers as digits")] = True
    vad_threshold: Annotated[float, Field(gt=0, lt=1, description="a higher probability is speech")] = 0.5
    min_silence: Annotated[float, Field(ge=0.1, le=10, description="seconds; a longer pause ends a segment")] = 0.5
    max_segment: Annotated[
        float, Field(ge=2, le=30, description="seconds; a longer segment is split at its last pause, if it has one")
    ] = 20.0


class TranscribeAudioOutput(TaskOutput):
    transcript_path: Annotated[
        Artifact, Field(description="a Transcript, as JSON; each segment with its language, emotion and event")
    ]
    language: Annotated[str | None, Field(description="given, or the one spoken longest; None if there is no speech")]
    languages: Annotated[dict[str, float], Field(description="seconds of speech in each language")]
    emotions: Annotated[dict[str, int], Field(description="number of segments of each: happy, sad, neutral, …")]
    events: Annotated[
        dict[str, int], Field(description="number of segments of each: speech, laughter, applause, bgm, …")
    ]
    track: Annotated[ChosenTrack, Field(description="the audio track that was read, and why")]
    duration: Annotated[float, Field(ge=0, description="seconds of audio that were read")]
    segments: Annotated[int, Field(ge=0, description="number of segments")]
    words: Annotated[int, Field(ge=0, description="number of words; of characters, in a script without spaces")]
    real_time_factor: Annotated[
        float | None,
        Field(description="processing seconds per second of audio, in the last attempt, without waiting and loading"),
    ]
    model: str
    source: Annotated[
        Literal["sensevoice", "tiny test model"],
        Field(description="the tiny test model is not representative of SenseVoice"),
    ] = "sensevoice"
    warnings: Annotated[list[str], Field(default_factory=list, description="anomalies of the input")]


TRANSCRIBE_AUDIO = Contract(
    "sensevoice.transcribe_audio",
    TranscribeAudioInput,
    TranscribeAudioOutput,
    needs_gpu=False,
    summary="Transcribe speech with times, fast and on the CPU, using SenseVoice; with language, emotion and event.",
)
DOWNLOAD_MODEL = download_contract(MODELS)
