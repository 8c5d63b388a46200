"""Published subtitle guides as limits, by language.

- `netflix`: Timed Text Style Guides (https://partnerhelp.netflixstudios.com/hc/en-us/sections/22463232153235), general
  requirements and the guides of the languages, for adult programs.
- `bbc`: BBC Subtitle Guidelines (https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles): 37 characters,
  160 to 180 words per minute, 0.3 s per word, and gaps of less than a second are closed.
- `ebu`: teletext rows (EBU Tech 3264) with the times of the ESIST Code of Good Subtitling Practice: 1 to 6 s, four
  frames between cues, 150 to 180 words per minute.

Widths and speeds are in columns: a Chinese, Japanese or Korean character takes two.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from common.media.languages import primary_language

Preset = Literal["netflix", "bbc", "ebu"]


@dataclass(frozen=True, slots=True)
class Guide:
    """The limits of one guide; `widths` and `speeds` are those of languages that differ."""

    width: int
    speed: float
    min_duration: float
    max_duration: float
    min_gap: float
    close_gaps: float
    widths: Mapping[str, int] = field(default_factory=dict)
    speeds: Mapping[str, float] = field(default_factory=dict)

    def values(self, language: str) -> dict[str, float]:
        """Return the guide's limits for a language, by the names of the fields of `Limits`."""
        return {
            "max_line_width": self.widths.get(language, self.width),
            "max_speed": self.speeds.get(language, self.speed),
            "min_duration": self.min_duration,
            "max_duration": self.max_duration,
            "min_gap": self.min_gap,
            "close_gaps": self.close_gaps,
        }


GUIDES: Mapping[Preset, Guide] = {
    "netflix": Guide(
        width=42,
        speed=17.0,
        min_duration=0.833,
        max_duration=7.0,
        min_gap=0.083,
        close_gaps=0.5,
        widths={"zh": 32, "ja": 26, "ko": 32, "th": 35, "ru": 39, "uk": 39},
        speeds={"en": 20.0, "zh": 18.0, "ja": 8.0, "ko": 24.0, "ar": 20.0, "hi": 22.0},
    ),
    "bbc": Guide(
        width=37,
        speed=17.0,
        min_duration=1.0,
        max_duration=8.0,
        min_gap=0.0,
        close_gaps=1.0,
        widths={"zh": 32, "ja": 26, "ko": 32},
        speeds={"zh": 18.0, "ja": 8.0, "ko": 24.0},
    ),
    "ebu": Guide(
        width=37,
        speed=15.0,
        min_duration=1.0,
        max_duration=6.0,
        min_gap=0.16,
        close_gaps=0.0,
        widths={"zh": 32, "ja": 26, "ko": 32},
        speeds={"zh": 18.0, "ja": 8.0, "ko": 24.0},
    ),
}

SCRIPTS = (
    ("ja", re.compile(r"[\u3041-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7ff\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)
SAMPLE_CHARACTERS = 20_000
ENOUGH = 0.1
"""Fraction of characters in a script that shows the language. Japanese comes first: it also uses Chinese ones."""


def guide_language(language: str | None, text: str) -> str:
    """Return the language whose limits apply: the known one, or else one that uses the script of the text."""
    if known := primary_language(language):
        return "zh" if known == "yue" else known
    sample = "".join(text[:SAMPLE_CHARACTERS].split())
    return next((code for code, script in SCRIPTS if len(script.findall(sample)) > ENOUGH * len(sample)), "en")
