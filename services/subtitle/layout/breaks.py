"""Line breaks: where text may break, and how well that reads.

The order of preference is that of the Netflix Timed Text Style Guide (General Requirements, "Line Treatment") and of
the BBC Subtitle Guidelines ("Break at natural points"): after punctuation, before a conjunction or preposition, and
never between an article and its noun. The rules for the start and end of Chinese and Japanese lines are from the W3C's
clreq and jlreq.
"""

from services.subtitle.layout.widths import breaks_anywhere, columns

SENTENCE_END = frozenset(".!?…。！？｡؟۔")  # noqa: RUF001 - full-width marks are meant
CLAUSE_END = frozenset(",;:，；：、､—،؛")  # noqa: RUF001 - the same
CLOSING = frozenset("’”»)]}）］｝〉》」』】〕〗〙〛｠｣")  # noqa: RUF001 - the same
OPENING = frozenset("‘“«([{¿¡（［｛〈《「『【〔〖〘〚｟｢￥＄$£")  # noqa: RUF001 - the same
CONTINUING = frozenset("·・･％%‰℃°～〜ー々ゝゞヽヾ–-/／")  # noqa: RUF001 - the same
SMALL_KANA = frozenset("ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ")
JOINERS = frozenset("\u200d\u2060\u00a0\u202f\ufe0e\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
NEVER_FIRST = SENTENCE_END | CLAUSE_END | CLOSING | CONTINUING | SMALL_KANA | JOINERS
NEVER_LAST = OPENING | frozenset("\u200d\u2060\u00a0\u202f")

LINKING_WORDS = """
and but or so because that which who when while if although though where than then as with for from into about after
before between through under over without in on at by to of
"""
BINDING_WORDS = "a an the my your his her its our their this these those no not very mr mrs ms dr"
LINKING = frozenset(LINKING_WORDS.split())
BINDING = frozenset(BINDING_WORDS.split())

SENTENCE, CLAUSE, LINK, PLAIN, BOUND = 0.0, 1.0, 2.0, 4.0, 8.0
"""Cost of a break: after a sentence, after a clause, before a linking word, elsewhere, after a binding word."""


def can_break(left: str, right: str) -> bool:
    """Return whether a line may end after `left` and continue with `right`."""
    last, first = left.rstrip(" \t")[-1:], right.lstrip()[:1]
    if not last or not first or last in NEVER_LAST:
        return False
    if left[-1].isspace() or right[0].isspace():
        return first not in SENTENCE_END | CLAUSE_END | CLOSING
    if first in NEVER_FIRST or not columns(first):
        return False
    return breaks_anywhere(last) or breaks_anywhere(first)


def penalty(left: str, right: str) -> float:
    """Return the cost of a break between the two."""
    ending = left.rstrip()
    mark = ending.rstrip("".join(CLOSING) + "\"'")[-1:]
    if mark in SENTENCE_END:
        return SENTENCE
    if mark in CLAUSE_END:
        return CLAUSE
    return words_penalty(ending.split()[-1:], right.split()[:1])


def words_penalty(before: list[str], after: list[str]) -> float:
    if before and before[0].lower() in BINDING:
        return BOUND
    return LINK if after and after[0].lower().strip("\"'“‘") in LINKING else PLAIN  # noqa: RUF001 - quotation marks
