"""Whatever a model answers, each line keeps its id and has a text."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from services.llm.batches import Batch, Line, batches
from services.llm.json_answers import find_fault
from services.llm.lines import BatchTexts, Lines

answered = st.lists(st.fixed_dictionaries({"id": st.integers(-1, 8), "text": st.text(max_size=500)}), max_size=10)
answers = st.one_of(
    st.text(max_size=50),
    answered.map(lambda lines: to_json({"lines": lines}).decode()),
    answered.map(lambda lines: f"Sure: {to_json({'lines': lines}).decode()} Bye"),
)


def lines(texts: list[str]) -> list[Line]:
    return [Line(number, text) for number, text in enumerate(texts)]


@given(st.lists(answers, min_size=1, max_size=4))
def test_no_answer_gives_a_line_that_was_not_asked_for_or_an_empty_one(given_answers: list[str]) -> None:
    gathering = BatchTexts(Batch(0, lines(["one", "two", "three"]), (), ()))
    for text in given_answers:
        find_fault(Lines, text, gathering.judge)
        assert set(gathering.texts) <= {0, 1, 2}
        assert all(text.strip() for text in gathering.texts.values())


@given(st.lists(st.text(max_size=40), max_size=60), st.integers(1, 20), st.integers(1, 100), st.integers(0, 5))
def test_batches_hold_each_line_once_in_order(texts: list[str], most: int, characters: int, context: int) -> None:
    cut = list(batches(lines(texts), most=most, characters=characters, context=context))
    assert [line.text for batch in cut for line in batch.lines] == texts
    assert [batch.index for batch in cut] == list(range(len(cut)))
    for batch in cut:
        size = sum(len(line.text) for line in batch.lines)
        assert len(batch.lines) == 1 or (len(batch.lines) <= most and size <= characters)
        assert max(len(batch.before), len(batch.after)) <= context
