"""What a line or cue break costs at each place of a text: how badly it would read there.

The order of preference is that of the Netflix Timed Text Style Guide (General Requirements, "Line Treatment") and of
the BBC Subtitle Guidelines ("Line breaks"): after a sentence, after a clause, before a conjunction or preposition; not
inside a name, a quotation, or a number with its unit; never between an article and its noun.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from services.subtitle.layout.breaks import CLAUSE_END, CLOSING, SENTENCE_END
from services.subtitle.layout.function_words import FunctionWords, function_words

SENTENCE, CLAUSE, LINK, PLAIN, CLOSE, BOUND = 0.0, 1.0, 2.0, 4.0, 6.0, 8.0
"""Cost of a break: after a sentence, after a clause, before a linking word, elsewhere, inside a name or a number with
its unit, after a word that belongs to the next one.
"""
INSIDE_QUOTATION = 2.0
"""What a break inside a quotation costs more."""

MARKS = "".join(CLOSING) + "\"'"
OPENING_MARKS = "\"'“‘«¿¡([{„"  # noqa: RUF001 - quotation marks
INITIALS = re.compile(r"(?:[^\W\d_]\.)+")
NUMBER = re.compile(r"[$£€¥]?\d[\d.,:/]*")
NUMBERED = "page chapter number room section part version act scene episode season gate platform"
BEFORE_NUMBERS = frozenset(NUMBERED.split())
ANSWERS = frozenset({"no.", "nos."})
"""Abbreviations before a number only: "No." is also a sentence."""
PRONOUN = "i."
QUOTATIONS = dict(zip("“«「『„", "”»」』“", strict=True))


def break_costs(texts: Sequence[str], language: str | None) -> list[float]:
    """Return the cost of a break before each of the atoms; the first one is 0."""
    words = function_words(language)
    shouted = "".join(texts).isupper()
    starts_sentence, quoted = True, ""
    costs = [SENTENCE] * min(len(texts), 1)
    for left, right in pairwise(texts):
        quoted = open_quotation(quoted, left)
        cost = break_cost(left, right, words)
        if cost == PLAIN and not (shouted or starts_sentence or words.nouns_are_capitalized) and is_name(left, right):
            cost = CLOSE
        costs.append(cost + INSIDE_QUOTATION * bool(quoted and cost > SENTENCE))
        starts_sentence = cost == SENTENCE
    return costs


def break_cost(left: str, right: str, words: FunctionWords) -> float:
    """Return the cost of a break between two atoms, by the words next to it."""
    if right.startswith("\n"):
        return SENTENCE
    ending = left.rstrip()
    bare = ending.rstrip(MARKS)
    if bare[-1:] in SENTENCE_END:
        return after_stop(bare, right.strip(), words)
    if bare[-1:] in CLAUSE_END:
        return CLAUSE
    return between_words(last_word(ending), first_word(right), words)


def after_stop(ending: str, following: str, words: FunctionWords) -> float:
    """Return the cost of a break after a full stop or another final mark; an abbreviation ends no sentence."""
    last = last_word(ending)
    first = following.lstrip(OPENING_MARKS)[:1]
    if not last.endswith(".") or last.endswith(".."):
        return SENTENCE
    if last in words.abbreviations:
        return SENTENCE if first.isupper() else PLAIN
    if belongs_to_next(last, first, words):
        return BOUND
    return PLAIN if first.islower() else SENTENCE


def belongs_to_next(last: str, first: str, words: FunctionWords) -> bool:
    """Return whether a word with a full stop is a title, an initial, an ordinal, or stands for a number's name."""
    if last in ANSWERS:
        return first.isdigit()
    is_initial = INITIALS.fullmatch(last) is not None and last != PRONOUN and first.isupper()
    is_ordinal = words.ordinals_have_stops and NUMBER.fullmatch(last) is not None and not first.isdigit()
    return last in words.titles or is_initial or is_ordinal


def between_words(before: str, after: str, words: FunctionWords) -> float:
    if before in words.binding or after in words.trailing:
        return BOUND
    if before in words.linking:
        return BOUND if after not in words.linking else PLAIN
    if (NUMBER.fullmatch(before) and after[:1].isalpha()) or (before in BEFORE_NUMBERS and after[:1].isdigit()):
        return CLOSE
    return LINK if after in words.linking or before in words.trailing else PLAIN


def is_name(left: str, right: str) -> bool:
    """Return whether both words are capitalized, as the parts of a name are."""
    first, second = left.split()[-1:], right.split()[:1]
    return bool(first and second) and first[0].strip(OPENING_MARKS)[:1].isupper() and second[0][:1].isupper()


def open_quotation(quoted: str, text: str) -> str:
    """Return the mark that ends the quotation which is open after a text, or an empty string."""
    for character in text:
        if quoted:
            quoted = "" if character == quoted else quoted
        elif character in QUOTATIONS:
            quoted = QUOTATIONS[character]
        elif character == '"':
            quoted = '"'
    return quoted


def last_word(text: str) -> str:
    return "".join(text.split()[-1:]).lstrip(OPENING_MARKS).lower()


def first_word(text: str) -> str:
    return "".join(text.split()[:1]).strip(OPENING_MARKS + MARKS + "".join(CLAUSE_END | SENTENCE_END)).lower()
