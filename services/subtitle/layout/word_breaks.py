"""Word boundaries in languages that write no spaces between words.

Chinese is segmented by jieba (https://github.com/messense/jieba-rs), Japanese by BudouX into phrases, which keep their
particles (https://github.com/google/budoux), and Thai, Lao, Khmer and Burmese by the dictionaries of ICU (Unicode
Standard Annex #14, class SA). Jieba keeps names and compounds (麦卡锡, 图书馆, 人工智能) that BudouX and ICU split.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from common.media.languages import primary_language

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af々〆\u3007"
KANA = re.compile(r"[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]")
WIDE_RUN = re.compile(rf"[{HAN}\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff]{{2,}}")
SPACELESS_RUN = re.compile(
    r"[\u0e00-\u0e7f]{2,}|[\u0e80-\u0eff]{2,}|[\u1780-\u17ff]{2,}|[\u1000-\u109f\uaa60-\uaa7f]{2,}"
)
"""Thai, Lao, Khmer, and Burmese."""

Segmenter = Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class WordBreaks:
    """Places in a text, as indexes of characters."""

    inside: frozenset[int]
    """Inside a word."""
    between: frozenset[int]
    """Between two words of a language in which text may break there, although no character says so."""


NONE = WordBreaks(frozenset(), frozenset())


def word_breaks(text: str, language: str | None) -> WordBreaks:
    """Return where words begin and end in the parts of a text that have no spaces."""
    if text.isascii():
        return NONE
    inside, between = set[int](), set[int]()
    for found in WIDE_RUN.finditer(text):
        starts = set(word_starts(found, segmenter_of(text, language)))
        inside |= set(range(found.start() + 1, found.end())) - starts
    for found in SPACELESS_RUN.finditer(text):
        starts = set(word_starts(found, dictionary_segmenter))
        inside |= set(range(found.start() + 1, found.end())) - starts
        between |= starts
    return WordBreaks(frozenset(inside), frozenset(between))


def word_starts(found: re.Match[str], segmenter: Segmenter) -> Iterator[int]:
    """Yield where the words after the first one begin."""
    words = list(segmenter(found.group()))
    yield from accumulate(map(len, words[1:-1]), initial=found.start() + len(words[0])) if len(words) > 1 else ()


def segmenter_of(text: str, language: str | None) -> Segmenter:
    """Return the segmenter for Chinese or Japanese: by the language, or else by whether there are kana."""
    known = primary_language(language)
    japanese = known == "ja" or (known not in {"zh", "yue"} and KANA.search(text) is not None)
    return japanese_segmenter if japanese else chinese_segmenter


def chinese_segmenter(text: str) -> Iterable[str]:
    import rjieba

    return rjieba.cut(text)


def japanese_segmenter(text: str) -> Iterable[str]:
    return japanese_parser()(text)


@cache
def japanese_parser() -> Segmenter:
    import budoux

    parse: Segmenter = budoux.load_default_japanese_parser().parse
    return parse


def dictionary_segmenter(text: str) -> Iterable[str]:
    from icu4py.breakers import LineBreaker

    return LineBreaker(text, "th")  # the script selects the dictionary, not the locale
