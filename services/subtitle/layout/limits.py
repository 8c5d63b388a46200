"""Limits of readable subtitles.

The values are those of the Netflix Timed Text Style Guide (https://partnerhelp.netflixstudios.com: "General
Requirements", "English (USA)", "Chinese (Simplified)"): 42 characters per line and 17 per second (20 for adults in
later editions), two lines, 5/6 s to 7 s, two frames between cues; 9 characters per second for Chinese. Its 16
characters per line of Chinese are 18 here. The BBC Subtitle Guidelines
(https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles) require 160 to 180 words per minute, which is about
the same. A wide character counts as two columns, so that one limit covers mixed text as well.
"""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.subtitle.layout.presets import GUIDES, Preset, guide_language

LATIN_LINE, WIDE_LINE = 42, 36
"""Columns of a line: 42 Latin letters, or 18 Chinese characters."""
LATIN_SPEED, WIDE_SPEED = 17.0, 18.0
"""Columns per second: 17 Latin letters, or 9 Chinese characters."""

LineWidth = Annotated[
    int | None,
    Field(
        ge=8,
        le=200,
        description="columns, a wide character takes two; None is 42, and 36 for Chinese, Japanese, Korean",
    ),
]


class Limits(BaseModel):
    """What a cue may contain, and how long it is shown. Fields that are given override those of the preset."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    preset: Annotated[
        Preset | None,
        Field(description="limits of a published guide, by the transcript's language: netflix, bbc, ebu"),
    ] = None
    max_line_width: LineWidth = None
    max_lines: Annotated[int, Field(ge=1, le=8)] = 2
    max_speed: Annotated[
        float | None,
        Field(
            ge=2,
            le=100,
            description="columns per second; None is 17, and 18 (9 wide characters) for Chinese, Japanese, Korean",
        ),
    ] = None
    min_duration: Annotated[float, Field(ge=0.1, le=10, description="seconds, if there is room")] = 0.833
    max_duration: Annotated[float, Field(ge=1, le=60, description="seconds")] = 7.0
    min_gap: Annotated[float, Field(ge=0, le=1, description="seconds between cues; two frames at 25 fps")] = 0.08
    close_gaps: Annotated[
        float, Field(ge=0, le=3, description="seconds; a cue is shown up to the next one if their gap is shorter")
    ] = 0.0
    fps: Annotated[
        float | None, Field(gt=1, le=240, description="frames per second of the video: times are set to frames")
    ] = None
    merge_short: Annotated[
        bool, Field(description="join cues shorter than `min_duration` to a neighbor with the same speaker")
    ] = True

    @model_validator(mode="after")
    def in_order(self) -> Self:
        limits = self.for_language("en", "")
        if limits.min_duration > limits.max_duration:
            raise ValueError("min_duration must not be over max_duration")
        return self

    def for_language(self, language: str | None, text: str) -> "Limits":
        """Return the limits with the preset's values for a language; the text shows an unknown language."""
        if self.preset is None:
            return self
        values = GUIDES[self.preset].values(guide_language(language, text))
        return self.model_copy(
            update={name: value for name, value in values.items() if name not in self.model_fields_set}
        )

    def page(self, *, wide: bool) -> "CueRoom":
        """Return the limits for a text of wide or narrow characters."""
        return CueRoom(
            width=self.max_line_width or (WIDE_LINE if wide else LATIN_LINE),
            lines=self.max_lines,
            speed=self.max_speed or (WIDE_SPEED if wide else LATIN_SPEED),
        )


@dataclass(frozen=True, slots=True)
class CueRoom:
    """The room for the text of one cue."""

    width: int
    """Columns per line."""
    lines: int
    speed: float
    """Columns per second."""
    lead: int = 0
    """Columns of the first line that are taken by a speaker's name."""
