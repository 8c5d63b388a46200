"""Words that Whisper adds to an utterance are dropped if a confident draft lacks them and Whisper doubts them."""

import pytest

from common.transcript.format import Word
from services.dual_stream.alignment.assignment import assign
from services.dual_stream.alignment.choice import choose
from services.dual_stream.alignment.limits import FallbackLimits
from tests.unit.dual_stream.speaking import chunk

LIMITS = FallbackLimits()


def text_and_reasons(
    drafted: str, heard: str, doubted: str, probability: float, *, confidence: float = 0.998, language: str = "en"
) -> tuple[str, list[str]]:
    """Return what comes out if the slow engine gives the words in `doubted` this probability."""
    context = chunk([drafted], [heard], confidence=confidence, language=language)
    assert context.heard
    for segment in context.heard.segments:
        segment.words = [doubt(word, probability) if word.text.strip() in doubted else word for word in segment.words]
    (utterance,) = assign(context, LIMITS)
    found = choose(utterance, language, LIMITS)
    assert found
    return found[0].text, [str(reason) for reason in found[1].reasons]


def doubt(word: Word, probability: float) -> Word:
    return word.model_copy(update={"probability": probability})


def test_a_word_in_another_script_at_the_end_is_dropped() -> None:
    found = text_and_reasons("大家听水", "大家听水。 Welcome", "Welcome", 0.7, language="zh")
    assert found == ("大家听水。", ["invented_ends"])


@pytest.mark.parametrize(
    ("heard", "doubted"),
    [("The red house is near. Thank you.", "Thank you."), ("Hi there, the red house is near.", "Hi there,")],
)
def test_doubted_words_at_an_end_are_dropped(heard: str, doubted: str) -> None:
    text, reasons = text_and_reasons("the red house is near", heard, doubted, 0.3)
    assert (text.casefold().strip("."), reasons) == ("the red house is near", ["invented_ends"])


@pytest.mark.parametrize(("probability", "source"), [(0.3, "draft"), (0.8, "final")])
def test_a_third_of_the_words_is_disagreement_enough_if_whisper_doubts_them(probability: float, source: str) -> None:
    texts = {"draft": "thank you for watching it", "final": "Thank you for kitchen camera."}
    doubted = "kitchen camera."
    text, reasons = text_and_reasons(texts["draft"], texts["final"], doubted, probability)
    assert (text, reasons) == (texts[source], ["disagreement"] if source == "draft" else [])


@pytest.mark.parametrize(
    ("drafted", "heard", "doubted", "probability", "confidence"),
    [
        ("the red house is near", "The red house is near us all.", "us all.", 0.8, 0.998),  # Whisper is sure
        ("the red house is near", "The red house is near us all.", "us all.", 0.3, 0.8),  # the draft is not
        ("the red house is near", "The red brick house is near.", "brick", 0.1, 0.998),  # in the middle
        ("the red house is here", "The red house is near.", "near.", 0.1, 0.998),  # another word, not one more
    ],
)
def test_other_words_stay(drafted: str, heard: str, doubted: str, probability: float, confidence: float) -> None:
    assert text_and_reasons(drafted, heard, doubted, probability, confidence=confidence) == (heard, [])
