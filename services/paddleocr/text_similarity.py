"""Compare readings: when two are the same text, and which of several is the best."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

ALIKE = 0.8
"""Readings of one line differ in a letter or two; see difflib's ratio."""
WIDE = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")


@dataclass(frozen=True, slots=True)
class OcrReading:
    """One OCR result of a line."""

    text: str
    score: float


def letters_and_digits(text: str) -> str:
    """Return only the letters and digits, which OCR reads most reliably."""
    return "".join(character for character in text.casefold() if character.isalnum())


def is_same_text(first: str, second: str) -> bool:
    """Return whether two readings are of the same line. Different digits mean another line."""
    one, other = letters_and_digits(first), letters_and_digits(second)
    if one == other:
        return bool(one) or first == second
    if digits(one) != digits(other):
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE


def digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def vote(readings: Sequence[OcrReading]) -> OcrReading:
    """Return the text with the highest total confidence.

    Readings that differ only in spaces and punctuation vote together; among them the one with the most spaces wins,
    because the models omit spaces, but do not invent them.
    """
    weights: Counter[str] = Counter()
    for reading in readings:
        weights[letters_and_digits(reading.text)] += reading.score  # type: ignore[assignment]  # a Counter adds up floats as well
    winner = max(weights, key=lambda key: weights[key])
    alike = [reading for reading in readings if letters_and_digits(reading.text) == winner]
    text = max(alike, key=lambda reading: (reading.text.count(" "), reading.score)).text
    return OcrReading(text, max(reading.score for reading in alike))


def is_wide(character: str) -> bool:
    """Return whether a character belongs to a script without spaces."""
    return unicodedata.name(character, "").startswith(WIDE)


def language_of(text: str) -> str | None:
    """Return the language if the script determines it, else None."""
    scripts = Counter(unicodedata.name(character, "").partition(" ")[0] for character in text if character.isalpha())
    letters = scripts.total()
    if not letters:
        return None
    if (scripts["HIRAGANA"] + scripts["KATAKANA"]) > 0.1 * letters:
        return "ja"
    for script, language in (("HANGUL", "ko"), ("CJK", "zh")):
        if scripts[script] > 0.3 * letters:
            return language
    return None
