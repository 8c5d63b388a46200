"""Word and character error rates as the field measures them: jiwer, on texts that OpenAI's normalizer makes comparable.

The normalization, for truth and transcript alike:

- English: `whisper_normalizer.english`. Lower case, no punctuation, American spelling, contractions written out,
  numbers as digits ("twenty-five" and "25"), amounts and percentages with their sign ("5 dollars" and "$5"), titles
  written out ("Dr." and "doctor"), no filler words.
- Other languages: `whisper_normalizer.basic`. Lower case, no punctuation.
- Languages that are written without spaces: the same, and each character is a word. The word error rate is then the
  character error rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import jiwer

WITHOUT_SPACES = frozenset({"zh", "yue", "ja", "th", "lo", "my", "km"})


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Errors of a transcript, in words; `inserted` are the words that nobody spoke."""

    wrong: int
    inserted: int
    words: int

    @property
    def rate(self) -> float:
        """Return the error rate; a text that should be empty has none."""
        return self.wrong / self.words if self.words else 0.0


@cache
def normalizer(language: str) -> Any:
    from whisper_normalizer.basic import BasicTextNormalizer  # noqa: PLC0415 - heavy
    from whisper_normalizer.english import EnglishTextNormalizer  # noqa: PLC0415 - heavy

    if language == "en":
        return EnglishTextNormalizer()
    return BasicTextNormalizer(split_letters=language in WITHOUT_SPACES)


def normalize(text: str, language: str) -> str:
    return " ".join(str(normalizer(language)(text)).split())


def word_errors(truth: str, text: str, language: str) -> WordErrors:
    said, found = normalize(truth, language), normalize(text, language)
    if not said:  # jiwer refuses an empty truth
        invented = len(found.split())
        return WordErrors(invented, invented, 0)
    measured = jiwer.process_words(said, found)
    wrong = measured.substitutions + measured.deletions + measured.insertions
    return WordErrors(wrong, measured.insertions, len(said.split()))


def character_error_rate(truth: str, text: str, language: str) -> float:
    said, found = normalize(truth, language), normalize(text, language)
    return float(jiwer.process_characters(said, found).cer) if said else 0.0
