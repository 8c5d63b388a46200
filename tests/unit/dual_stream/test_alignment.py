"""One text out of two: whose it is, whose times it has, and that nothing is lost on the way."""

from dataclasses import dataclass, field
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.transcript.format import Segment
from common.transcript.loops import max_repetitions
from services.dual_stream.alignment.assignment import assign
from services.dual_stream.alignment.choice import choose
from services.dual_stream.alignment.hallucinations import find_objections, is_too_fast
from services.dual_stream.alignment.limits import FallbackLimits
from services.dual_stream.context import ProcessingContext
from services.dual_stream.records import Decision
from tests.unit.dual_stream.speaking import CONFIDENT, chunk, content

LIMITS = FallbackLimits()
LOOP = "thank you for watching " * 8


def assign_and_choose(context: ProcessingContext) -> list[tuple[Segment, Decision]]:
    language = context.heard.language if context.heard else None
    return [found for utterance in assign(context, LIMITS) if (found := choose(utterance, language, LIMITS))]


@dataclass
class Case:
    """Two engines' texts of some utterances, and what must come out."""

    name: str
    drafts: list[str]
    finals: list[str]
    texts: list[str]
    sources: str
    """f for the final's text, d for the draft's; one for each segment."""
    reasons: list[str] = field(default_factory=list)
    confidence: float = CONFIDENT
    avg_logprob: float = -0.3
    language: str = "en"
    draft_language: str | None = None


TABLE = [
    Case(
        "the same",
        ["the red house"],
        ["The red house."],
        ["The red house."],
        "f",
    ),
    Case(
        "an insertion",
        ["the house is red"],
        ["The old house is red."],
        ["The old house is red."],
        "f",
    ),
    Case(
        "a deletion",
        ["the old house is red"],
        ["The house is red."],
        ["The house is red."],
        "f",
    ),
    Case(
        "another word",
        ["the mouse is red"],
        ["The house is red."],
        ["The house is red."],
        "f",
    ),
    Case(
        "numbers spelt",
        ["number nine eight seven"],
        ["Number 987."],
        ["Number 987."],
        "f",
    ),
    Case(
        "numbers written",
        ["number 25 and 13"],
        ["Number twenty-five and thirteen."],
        ["Number twenty-five and thirteen."],
        "f",
    ),
    Case(
        "Chinese",
        ["今天天气很好"],
        ["今天天气很好。"],
        ["今天天气很好。"],
        "f",
        language="zh",
    ),
    Case(
        "a Chinese number",
        ["二零二五年"],
        ["2025年。"],
        ["2025年。"],
        "f",
        language="zh",
    ),
    Case(
        "mixed scripts",
        ["我们用 python 写书"],
        ["我们用Python写书。"],
        ["我们用Python写书。"],
        "f",
        language="zh",
    ),
    Case(
        "utterances that Whisper shifts",
        ["hello everyone", "welcome back"],
        ["Hello everyone, welcome back.", ""],
        ["Hello everyone,", "welcome back."],
        "ff",
    ),
    Case(
        "a phrase repeated",
        ["thank you for watching"],
        [LOOP],
        ["thank you for watching"],
        "d",
        ["repetition", "compression_ratio", "disagreement"],
    ),
    Case(
        "a phrase that is said again and again",
        ["no no no no no no"],
        ["No, no, no, no, no, no."],
        ["No, no, no, no, no, no."],
        "f",
    ),
    Case(
        "Whisper silent in one",
        ["hello everyone", "the red house"],
        ["Hello everyone.", ""],
        ["Hello everyone.", "the red house"],
        "fd",
        ["empty"],
    ),
    Case(
        "Whisper silent in all",
        ["hello everyone", "the red house"],
        ["", ""],
        ["hello everyone", "the red house"],
        "dd",
        ["empty", "empty"],
    ),
    Case(
        "marks alone are silence",
        ["hello everyone"],
        ["..."],
        ["hello everyone"],
        "d",
        ["empty"],
    ),
    Case(
        "the draft silent in one",
        ["", "the red house"],
        ["Hello everyone.", "The red house."],
        ["Hello everyone.", "The red house."],
        "ff",
    ),
    Case(
        "the draft silent in all",
        ["", ""],
        ["Hello everyone.", "The red house."],
        ["Hello everyone.", "The red house."],
        "ff",
    ),
    Case(
        "both silent",
        [""],
        [""],
        [],
        "",
    ),
    Case(
        "hardly probable",
        ["the red house"],
        ["The red horse."],
        ["the red house"],
        "d",
        ["avg_logprob"],
        avg_logprob=-1.6,
    ),
    Case(
        "a confident draft disagrees",
        ["the red house is near"],
        ["Subtitles by the community."],
        ["the red house is near"],
        "d",
        ["disagreement"],
    ),
    Case(
        "an unsure draft disagrees",
        ["the red house is near"],
        ["Subtitles by the community."],
        ["Subtitles by the community."],
        "f",
        confidence=0.6,
    ),
    Case(
        "both wrong",
        ["mumble"],
        [LOOP],
        [LOOP.strip()],
        "f",
        ["repetition", "compression_ratio"],
        confidence=0.1,
    ),
    Case(
        "a language that the draft's engine does not know",
        ["the wilder is"],
        ["Das Wetter ist schön."],
        ["Das Wetter ist schön."],
        "f",
        ["avg_logprob"],
        confidence=0.6,
        avg_logprob=-1.2,
        language="de",
        draft_language="en",
    ),
]


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.name)
def test_the_table(case: Case) -> None:
    context = chunk(
        case.drafts,
        case.finals,
        confidence=case.confidence,
        avg_logprob=case.avg_logprob,
        language=case.language,
        draft_language=case.draft_language,
    )
    found = assign_and_choose(context)
    assert [segment.text for segment, _ in found] == case.texts
    assert "".join(segment.source[0] for segment, _ in found) == case.sources
    assert sorted(reason for _, decision in found for reason in decision.reasons) == sorted(case.reasons)
    holds(context, found)


def holds(context: ProcessingContext, found: list[tuple[Segment, Decision]]) -> None:
    """Assert what is so for every input."""
    segments = [segment for segment, _ in found]
    words = [word for segment in segments for word in segment.words]
    assert all(word.start <= word.end for word in words)
    assert all(one.end <= other.start for one, other in pairwise(words)), "in order, and no overlaps"
    assert all(one.end <= other.start for one, other in pairwise(segments))
    assert all(segment.start <= segment.words[0].start and segment.words[-1].end <= segment.end for segment in segments)
    assert all("".join(word.text for word in segment.words).strip() == segment.text.strip() for segment in segments)
    # every word that Whisper heard is in the text, or told as rejected; where it heard nothing is the draft
    said = content(" ".join(segment.text for segment in context.heard.segments)) if context.heard else ()
    kept = (
        content(f"{decision.dropped_start} {text} {decision.dropped_end}")
        for segment, decision in found
        for text in [segment.text if decision.source == "final" else decision.rejected]
    )
    assert tuple(chain.from_iterable(kept)) == said
    ids = {segment.id for segment in segments}
    drafts = {utterance.id: utterance.draft for utterance in context.utterances if utterance.draft}
    usable = {
        n for n, draft in drafts.items() if LIMITS.is_usable(draft) and not find_objections(draft.text, None, LIMITS)
    }
    assert usable <= ids, "the id of each draft that can be used comes again"
    assert [segment.id for segment in segments] == sorted(ids), "once"


TEXT = st.lists(
    st.sampled_from(
        ["the", "red", "house", "25", "twenty", "Thank", "you.", "今", "天", "好。", "python", "...", "no,"]
    ),
    max_size=8,
).map(" ".join)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4), st.floats(-3, 3), st.sampled_from([0.1, 0.6, 0.95]))
def test_whatever_is_heard_times_are_in_order_and_no_word_is_lost(
    texts: list[tuple[str, str]], late: float, confidence: float
) -> None:
    drafts, finals = [one for one, _ in texts], [other for _, other in texts]
    context = chunk(drafts, finals, late=max(late, -1.0), confidence=confidence)
    holds(context, assign_and_choose(context))


def test_a_final_has_the_draft_s_times() -> None:
    (found,) = assign_and_choose(chunk(["the red house"], ["The red house."], late=0.4))
    assert [(word.text, word.start, word.end) for word in found[0].words] == [
        ("The", 1.0, 1.5),
        (" red", 1.5, 2.0),
        (" house.", 2.0, 2.5),
    ]


def test_a_word_that_the_draft_has_not_is_put_between_its_neighbours() -> None:
    (found,) = assign_and_choose(chunk(["the house"], ["The old house."], late=0.0))
    the, old, house = found[0].words
    assert (the.start, house.end) == (1.0, 2.0)
    assert the.end <= old.start < old.end <= house.start


def test_times_that_whisper_has_lost_come_back() -> None:
    """A model that puts all words of a segment at one moment, as small ones do."""
    context = chunk(["the red house is near"], ["The red house is near."])
    assert context.heard
    (segment,) = context.heard.segments
    collapsed = [word.model_copy(update={"start": 9.0, "end": 9.0}) for word in segment.words]
    context.heard.segments[0] = segment.model_copy(update={"words": collapsed})
    ((final, _),) = assign_and_choose(context)
    assert [word.start for word in final.words] == [1.0, 1.5, 2.0, 2.5, 3.0]


def test_a_phrase_said_twice_stays_where_it_was_said() -> None:
    found = assign_and_choose(chunk(["you know", "you know it", "you know"], ["You know.", "", "You know."]))
    assert [(segment.text, segment.source) for segment, _ in found] == [
        ("You know.", "final"),
        ("you know it", "draft"),
        ("You know.", "final"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("a", 1), ("a b c", 1), ("a a a", 3), ("a b a b a b", 3), ("x a b c a b c y", 2), ("a b a c a b", 1)],
)
def test_repeats_are_counted_in_a_row(text: str, expected: int) -> None:
    assert max_repetitions(text.split()) == expected


def test_a_doubtful_draft_moves_no_word() -> None:
    """A usable one gives the final's words its times, which are 0.2 s earlier."""
    drafts, finals = ["the red house", "it is near"], ["The red house.", "It is near."]
    sure, doubtful = (chunk(drafts, finals, confidence=confidence) for confidence in (0.95, 0.5))
    moved, kept = (
        [word.start for segment, _ in assign_and_choose(context) for word in segment.words]
        for context in (sure, doubtful)
    )
    assert doubtful.heard
    assert kept == [word.start for segment in doubtful.heard.segments for word in segment.words]
    assert moved == pytest.approx([start - 0.2 for start in kept])


def test_a_draft_of_other_words_moves_no_word() -> None:
    """Real SenseVoice may be fairly sure of what it takes French for."""
    context = chunk(["a set lady dictate"], ["Et c'est la dictée numéro 1."], confidence=0.8, draft_language="en")
    (found,) = assign_and_choose(context)
    assert context.heard
    assert [word.start for word in found[0].words] == [word.start for word in context.heard.segments[0].words]


@pytest.mark.parametrize(
    ("text", "seconds", "expected"),
    [
        ("Maria explained that the database keeps every old version", 0.8, True),
        ("Maria explained that the database keeps every old version", 3.0, False),
        ("Thank you", 0.1, False),
        ("今天天气很好我们去看书", 0.5, True),
        ("今天天气很好我们去看书", 2.0, False),
    ],
)
def test_a_text_that_nobody_can_speak_in_its_time(text: str, seconds: float, expected: bool) -> None:
    assert is_too_fast(Segment(id=0, start=1.0, end=1.0 + seconds, text=text)) is expected


@pytest.mark.parametrize(
    "text",
    [
        "We sold 10,000 copies.",
        "$1,000,000",
        "\u4e00\u517110000\u5143",
        "At 10:00:00, 3.33333 of 1000000.",
        "Room 1111, floor 0000.",
    ],
)
def test_the_digits_of_a_number_are_no_repetition(text: str) -> None:
    assert find_objections(text, None, FallbackLimits()) == []


@pytest.mark.parametrize(
    "text", ["and then then then then", "10, 10, 10, 10", "\u5bf9\u5bf9\u5bf9\u5bf9", "1,000 1,000 1,000 1,000"]
)
def test_a_word_or_a_number_said_four_times_is_one(text: str) -> None:
    assert "repetition" in find_objections(text, None, FallbackLimits())


@pytest.mark.parametrize(
    ("one", "other"),
    [("Twenty-five!", "25"), ("二零二五", "2025"), ("DON'T", "dont"), ("\uff21\uff22", "ab"), ("thirteen", "13")],
)
def test_ways_of_writing_are_the_same(one: str, other: str) -> None:
    assert content(one) == content(other)
