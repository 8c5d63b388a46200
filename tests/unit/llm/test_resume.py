"""What an attempt takes over from the one before it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from common.transcript.format import Segment
from services.llm.batches import Batch, Line, batches
from services.llm.cache import digest_of
from services.llm.contracts import SummarizeInput, Usage
from services.llm.line_work import BatchDone, LineJob, LineWork
from services.llm.lines import replace_text
from services.llm.summary import ChapterMark, PartDone, PartJudge, PartSummary, Summarizer
from tests.support.folder_job import FolderJob


def lines(*texts: str) -> list[Segment]:
    return [Segment(id=number, start=number, end=number + 1, text=text) for number, text in enumerate(texts)]


def bench(folder: Path, asked: list[int]) -> Any:
    """Stand in for the task setup: nothing is asked, but counted."""
    job = FolderJob(folder, "llm")
    settings = SimpleNamespace(batch_lines=1, batch_characters=100, context_lines=0, summary_characters=10)

    def ask(_endpoint: Any, work: Any) -> None:
        coroutines = list(work())
        asked.append(len(coroutines))
        for coroutine in coroutines:
            coroutine.close()

    return SimpleNamespace(job=job, settings=settings, ask=ask, params=SimpleNamespace(temperature=None))


def line_work(folder: Path, asked: list[int]) -> LineWork:
    endpoint: Any = SimpleNamespace(usage=Usage(), provider=SimpleNamespace(uses_gpu=False, max_concurrency=1))
    return LineWork(bench(folder, asked), endpoint, LineJob("correct", "", finish=replace_text), max_fallback=0.5)


def test_a_line_that_was_edited_since_is_asked_for_again(tmp_path: Path) -> None:
    asked: list[int] = []
    before = BatchDone(sources={0: "a", 1: "b"}, texts={0: "A", 1: "B"}, usage=Usage(requests=3))
    line_work(tmp_path, asked).checkpoint.append(before)
    work = line_work(tmp_path, asked)
    work.run(lines("a", "edited"))
    assert {number: line.text for number, line in work.done.items()} == {0: "A"}
    assert asked == [1]
    assert work.endpoint.usage.requests == 3


def test_times_are_those_of_now(tmp_path: Path) -> None:
    line_work(tmp_path, []).checkpoint.append(BatchDone(sources={0: "a"}, texts={0: "A"}, usage=Usage()))
    work = line_work(tmp_path, [])
    work.run([Segment(id=0, start=7, end=8, text="a")])
    assert (work.done[0].start, work.done[0].text) == (7, "A")


def test_a_line_that_gets_its_text_later_is_no_fallback_any_more(tmp_path: Path) -> None:
    work = line_work(tmp_path, [])
    work.apply_texts(lines("a", "b"), BatchDone(sources={}, texts={0: "A"}, usage=Usage()))
    assert work.fallback == [1]
    work.apply_texts(lines("a", "b"), BatchDone(sources={}, texts={0: "A", 1: "B"}, usage=Usage()))
    assert work.fallback == []


def make_summarizer(folder: Path, asked: list[int], **params: Any) -> Summarizer:
    endpoint: Any = SimpleNamespace(usage=Usage(), name="local", model="m")
    return Summarizer(bench(folder, asked), endpoint, SummarizeInput(transcript_path="talk.json", **params))


def test_a_part_that_is_another_one_now_is_asked_for_again(tmp_path: Path) -> None:
    asked: list[int] = []
    work = make_summarizer(tmp_path, asked)
    work.run(lines("a" * 10, "b" * 10))
    assert asked == [2, 1], "two parts, and one summary of them"
    first, second = batches([Line(0, "a" * 10), Line(1, "b" * 10)], most=2, characters=10, context=0)
    for part in (first, second):
        answer = PartSummary(summary="known", chapters=[])
        work.checkpoint.append(
            PartDone(part=part.index, asked=digest_of(work.part_messages(part)), answer=answer, usage=Usage())
        )
    asked.clear()
    make_summarizer(tmp_path, asked).run(lines("a" * 10, "edited"))
    assert asked == [1, 1]


def test_chapters_follow_the_time_also_where_the_ids_do_not(tmp_path: Path) -> None:
    talk = [Segment(id=identity, start=at, end=at + 1, text="x") for at, identity in enumerate([5, 9, 6])]
    judge = PartJudge(Batch(0, [Line(segment.id, segment.text) for segment in talk]))
    marks = [ChapterMark(line=6, title="last"), ChapterMark(line=9, title="middle")]
    assert judge.judge(PartSummary(summary="s", chapters=marks)) == ""
    assert judge.kept is not None
    work = make_summarizer(tmp_path, [])
    work.parts = {0: judge.kept}
    assert [(chapter.start, chapter.end, chapter.title) for chapter in work.chapters(talk, 3.0)] == [
        (1, 2, "middle"),
        (2, 3, "last"),
    ]
    assert make_summarizer(tmp_path, [], chapters=False).chapters(talk, 3.0) == []
