"""Text widths in columns: a Latin letter takes one, a Chinese character two."""

import re
from functools import cache
from unicodedata import category, east_asian_width

WIDE = "WF"
INVISIBLE = frozenset({"Mn", "Me", "Cf", "Cc"})
HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")


@cache
def columns(character: str) -> int:
    """Return the columns of one character, by Unicode's East Asian Width (UAX #11)."""
    if category(character) in INVISIBLE:
        return 0
    return 2 if east_asian_width(character) in WIDE else 1


def width(text: str) -> int:
    return sum(map(columns, text))


@cache
def breaks_anywhere(character: str) -> bool:
    """Return whether text may break next to this character without a space: Chinese and Japanese, but not Korean."""
    return columns(character) > 1 and not HANGUL.match(character)


def is_wide(text: str) -> bool:
    """Return whether more than half of the letters are wide, so that the limits for Chinese, Japanese, Korean apply."""
    letters = [character for character in text if character.isalnum()]
    return 2 * sum(columns(letter) > 1 for letter in letters) > len(letters)
