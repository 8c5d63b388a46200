"""Edits of a transcript in a real Redis: none is lost, and each lives as long as its task."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import Any

import pytest

from common.clock import utcnow
from common.contract import Contract, TaskInput, TaskOutput
from common.settings import TaskSettings
from common.state import keys
from common.state.context import InputParams, Stage, Status, WorkflowContext
from common.state.record import Record
from common.state.store import StateStore, Submission
from common.transcript.edits import Edits, EndsBeforeItStarts, edit, read_edits, undo, with_edits
from common.transcript.format import Segment, Transcript, Word
from tests.support.inspected_redis import InspectedRedis

pytestmark = pytest.mark.redis

CONTRACT = Contract("testing.nothing", TaskInput, TaskOutput)
STORE = StateStore(TaskSettings())
ID = "film"
SEEN = Segment(
    id=7,
    start=1.0,
    end=2.0,
    text="helo world",
    words=[Word(start=1.0, end=1.4, text="helo"), Word(start=1.4, end=2.0, text=" world")],
    language="en",
)


@pytest.fixture(autouse=True)
def task(redis: InspectedRedis) -> None:
    context = WorkflowContext(
        workflow_id=ID,
        task_id=ID,
        task_name=CONTRACT.name,
        created_at=utcnow(),
        updated_at=utcnow(),
        input_params=InputParams(task_name=CONTRACT.name, input_data={}),
        shared_storage_path=PurePosixPath("/share/workflows") / ID,
        stages={CONTRACT.name: Stage()},
    )
    redis.run(STORE.create(Submission(context=context, contract=CONTRACT, digest="d")))


def change(redis: InspectedRedis, seen: Segment = SEEN, **changes: Any) -> Segment | None:
    return redis.run(edit(ID, seen, changes, events_kept=100))


def edits(redis: InspectedRedis) -> Edits:
    return redis.run(read_edits(ID))


def published_fragments(redis: InspectedRedis) -> list[str]:
    return [fields["data"] for _, fields in redis.client.xrange(keys.events(ID)) if fields["event"] == "fragment"]


def test_what_is_not_changed_stays(redis: InspectedRedis) -> None:
    changed = change(redis, text="Hello world")
    assert changed == SEEN.model_copy(update={"text": "Hello world", "modified": True, "words": []})
    assert edits(redis) == {7: changed}


def test_a_new_speaker_keeps_the_words(redis: InspectedRedis) -> None:
    changed = change(redis, speaker="Ann")
    assert changed
    assert [(word.text, word.speaker) for word in changed.words] == [("helo", "Ann"), (" world", "Ann")]


@pytest.mark.parametrize("text", ['say "no"', "back\\slash", "你好\u2028", "\0 nul", "a\nb", "", "</v> {}", "𝄞"])
def test_any_text_comes_back_as_it_was(redis: InspectedRedis, text: str) -> None:
    change(redis, text=text)
    assert edits(redis)[7].text == text


def test_times_come_back_to_the_last_digit(redis: InspectedRedis) -> None:
    change(redis, start=0.1 + 0.2, end=123_456.789_012_3)
    assert (edits(redis)[7].start, edits(redis)[7].end) == (0.1 + 0.2, 123_456.789_012_3)


def test_two_who_edit_the_same_segment_at_once_both_win(redis: InspectedRedis) -> None:
    changes: list[dict[str, Any]] = [{"text": "new"}, {"speaker": "Ann"}, {"end": 9.0}, {"start": 0.5}]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda arguments: change(redis, **arguments), changes))
    kept = edits(redis)[7]
    assert (kept.text, kept.speaker, kept.start, kept.end) == ("new", "Ann", 0.5, 9.0)


def test_an_end_before_the_start_is_refused_whatever_was_seen(redis: InspectedRedis) -> None:
    change(redis, start=1.8)
    with pytest.raises(EndsBeforeItStarts):
        change(redis, end=1.5)
    assert edits(redis)[7].end == 2.0


def test_an_edit_is_told_to_those_who_follow_until_the_task_ends(redis: InspectedRedis) -> None:
    change(redis, text='"hi"')
    shown = {"id": 7, "start": 1.0, "end": 2.0, "text": '"hi"', "speaker": None, "modified": True}
    assert [json.loads(event) for event in published_fragments(redis)] == [
        {"segment_index": 7, "language": "en", "segments": [shown]}
    ]
    record = read_record(redis)
    redis.run(STORE.finish(record, record.final_context(Status.CANCELLED)))
    change(redis, text="too late to tell")
    assert len(published_fragments(redis)) == 1
    assert edits(redis)[7].text == "too late to tell"


def read_record(redis: InspectedRedis) -> Record:
    record = redis.run(STORE.get(ID))
    assert record
    return record


def test_an_edit_undone_reads_as_the_engine_has_it(redis: InspectedRedis) -> None:
    change(redis, text="wrong", speaker="Bob")
    assert redis.run(undo(ID, 7, SEEN, events_kept=100)) == 5
    assert edits(redis) == {}
    assert '"text":"helo world"' in published_fragments(redis)[-1]
    assert '"modified":false' in published_fragments(redis)[-1]
    assert redis.run(undo(ID, 7, SEEN, events_kept=100)) == 0
    assert len(published_fragments(redis)) == 2


def test_edits_live_as_long_as_the_record_through_every_step_of_it(redis: InspectedRedis) -> None:
    change(redis, text="kept")

    def assert_ttls(step: str) -> None:
        names = (keys.state(ID), keys.control(ID), keys.transcript_edits(ID))
        lives = [redis.client.ttl(name) for name in names]
        ended = step == "finish"
        assert all(ttl > STORE.ttl - 60 if ended else ttl == -1 for ttl in lives), step
        for name in names:
            redis.client.expire(name, 1_000)

    assert_ttls("edit")
    claimed = redis.run(STORE.claim(ID, CONTRACT.queue, "me"))
    assert isinstance(claimed, Record)
    assert_ttls("claim")
    redis.run(STORE.beat(ID, claimed.control.fence, rss=1))
    assert_ttls("beat")
    redis.run(STORE.finish(claimed, claimed.final_context(Status.FAILED)))
    assert_ttls("finish")
    redis.run(STORE.requeue(read_record(redis), reason="asked"))
    assert_ttls("retry")


def test_an_edit_of_an_old_record_does_not_outlive_it(redis: InspectedRedis) -> None:
    redis.client.expire(keys.control(ID), 1_000)
    change(redis, text="kept")
    assert redis.client.ttl(keys.transcript_edits(ID)) <= 1_000


def test_a_removed_task_takes_its_edits_with_it_and_gets_no_new_ones(redis: InspectedRedis) -> None:
    change(redis, text="gone")
    record = read_record(redis)
    redis.run(STORE.finish(record, record.final_context(Status.CANCELLED)))
    redis.run(STORE.delete(read_record(redis)))
    assert change(redis, text="ghost") is None
    assert not redis.client.exists(keys.transcript_edits(ID))


def test_later_finals_leave_an_edited_segment_alone(redis: InspectedRedis) -> None:
    change(redis, text="mine")
    engines = SEEN.model_copy(update={"text": "the engine's", "end": 9.0})
    read = with_edits(Transcript(segments=[engines]), edits(redis))
    assert [(segment.text, segment.end) for segment in read.segments] == [("mine", 2.0)]


def test_an_edited_segment_stays_when_the_engine_has_none_of_its_id_any_more(redis: InspectedRedis) -> None:
    change(redis, text="mine")
    others = [Segment(id=1, start=0.0, end=1.0, text="a"), Segment(id=2, start=5.0, end=6.0, text="b")]
    read = with_edits(Transcript(segments=others), edits(redis))
    assert [segment.text for segment in read.segments] == ["a", "mine", "b"]
