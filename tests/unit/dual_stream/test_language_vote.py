"""The language is fixed when it is certain, and most of the first chunks decide when it never is."""

import pytest

from services.dual_stream.context import SlowTranscript
from services.dual_stream.language_vote import LanguageVote

Detected = list[tuple[str, float]]


def fixed_after(detected: Detected, *, segments: int = 3) -> list[str | None]:
    vote, fixed = LanguageVote(None, segments=segments), []
    for language, probability in detected:
        vote.add(SlowTranscript([], vote.fixed or language, probability))
        fixed.append(vote.fixed)
    return fixed


@pytest.mark.parametrize(
    ("detected", "expected"),
    [
        ([("fr", 0.9), ("en", 0.9)], ["fr", "fr"]),
        ([("th", 0.42), ("fr", 0.8), ("en", 0.9)], [None, "fr", "fr"]),
        ([("th", 0.42), ("fr", 0.4), ("fr", 0.3)], [None, None, "fr"]),
        ([("th", 0.42), ("fr", 0.4), ("en", 0.3)], [None, None, "th"]),
    ],
)
def test_a_language_is_fixed_when_it_is_certain_or_by_most_chunks(
    detected: Detected, expected: list[str | None]
) -> None:
    assert fixed_after(detected) == expected


def test_later_chunks_have_the_probability_of_the_detection() -> None:
    vote = LanguageVote(None)
    assert vote.add(SlowTranscript([], "fr", 0.8)).language_probability == 0.8
    assert vote.add(SlowTranscript([], "fr", 1.0)).language_probability == 0.8  # given, so the engine says 1


def test_a_given_language_is_not_voted_on() -> None:
    vote = LanguageVote("fr")
    assert vote.add(SlowTranscript([], "fr", 1.0)).language_probability == 1.0
    assert vote.fixed == "fr"
