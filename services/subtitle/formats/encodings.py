"""Detect the encoding of a text file: byte order mark, UTF-8, UTF-16, or the one in which it reads like a language.

A wrong guess would pass for text, so there are few candidates, each with a measure of how ordinary the text would be,
and text that is ordinary in none is refused.
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

from services.subtitle.errors import EncodingUnknown

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""UTF-32 before UTF-16, because its little-endian mark starts with that of UTF-16."""

SAMPLE_BYTES = 65_536
ORDINARY_ENOUGH = 0.6
MANY_ZEROS = 0.2
BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

SIMPLIFIED = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实今听书喜欢什吗吧呢很谢"
)
TRADITIONAL = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實今聽書喜歡什嗎吧呢很謝"
)
FREQUENT_HANGUL = frozenset(
    "이다는을를에의가고하지은서도로나그리어사아자일한해기시있대인것정보들수내요제라면만전니안녕"
)
PUNCTUATION = frozenset("，。！？：；、…—“”‘’《》「」『』（）～　·")  # noqa: RUF001 - full-width marks are meant


@dataclass(frozen=True, slots=True)
class Candidate:
    """An encoding, and a measure of how ordinary a non-ASCII character is in texts of that encoding: from 0 to 1."""

    name: str
    ordinary: Callable[[str], float]


def by_row(codec: str, first: int, last: int, frequent: frozenset[str]) -> Callable[[str], float]:
    """Return a measure by the row of the character set: its authors put everyday characters together."""

    def ordinary(character: str) -> float:
        if character in frequent or character in PUNCTUATION:
            return 1.0
        row = character.encode(codec, "ignore")[:1]
        return 0.7 if row and first <= row[0] <= last else 0.0

    return ordinary


def japanese(character: str) -> float:
    if "\u3040" <= character <= "\u30ff" or character in PUNCTUATION:
        return 1.0
    return 0.6 if "\u4e00" <= character <= "\u9fff" else 0.0


EAST_ASIAN = (
    Candidate("gb18030", by_row("gb2312", 0xB0, 0xD7, SIMPLIFIED)),
    Candidate("big5", by_row("big5", 0xA4, 0xC6, TRADITIONAL)),
    Candidate("shift_jis", japanese),
    Candidate("euc_jp", japanese),
    Candidate("euc_kr", by_row("euc_kr", 0xB0, 0xC8, FREQUENT_HANGUL)),
)


def decode(content: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Return the text and the name of its encoding; a byte order mark takes precedence over the given one.

    Raises:
        EncodingUnknown: it is binary, or not in the given encoding, or no encoding makes ordinary text of it.
    """
    name = encoding_of_mark(content) or encoding or detect(content)
    try:
        text = content.decode(name)
    except (UnicodeDecodeError, LookupError) as error:
        raise EncodingUnknown(f"The file cannot be read as {name}. Send its `encoding`, e.g. gb18030.") from error
    if BINARY.search(text[:SAMPLE_BYTES]):
        raise EncodingUnknown("The file is binary, not text. Check that it is the right file.", encoding=name)
    return text.removeprefix("\ufeff"), name


def encoding_of_mark(content: bytes) -> str | None:
    return next((name for mark, name in MARKS.items() if content.startswith(mark)), None)


def detect(content: bytes) -> str:
    """Return the encoding of a text without a byte order mark.

    Raises:
        EncodingUnknown: none is likely enough.
    """
    if decodable(content, "utf-8"):
        return "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8"
    found = detect_utf16(content) or detect_east_asian(content) or detect_single_byte(content)
    if not found:
        raise EncodingUnknown
    return found


def decodable(content: bytes, name: str) -> bool:
    try:
        content.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def detect_utf16(content: bytes) -> str | None:
    """Return UTF-16 if every second byte is often zero, as in the times of subtitles."""
    sample = content[:SAMPLE_BYTES]
    half = max(len(sample) // 2, 1)
    low, high = sample[::2].count(0) / half, sample[1::2].count(0) / half
    if max(low, high) < MANY_ZEROS or min(low, high) * 4 > max(low, high):
        return None
    return "utf-16-le" if high > low else "utf-16-be"


def detect_east_asian(content: bytes) -> str | None:
    """Return the candidate in which the text is most ordinary."""
    candidates = [candidate for candidate in EAST_ASIAN if decodable(content, candidate.name)]
    rated = {candidate.name: rate(content, candidate) for candidate in candidates}
    best = max(rated, key=lambda name: rated[name], default=None)
    return best if best and rated[best] >= ORDINARY_ENOUGH else None


def rate(content: bytes, candidate: Candidate) -> float:
    sample = content[:SAMPLE_BYTES].decode(candidate.name, "ignore")
    beyond = [character for character in sample if not character.isascii()]
    return sum(map(candidate.ordinary, beyond)) / len(beyond) if beyond else 0.0


def detect_single_byte(content: bytes) -> str | None:
    """Return cp1251 if nearly all letters are non-ASCII, as in Russian; cp1252 if few are, as in French."""
    letters = [character for character in content[:SAMPLE_BYTES].decode("cp1251", "ignore") if character.isalpha()]
    share = sum(not letter.isascii() for letter in letters) / max(len(letters), 1)
    if share > 0.7 and decodable(content, "cp1251"):  # noqa: PLR2004 - between the 40 % of French and the 90 % of Russian
        return "cp1251"
    return "cp1252" if share < 0.4 and decodable(content, "cp1252") else None  # noqa: PLR2004 - the same
