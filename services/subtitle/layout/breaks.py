"""Where text may break at all, by its characters.

The rules for the start and end of Chinese and Japanese lines are from the W3C's clreq and jlreq.
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
