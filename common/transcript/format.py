"""The transcript format that all speech and OCR tasks read and write."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

LATEST_S = 10_000_000
"""Upper bound of all times: 2,777 hours. JSON allows numbers such as 1e309, which no subtitle format can represent."""
LARGEST_ID = 2**53
Seconds = Annotated[float, Field(ge=0, le=LATEST_S, description="seconds from the start of the medium")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="as in BCP 47: en, zh, yue")]


class Timed(BaseModel):
    """Anything with a start and an end."""

    model_config = ConfigDict(extra="forbid")

    start: Seconds
    end: Seconds

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.end < self.start:
            raise ValueError("the end is before the start")
        return self

    @property
    def duration(self) -> float:
        return self.end - self.start


class Word(Timed):
    """One word, or one character in a language without spaces. Its text includes the preceding space."""

    text: str
    probability: Annotated[float | None, Field(ge=0, le=1)] = None
    speaker: str | None = None


class Segment(Timed):
    """One utterance. Its words, concatenated and stripped, are its text. The id is the same for draft and final."""

    id: Annotated[int, Field(ge=0, le=LARGEST_ID)]
    text: str
    words: list[Word] = []
    language: Language | None = None
    speaker: str | None = None
    source: Literal["final", "draft"] = "final"
    modified: Annotated[bool, Field(description="edited by a person; later finals leave it alone")] = False
    confidence: Annotated[float | None, Field(ge=0, le=1)] = None
    avg_logprob: float | None = None
    compression_ratio: float | None = None
    no_speech_prob: float | None = None
    emotion: Annotated[str | None, Field(description="detected by SenseVoice: neutral, happy, sad, angry, …")] = None
    event: Annotated[str | None, Field(description="kind of sound: speech, laughter, applause, bgm, …")] = None


TextSource = Literal["final", "aligned", "checkpoint", "none"]
"""Where a partial text comes from, best first: the output; what two engines agreed on; what one engine has; nothing."""


class Transcript(BaseModel):
    """What was said (or shown), in chronological order."""

    model_config = ConfigDict(extra="forbid")

    language: Language | None = None
    language_probability: Annotated[float | None, Field(ge=0, le=1)] = None
    duration: Annotated[float, Field(ge=0, le=LATEST_S, description="seconds of the medium")] = 0.0
    engine: str | None = None
    model: str | None = None
    source: Annotated[
        TextSource | None, Field(description="how far it has come, where it was asked for while the task may still run")
    ] = None
    segments: list[Segment] = []

    @property
    def text(self) -> str:
        return "\n".join(segment.text for segment in self.segments)

    @property
    def words(self) -> Iterator[Word]:
        return (word for segment in self.segments for word in segment.words)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a transcript JSON file.

        Raises:
            pydantic.ValidationError: it is not a transcript.
        """
        return cls.model_validate_json(path.read_bytes())

    def write(self, path: Path) -> None:
        path.write_text(self.model_dump_json(indent=1, exclude_none=True), encoding="utf-8")
