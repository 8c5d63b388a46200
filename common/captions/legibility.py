"""How plausible decoded text is: whether its non-ASCII characters stand where a writer would put them."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import pairwise

WORD = re.compile(r"[^\W\d_]+(?:[^\w\s]+[^\W\d_]+)*")
SYMBOL = re.compile(r"(?<=[^\W\d_])[^\w\s\x00-\x7f]|[^\w\s\x00-\x7f](?=[^\W\d_])")
SYMBOLS = frozenset({"Sm", "So", "Sc", "No", "Cf", "Cn", "Co"})
USED_IN_WORDS = frozenset("°ªº™®\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")
MIXED = frozenset({"LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC", "THAI", "HALFWIDTH"})
"""Alphabets that never share a word."""
WEIGHT = 4
"""One misplaced character counts as much as this many that are in place."""

# ruff: noqa: RUF001 - the dotless i is meant
ALPHABETS = {
    "pl": "ąćęłńóśźż",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "hu": "áéíóöőúüű",
    "ro": "ăâîșțşţ",
    "sl": "čšž",
    "hr": "čćđšž",
    "sq": "çë",
    "tr": "çğıiöşüâîû",
    "az": "çəğıiöşü",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "et": "äõöüšž",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "de": "äöüßéà",
    "es": "áéíñóúü",
    "ca": "àçéèíïóòúü",
    "pt": "áâãàçéêíóôõúü",
    "it": "àéèìíîòóùú",
    "sv": "åäöé",
    "da": "æøåé",
    "fi": "äöåšž",
    "nl": "éëïöüèáóê",
    "is": "áæðéíóöúýþ",
    "ga": "áéíóú",
    "vi": "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ\u0300\u0301\u0303\u0309\u0323",
}
"""The letters beyond a-z of languages in Latin script (Unicode CLDR, main exemplar characters, and loan words)."""


def rate_legibility(text: str, language: str | None = None) -> float:
    """Return from 0 to 1 how plausible the non-ASCII characters are; 0 if there are control characters."""
    beyond = [character for character in text if not character.isascii()]
    if not beyond or any("\x80" <= character <= "\x9f" for character in beyond):
        return 0.0
    words = WORD.findall(text)
    misplaced = count_symbols(text) + sum(map(count_misplaced, words)) + count_lone_letters(words)
    return max(1 - WEIGHT * misplaced / len(beyond), 0.0) * rate_letters(beyond, language)


def count_symbols(text: str) -> int:
    """Return how many symbols touch a letter, such as in `Cze¶ć`."""
    found = (match.group() for match in SYMBOL.finditer(text))
    return sum(symbol not in USED_IN_WORDS and unicodedata.category(symbol) in SYMBOLS for symbol in found)


def count_misplaced(word: str) -> int:
    """Return how many letters are of a second alphabet, or capitals after a small letter."""
    if word.isascii():
        return 0
    scripts = {script for character in word if (script := script_of(character)) in MIXED}
    if len(scripts) > 1 or "HALFWIDTH" in scripts:
        return sum(not character.isascii() for character in word)
    pairs = pairwise(word)
    return sum(before.islower() and after.isupper() and not after.isascii() for before, after in pairs)


def count_lone_letters(words: list[str]) -> int:
    """Return how many single letters are of an alphabet that writes no longer word: a French `à` read as Cyrillic."""
    written = {script_of(word[0]) for word in words if len(word) > 1}
    alone = (word for word in words if len(word) == 1 and not word.isascii())
    return sum(script in MIXED and script not in written for script in map(script_of, alone))


def rate_letters(characters: list[str], language: str | None) -> float:
    """Return the share of the Latin letters that one language writes: the given one, or whichever fits best."""
    letters = Counter(character.lower()[0] for character in characters if script_of(character) == "LATIN")
    if not letters:
        return 1.0
    alphabets = [ALPHABETS[language]] if language in ALPHABETS else ALPHABETS.values()
    return max(sum(letters[letter] for letter in alphabet) for alphabet in alphabets) / letters.total()


@lru_cache(maxsize=4096)
def script_of(character: str) -> str:
    """Return the first word of the letter's Unicode name: LATIN, CYRILLIC, CJK."""
    return unicodedata.name(character, "").partition(" ")[0]
