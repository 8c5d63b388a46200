"""Inputs and outputs of the llm tasks."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from common.contract import Contract, TaskInput, TaskOutput
from common.media.fields import Artifact, MediaFile

TranscriptFile = Annotated[MediaFile, Field(description="Transcript JSON, SRT or WebVTT")]
Provider = Annotated[str | None, Field(max_length=100, description="a name in `llm.providers`; None is the default")]
ModelName = Annotated[str | None, Field(max_length=200, description="overrides the provider's own")]
Term = Annotated[str, Field(min_length=1, max_length=200)]
Note = Annotated[str, Field(max_length=4_000)]
Ids = Annotated[list[int], Field(description="ids of lines")]
LanguageName = Annotated[str, Field(min_length=2, max_length=60, description="a name or code: Chinese, zh-CN, fr")]


class Usage(BaseModel):
    """The cost of the finished work over all attempts; a batch that died with its attempt is not included."""

    requests: int = 0
    cached: Annotated[int, Field(description="answers taken from the cache")] = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Annotated[float | None, Field(description="by the prices in the settings; None is unknown")] = None


class LlmInput(TaskInput):
    provider: Provider = None
    model: ModelName = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None


class LinesInput(LlmInput):
    transcript_path: TranscriptFile
    glossary: Annotated[
        dict[Term, Term], Field(default_factory=dict, max_length=500, description="required spelling of terms")
    ]
    instructions: Annotated[Note, Field(description="style, names, subject of the film")] = ""
    max_fallback: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="share of lines that may keep their source text; more, or all, and the task fails; None is "
            "`llm.max_fallback`",
        ),
    ] = None


class CorrectSubtitlesInput(LinesInput):
    pass


def file_suffix(language: str) -> str:
    """Return a language's part of the file names of a task with several languages."""
    return re.sub(r"[^\w-]+", "-", language.strip().lower()).strip("-") or "other"


class TranslateSubtitlesInput(LinesInput):
    target_language: Annotated[
        LanguageName | None, Field(description="the only target language; either this or `target_languages`")
    ] = None
    target_languages: Annotated[
        list[LanguageName], Field(max_length=20, default_factory=list, description="several target languages")
    ]
    source_language: Annotated[LanguageName | None, Field(description="None: the model detects it")] = None
    bilingual: Annotated[
        Literal["no", "above", "below"],
        Field(description="keep the source text in each cue, with the translation there"),
    ] = "no"
    reading_speed: Annotated[
        float | None,
        Field(
            ge=2,
            le=100,
            description="characters per second that a translated line may need to be read; longer ones are shortened "
            "once. None is 17, and 9 for Chinese, 4 for Japanese, 12 for Korean",
        ),
    ] = None

    @property
    def languages(self) -> list[str]:
        return [self.target_language] if self.target_language is not None else self.target_languages

    @model_validator(mode="after")
    def one_way_to_name_languages(self) -> Self:
        if bool(self.target_language) == bool(self.target_languages):
            raise ValueError("give either target_language or target_languages")
        if len({file_suffix(language) for language in self.languages}) < len(self.languages):
            raise ValueError("target_languages contains a language twice")
        return self


class LlmOutput(TaskOutput):
    provider: str
    model: str
    usage: Usage


class LinesResult(BaseModel):
    """The new lines, in one language."""

    transcript_path: Annotated[Artifact, Field(description="the same lines, with the same ids and times")]
    srt_path: Artifact
    lines: int
    changed: Annotated[int, Field(description="number of lines that differ from the source")]
    fallback: Annotated[Ids, Field(description="lines without a usable answer: they contain the source text")]
    markup_lost: Annotated[Ids, Field(description="lines whose answer lacks tags or dashes of the source")]


class LinesOutput(LlmOutput, LinesResult):
    pass


class Translation(LinesResult):
    language: Annotated[str, Field(description="as in the request")]
    too_fast: Annotated[Ids, Field(description="lines that cannot be read in their time at `reading_speed`")]


class TranslateOutput(LinesOutput):
    """The fields of the first translation, and all of them."""

    too_fast: Annotated[Ids, Field(description="lines that cannot be read in their time at `reading_speed`")]
    translations: Annotated[list[Translation], Field(description="one for each target language, in their order")]


class SummarizeInput(LlmInput):
    transcript_path: TranscriptFile
    language: Annotated[LanguageName | None, Field(description="language of the summary; None is the transcript's")] = (
        None
    )
    instructions: Note = ""
    chapters: Annotated[bool, Field(description="also create chapters, with times")] = True


class Chapter(BaseModel):
    """A part of the medium, up to the start of the next one."""

    start: Annotated[float, Field(description="seconds")]
    end: Annotated[float, Field(description="seconds")]
    title: str


class SummarizeOutput(LlmOutput):
    summary: str
    chapters: list[Chapter]
    json_path: Annotated[Artifact, Field(description="the same content as a file")]


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["system", "user", "assistant"]
    content: Annotated[str, Field(max_length=1_000_000)]


class ChatInput(LlmInput):
    messages: Annotated[list[Message], Field(min_length=1, max_length=1_000)]
    max_output_tokens: Annotated[int | None, Field(gt=0, le=1_000_000)] = None


class ChatOutput(LlmOutput):
    text: str
    finish_reason: Annotated[str, Field(description="`stop`, or `length` if it was truncated")]


CORRECT_SUBTITLES = Contract(
    "llm.correct_subtitles",
    CorrectSubtitlesInput,
    LinesOutput,
    summary="Correct recognition errors in subtitles; lines, ids and times stay the same.",
)
TRANSLATE_SUBTITLES = Contract(
    "llm.translate_subtitles",
    TranslateSubtitlesInput,
    TranslateOutput,
    summary="Translate subtitles line by line; lines, ids and times stay the same.",
)
SUMMARIZE = Contract(
    "llm.summarize", SummarizeInput, SummarizeOutput, summary="Summarize a transcript, with chapters and their times."
)
CHAT = Contract("llm.chat", ChatInput, ChatOutput, summary="Ask a language model.")
