"""How long a translated line may be, so that it can be read in its time.

Speeds are those of the Netflix Timed Text Style Guides for adult programs
(https://partnerhelp.netflixstudios.com/hc/en-us/sections/22463232153235), in characters per second.
"""

from common.media.languages import primary_language

LATIN_CPS = 17.0
CPS = {"zh": 9.0, "yue": 9.0, "ja": 4.0, "ko": 12.0}
NAMES = {"chinese": "zh", "mandarin": "zh", "cantonese": "yue", "japanese": "ja", "korean": "ko"}
"""Languages that are given by an English name."""
FEWEST_CHARACTERS = 12
"""Every line may be this long, however short its time is: machine-made cues can last a tenth of a second."""


def speed_of(language: str) -> float:
    """Return the characters per second of a language, which is given by a code or an English name."""
    words = language.strip().lower().split()
    code = NAMES.get(words[0]) if words else None
    return CPS.get(code or primary_language(language) or "", LATIN_CPS)


def longest_text(duration_s: float, speed: float) -> int:
    return max(int(duration_s * speed), FEWEST_CHARACTERS)
