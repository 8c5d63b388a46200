"""Words that should not end a line, and abbreviations that do not end a sentence, by language.

The rule is that of the Netflix Timed Text Style Guide ("Line Treatment") and of the BBC Subtitle Guidelines ("Line
breaks"): an article, a preposition, a conjunction or a subject pronoun stays with what follows, and so does a title or
a number's abbreviation.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from common.media.languages import primary_language

LISTS = Path(__file__).with_name("function_words.toml")
CAPITALIZED_NOUNS = frozenset({"de", "lb"})
STOPPED_ORDINALS = frozenset({"cs", "da", "de", "et", "fi", "hr", "hu", "nn", "no", "pl", "sk", "sl", "tr"})


@dataclass(frozen=True, slots=True)
class FunctionWords:
    """The lists of one language, in lower case."""

    linking: frozenset[str] = frozenset()
    """Conjunctions and prepositions. A line may well begin with one."""
    binding: frozenset[str] = frozenset()
    """Articles, determiners and subject pronouns."""
    trailing: frozenset[str] = frozenset()
    """Particles that belong to the word before them."""
    titles: frozenset[str] = frozenset()
    """Abbreviations before a name or a number, with their full stops."""
    abbreviations: frozenset[str] = frozenset()
    """Other abbreviations, which may also be the end of a sentence."""
    nouns_are_capitalized: bool = False
    ordinals_have_stops: bool = False


@cache
def function_words(language: str | None) -> FunctionWords:
    """Return the lists of a language; of English if it is unknown; empty ones for a language without lists."""
    code = primary_language(language) or "en"
    lists = word_lists().get("zh" if code == "yue" else code, {})
    return FunctionWords(
        **{name: frozenset(words.split()) for name, words in lists.items()},
        nouns_are_capitalized=code in CAPITALIZED_NOUNS,
        ordinals_have_stops=code in STOPPED_ORDINALS,
    )


@cache
def word_lists() -> dict[str, dict[str, str]]:
    return tomllib.loads(LISTS.read_text(encoding="utf-8"))
