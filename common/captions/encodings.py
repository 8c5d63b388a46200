"""Detect the encoding of a text file: byte order mark, UTF-8, UTF-16, or the legacy encoding that is clearly ahead.

chardet (0BSD) rates the legacy encodings. Its rating is combined with how plausible the decoded words are
(`legibility.py`), and with the language where the request names it. The confidence is the best rating as a share of
itself and the best rating that reads differently: 0.5 is a tie, 1 is unrivalled. A guess below `CLEARLY_AHEAD` is
refused.
"""

import codecs
import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

import chardet

from common.captions import east_asian
from common.captions.errors import EncodingUnknown
from common.captions.legibility import rate_legibility

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""UTF-32 before UTF-16, because its little-endian mark starts with that of UTF-16."""

CENTRAL = ("cp1250", "iso8859-2")
WESTERN = ("cp1252", "iso8859-15", "iso8859-1")
CYRILLIC = ("cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866")
BALTIC = ("cp1257", "iso8859-13")
ENCODINGS = {
    **dict.fromkeys(
        ("en", "fr", "de", "es", "pt", "it", "nl", "sv", "da", "no", "nb", "nn", "fi", "is", "ca", "ga", "id", "ms"),
        WESTERN,
    ),
    "ar": ("cp1256", "iso8859-6"),
    **dict.fromkeys(("fa", "ur"), ("cp1256",)),
    "he": ("cp1255", "iso8859-8"),
    "el": ("cp1253", "iso8859-7"),
    "th": ("cp874",),
    **dict.fromkeys(("tr", "az"), ("cp1254", "iso8859-9")),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "sl", "hr", "bs", "sq"), CENTRAL),
    "sr": (*CENTRAL, *CYRILLIC),
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk"), CYRILLIC),
    **dict.fromkeys(("lt", "lv", "et"), BALTIC),
    "ja": ("cp932", "euc_jis_2004", "shift_jis_2004"),
    "ko": ("cp949", "euc_kr"),
    **dict.fromkeys(("zh", "yue"), ("gb18030", "big5hkscs")),
    "vi": ("cp1258",),
}
"""The legacy encodings of subtitles in each language."""
CANDIDATES = tuple(dict.fromkeys(name for names in ENCODINGS.values() for name in names))
SINGLE_BYTE = frozenset(CANDIDATES) - {
    "gb18030",
    "big5hkscs",
    "cp932",
    "euc_jis_2004",
    "shift_jis_2004",
    "cp949",
    "euc_kr",
}
USUAL_NAMES = {
    "big5hkscs": "big5",
    "euc_jis_2004": "euc_jp",
    "shift_jis_2004": "shift_jis",
    "cp949": "euc_kr",
}
"""Names of the same texts that users know, where the narrower encoding is sufficient."""

SAMPLE_BYTES = 65_536
MANY_ZEROS = 0.2
CLEARLY_AHEAD = 0.55
"""Least confidence. It was set on 3,800 files of one to five cues in 25 languages: the 36 wrong guesses had at most
0.52. On 3,000 files of other sentences no guess above it was wrong, and 3 % were refused.
"""
LEAST_RATING = 0.05
"""chardet rates noise, and Japanese too short for it, below this; text above."""
NAMED = 3
"""How many candidates an error names."""
VALID_PER_BROKEN = 10
"""A text is damaged UTF-8 if it has this many valid sequences for each broken one."""
MULTIBYTE = re.compile(r"[^\x00-\x7f\ufffd]")
BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
ESCAPED_JAPANESE = re.compile(rb"\x1b\$[@B]")
NOT_TEXT = re.compile(rb"^(?:\s*\d*\s*|.*-->.*)$")


class Decoded(NamedTuple):
    """The text of a file, and how it was read."""

    text: str
    encoding: str
    confidence: float
    """1 if the encoding was given, marked, or UTF-8."""
    replaced: int = 0
    """Number of broken byte sequences that became U+FFFD."""


class Guess(NamedTuple):
    rating: float
    name: str
    sample: str


def decode(content: bytes, encoding: str | None = None, language: str | None = None) -> Decoded:
    """Return the text, its encoding and the confidence; a byte order mark takes precedence over the given encoding.

    Raises:
        EncodingUnknown: it is binary, or not in the given encoding, or no encoding is clearly ahead.
    """
    name = encoding_of_mark(content) or encoding
    decoded = decode_as(content, name) if name else detect(content, language)
    if BINARY.search(decoded.text[:SAMPLE_BYTES]):
        raise EncodingUnknown(
            "The file is binary, not text. Check that it is the right file.", encoding=decoded.encoding
        )
    return decoded._replace(text=decoded.text.removeprefix("\ufeff"))


def decode_as(content: bytes, name: str) -> Decoded:
    """Decode with a known encoding.

    Raises:
        EncodingUnknown: it is not in that encoding.
    """
    try:
        return Decoded(content.decode(name), name, 1.0)
    except (UnicodeDecodeError, LookupError) as error:
        raise EncodingUnknown(f"The file cannot be read as {name}. Send its `encoding`, e.g. gb18030.") from error


def encoding_of_mark(content: bytes) -> str | None:
    return next((name for mark, name in MARKS.items() if content.startswith(mark)), None)


def detect(content: bytes, language: str | None = None) -> Decoded:
    """Decode a text without a byte order mark.

    Raises:
        EncodingUnknown: no encoding is clearly ahead; the detail names the best candidates.
    """
    if shifted := detect_utf16(content) or detect_iso2022(content):
        return decode_as(content, shifted)
    if decodable(content, "utf-8"):
        return Decoded(content.decode("utf-8"), "utf-8", 1.0)
    if damaged := decode_damaged_utf8(content):
        return damaged
    return decode_legacy(content, language)


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


def detect_iso2022(content: bytes) -> str | None:
    """Return ISO-2022-JP, which is ASCII with escape sequences, if there is one."""
    return "iso2022_jp_2" if ESCAPED_JAPANESE.search(content) and decodable(content, "iso2022_jp_2") else None


def decode_damaged_utf8(content: bytes) -> Decoded | None:
    """Decode UTF-8 with a few broken bytes, such as a letter that was cut in two."""
    text = content.decode("utf-8", "replace")
    broken = text.count("\ufffd") - content.count("\ufffd".encode())
    if len(MULTIBYTE.findall(text)) < VALID_PER_BROKEN * broken:
        return None
    return Decoded(text, "utf-8", 1.0, broken)


def decode_legacy(content: bytes, language: str | None) -> Decoded:
    """Decode with the legacy encoding that is clearly ahead.

    Raises:
        EncodingUnknown: none is.
    """
    spoken = (language or "").partition("-")[0].lower()
    guesses = rank(content, ENCODINGS.get(spoken, CANDIDATES), spoken) or rank(content, CANDIDATES, spoken)
    if not guesses:
        raise EncodingUnknown
    best = guesses[0]
    rival = next((guess.rating for guess in guesses if guess.sample != best.sample), 0.0)
    confidence = round(best.rating / (best.rating + rival), 2)
    if confidence < CLEARLY_AHEAD:
        raise EncodingUnknown(
            "The encoding cannot be determined: several read about equally well. Send `encoding`, or the `language` of "
            "the text; the candidates are in the detail, best first.",
            candidates=[USUAL_NAMES.get(guess.name, guess.name) for guess in guesses[:NAMED]],
            confidence=confidence,
        )
    return Decoded(content.decode(best.name), name_of(content, best.name), confidence)


def name_of(content: bytes, name: str) -> str:
    """Return the usual name if it decodes to the same text."""
    usual = USUAL_NAMES.get(name, name)
    return usual if decodable(content, usual) and content.decode(usual) == content.decode(name) else name


def rank(content: bytes, names: Iterable[str], language: str | None) -> list[Guess]:
    """Return the encodings that the whole content is valid in, best first.

    If the text is too short for statistics, ordinary East Asian characters count, and at last the letters alone.
    """
    sample = text_lines(content)
    texts = {name: sample.decode(name, "ignore") for name in names if decodable(content, name)}
    legible = {name: rate_legibility(text, language) for name, text in texts.items()}
    for ratings in (
        rate_by_statistics(sample, texts),
        rate_east_asian(texts),
        dict.fromkeys((name for name in texts if name in SINGLE_BYTE), 1.0),
    ):
        guesses = [Guess(rating * legible[name], name, texts[name]) for name, rating in ratings.items()]
        likely = sorted((guess for guess in guesses if guess.rating >= LEAST_RATING), key=lambda guess: -guess.rating)
        if likely:
            return likely
    return []


def rate_east_asian(texts: dict[str, str]) -> dict[str, float]:
    rated = {name: east_asian.rate(text, name) for name, text in texts.items()}
    return {name: rating for name, rating in rated.items() if rating >= east_asian.ORDINARY_ENOUGH}


def rate_by_statistics(sample: bytes, names: Collection[str]) -> dict[str, float]:
    """Return chardet's rating of each encoding that it considers."""
    if not names:
        return {}
    found = chardet.detect_all(
        sample, ignore_threshold=True, include_encodings=names, compat_names=False, no_match_encoding=next(iter(names))
    )
    return {name: one["confidence"] for one in found if (name := one["encoding"]) in names and name}


def text_lines(content: bytes) -> bytes:
    """Return the first lines of text, without numbers and times, which would count as English."""
    lines = (line for line in content[: 4 * SAMPLE_BYTES].splitlines() if not NOT_TEXT.match(line))
    return b"\n".join(lines)[:SAMPLE_BYTES]
