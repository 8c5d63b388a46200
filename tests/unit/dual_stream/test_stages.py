"""The stages together: order, resuming, prompts, and what a client makes of what it hears."""

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.files.checkpoint import Checkpoint
from services.dual_stream.alignment.hotwords import last_sentences
from services.dual_stream.checkpoint import StreamCheckpoint
from services.dual_stream.pipeline import QUEUE_BOUND
from services.dual_stream.records import FinalRecord
from tests.support.waiting import wait_until
from tests.unit.dual_stream.assembled import Assembled, Told
from tests.unit.dual_stream.doubles import FastDouble, SlowDouble

COUNT = 12
State = dict[int, dict[str, Any]]


def hear(state: State, told: Told) -> State:
    """Do what `common.state.events` says a client does."""
    for kind, data in told:
        for segment in data["segments"]:
            before = state.get(segment["id"])
            kept = before and (kind == "draft" or (before.get("modified") and "modified" not in segment))
            state[segment["id"]] = before if before and kept else segment
    return state


@pytest.fixture(scope="module")
def reference_run(tmp_path_factory: pytest.TempPathFactory) -> Assembled:
    """Return what comes out when nothing happens."""
    return Assembled(tmp_path_factory.mktemp("whole") / "checkpoint.jsonl", COUNT).run()


def test_every_chunk_has_its_draft_before_its_final(reference_run: Assembled) -> None:
    places = {(kind, data["segment_index"]): place for place, (kind, data) in enumerate(reference_run.told)}
    drafts = [index for kind, index in places if kind == "draft"]
    assert drafts == [index for kind, index in places if kind == "fragment"] == [4 * n for n in range(COUNT)]
    assert all(places["draft", index] < places["fragment", index] for index in drafts)


def test_drafts_are_ahead_of_finals_by_the_queue_and_no_more(tmp_path: Path) -> None:
    """The slow engine is held at its first chunk until the fast one has gone as far as it may."""
    fast = FastDouble()
    ahead: list[int] = []

    def hold(number: int) -> None:
        if number == 0:
            wait_until(lambda: len(fast.heard) >= 1 + QUEUE_BOUND)
        ahead.append(len(fast.heard) - 1 - number)

    Assembled(tmp_path / "checkpoint.jsonl", COUNT, fast, SlowDouble(before=hold)).run()
    assert max(ahead) == QUEUE_BOUND


def test_the_finals_replace_the_drafts_one_by_one(reference_run: Assembled) -> None:
    state = hear({}, reference_run.told)
    assert [segment["source"] for segment in state.values()] == ["final"] * 4 * COUNT
    drafts = hear({}, [event for event in reference_run.told if event[0] == "draft"])
    assert drafts.keys() == state.keys()
    assert {segment["source"] for segment in drafts.values()} == {"draft"}


def test_a_draft_that_comes_late_overwrites_no_final(reference_run: Assembled) -> None:
    final = hear({}, reference_run.told)
    assert hear(dict(final), [event for event in reference_run.told if event[0] == "draft"]) == final


def test_what_a_person_has_changed_is_left_alone(reference_run: Assembled) -> None:
    drafts, finals = ([event for event in reference_run.told if event[0] == kind] for kind in ("draft", "fragment"))
    changed = {"id": 7, "start": 0.0, "end": 1.0, "text": "mine", "modified": True}
    edit = ("fragment", {"segment_index": 7, "language": "en", "segments": [changed]})
    state = hear({}, [*drafts, edit, *finals])
    assert state[7] == changed
    undone = ("fragment", {**edit[1], "segments": [{**changed, "text": "theirs", "modified": False}]})
    assert hear(state, [undone])[7]["text"] == "theirs"


@given(st.data())
def test_who_reconnects_whenever_ends_where_who_stayed_ends(reference_run: Assembled, data: st.DataObject) -> None:
    """A connection may be cut anywhere, and the next one begins at any event that was seen, or at the first."""
    state: State = {}
    place = 0
    while place < len(reference_run.told):
        again = data.draw(st.integers(0, place), label="from")
        place = data.draw(st.integers(max(again, place), len(reference_run.told)), label="to") + 1
        hear(state, reference_run.told[again:place])
    assert state == hear({}, reference_run.told)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(kept=st.integers(0, 2 * COUNT), torn=st.integers(0, 40))
def test_whenever_an_attempt_dies_the_next_one_goes_on_in_the_right_stage(
    reference_run: Assembled, tmp_path: Path, kept: int, torn: int
) -> None:
    """As much as is on record is not done again, and nothing shows in the result."""
    path = tmp_path / "checkpoint.jsonl"
    rest = b"".join(reference_run.lines[kept:])
    path.write_bytes(b"".join(reference_run.lines[:kept]) + rest[: min(torn, len(rest) - 1) if rest else 0])
    before = list(Checkpoint(path).records())
    drafted = {record["chunk"] for record in before if record["stage"] == "draft"}
    final = {record["chunk"] for record in before if record["stage"] == "final"}
    resumed = Assembled(path, COUNT).run()
    assert resumed.transcript == reference_run.transcript
    assert resumed.fast.heard == [number for number in range(COUNT) if number not in drafted | final]
    assert resumed.slow.heard == [number for number in range(COUNT) if number not in final]
    assert resumed.slow.prompts == reference_run.slow.prompts[len(final) :], "and it is told the same"
    state = hear({}, [event for event in reference_run.told if event[1]["segment_index"] // 4 in final])
    assert hear(state, resumed.told) == hear({}, reference_run.told)


def test_the_slow_engine_is_told_of_names_numbers_and_what_came_before(reference_run: Assembled) -> None:
    first, second, *_, last = reference_run.slow.prompts
    assert first == "Anna Berg, 0."
    assert "Chunk 0 says 3 of four words and Anna Berg hears it." in second
    assert all(len(prompt) <= 200 + 2 for prompt in (first, second, last))


@pytest.mark.parametrize("slow", [SlowDouble(stops={3}), SlowDouble(fades={3})], ids=["stops", "fades"])
def test_what_a_prompt_suppresses_is_decoded_again_without_one(
    tmp_path: Path, reference_run: Assembled, slow: SlowDouble
) -> None:
    run = Assembled(tmp_path / "checkpoint.jsonl", COUNT, slow=slow).run()
    assert run.transcript == reference_run.transcript
    assert slow.heard.count(3) == 2
    assert [prompt for number, prompt in zip(slow.heard, slow.prompts, strict=True) if number == 3][1] == ""


def test_a_draft_that_is_doubtful_gives_no_prompt(tmp_path: Path) -> None:
    run = Assembled(tmp_path / "checkpoint.jsonl", COUNT, FastDouble(doubtful={0}), SlowDouble(silent={0})).run()
    first, second, third, *_ = run.slow.prompts
    assert (first, second) == ("", "Anna Berg, 1.")
    assert "Chunk 1 says 3" in third


def test_a_doubtful_draft_that_nobody_confirms_is_withdrawn(tmp_path: Path) -> None:
    """Its id comes again without a text, also in the next attempt, and the transcript does not have it."""
    path = tmp_path / "checkpoint.jsonl"
    run = Assembled(path, COUNT, FastDouble(doubtful={1}), SlowDouble(silent={1})).run()
    texts = {number: segment["text"] for number, segment in hear({}, run.told).items()}
    assert {number for number, text in texts.items() if not text} == {4, 5, 6, 7}
    assert {segment["id"] for segment in run.transcript} == texts.keys() - {4, 5, 6, 7}
    records = StreamCheckpoint(Checkpoint(path)).finals()
    assert [segment.id for segment in list(records)[1].published] == [4, 5, 6, 7]


def test_a_confident_draft_stays_where_whisper_hears_nothing(tmp_path: Path) -> None:
    run = Assembled(tmp_path / "checkpoint.jsonl", COUNT, slow=SlowDouble(silent={1})).run()
    assert [segment["source"] for segment in run.transcript[4:8]] == ["draft"] * 4
    assert len(run.transcript) == 4 * COUNT


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        ("One. Two three. Four", 200, "One. Two three."),
        ("One. Two three. Four", 10, "Two three."),
        ("no end at all", 200, ""),
        ("", 200, ""),
        ("A sentence that is too long to keep.", 10, ""),
        ('He said "Go!" Then he', 200, 'He said "Go!"'),
        ("It cost 3.50 and then", 200, ""),
        ("今天天气很好。我们去", 200, "今天天气很好。"),
        ("今天天气很好。我们去看书。", 6, "我们去看书。"),
    ],
)
def test_a_prompt_ends_with_a_sentence(text: str, longest: int, expected: str) -> None:
    assert last_sentences(text, longest) == expected


def test_the_device_is_left_in_the_thread_that_took_it(reference_run: Assembled) -> None:
    assert reference_run.slow.sessions >= 1
    assert reference_run.slow.entered == reference_run.slow.left != 0


def test_progress_is_by_the_audio_that_is_final(reference_run: Assembled) -> None:
    assert reference_run.reported == [20.0 * (n + 1) for n in range(COUNT)]


def test_a_stage_that_fails_leaves_a_checkpoint_to_go_on_from(reference_run: Assembled, tmp_path: Path) -> None:
    def fail(number: int) -> None:
        if number == 5:
            raise OSError("the card fell off")

    path = tmp_path / "checkpoint.jsonl"
    with pytest.raises(OSError, match="the card fell off"):
        Assembled(path, COUNT, slow=SlowDouble(before=fail)).run()
    finals = [
        FinalRecord.model_validate(record).chunk for record in Checkpoint(path).records() if record["stage"] == "final"
    ]
    assert finals == list(range(len(finals)))
    assert len(finals) <= 5
    assert Assembled(path, COUNT).run().transcript == reference_run.transcript


def test_each_decision_is_on_record(reference_run: Assembled) -> None:
    records = list(reference_run.ledger.finals())
    assert [[decision.id for decision in record.decisions] for record in records] == [
        [segment.id for segment in record.segments] for record in records
    ]
    assert {key for key, _ in groupby(decision.source for record in records for decision in record.decisions)} == {
        "final"
    }
