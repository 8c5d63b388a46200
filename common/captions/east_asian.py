"""How ordinary a Chinese, Japanese or Korean text would be in each encoding: for texts too short for statistics."""

from collections.abc import Callable
from dataclasses import dataclass

SIMPLIFIED = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实今听书喜欢什吗吧呢很谢"
)
TRADITIONAL = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實今聽書喜歡什嗎吧呢很謝"
)
FREQUENT_HANGUL = frozenset(
    "이다는을를에의가고하지은서도로나그리어사아자일한해기시있대인것정보들수내요제라면만전니안녕"
)
ORDINARY_ENOUGH = 0.6
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
    Candidate("big5hkscs", by_row("big5", 0xA4, 0xC6, TRADITIONAL)),
    Candidate("cp932", japanese),
    Candidate("euc_jis_2004", japanese),
    Candidate("cp949", by_row("euc_kr", 0xB0, 0xC8, FREQUENT_HANGUL)),
)
RATERS = {candidate.name: candidate for candidate in EAST_ASIAN}


def rate(text: str, name: str) -> float:
    """Return from 0 to 1 how ordinary the non-ASCII characters of a text are; 0 for an encoding of another region."""
    beyond = [character for character in text if not character.isascii()]
    if name not in RATERS or not beyond:
        return 0.0
    return sum(map(RATERS[name].ordinary, beyond)) / len(beyond)
