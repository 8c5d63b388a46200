"""Summaries of long transcripts: one for each part, then one of these summaries; chapters start at lines.

A model names lines, never times, so a chapter's time is always valid.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic_core import to_json

from common.transcript.format import Segment
from services.llm import lines, prompts
from services.llm.batches import Batch, Line, batches
from services.llm.cache import digest_of
from services.llm.contracts import Chapter, SummarizeInput, Usage
from services.llm.engine import Endpoint
from services.llm.errors import AnswerUnusable
from services.llm.json_answers import Judge, StructuredAnswer, T, answer_of
from services.llm.server_dialect import Messages
from services.llm.task_setup import TaskSetup

PHASE = "summarize"


class ChapterMark(StructuredAnswer):
    line: int
    title: str


class PartSummary(StructuredAnswer):
    summary: str
    chapters: list[ChapterMark]


class WholeSummary(StructuredAnswer):
    summary: str


class PartDone(BaseModel):
    """A finished part in the checkpoint."""

    part: int
    asked: str
    """A digest: a part that is split differently, or edited since, is requested again."""
    answer: PartSummary
    usage: Usage


@dataclass(slots=True)
class PartJudge:
    """Keeps the best usable answer for one part."""

    batch: Batch
    kept: PartSummary | None = None

    def judge(self, answer: PartSummary) -> str:
        if not answer.summary.strip():
            return "The summary is empty. Write one."
        known = {line.id: place for place, line in enumerate(self.batch.lines)}
        good = [mark for mark in answer.chapters if mark.line in known and mark.title.strip()]
        good.sort(key=lambda mark: known[mark.line])
        self.kept = answer.model_copy(update={"chapters": good})
        if len(good) == len(answer.chapters):
            return ""
        strange = [mark.line for mark in answer.chapters if mark.line not in known]
        return (
            f"No lines have these ids: {lines.list_ids(strange)}. Let each chapter begin at the id of one of `lines`."
        )


class Summarizer:
    """One attempt at the summary of a transcript."""

    def __init__(self, setup: TaskSetup, endpoint: Endpoint, params: SummarizeInput) -> None:
        self.setup = setup
        self.job = setup.job
        self.endpoint = endpoint
        self.params = params
        self.checkpoint = self.job.checkpoint()
        self.parts: dict[int, PartSummary] = {}
        self.whole = ""

    def run(self, wanted: Sequence[Segment]) -> None:
        """Store the summary in `whole`, and each part's answer in `parts`."""
        characters = self.setup.settings.summary_characters
        lines = [Line(segment.id, segment.text, segment.speaker or "") for segment in wanted]
        parts = list(batches(lines, most=len(lines), characters=characters, context=0))
        self.resume(parts)
        if missing := [part for part in parts if part.index not in self.parts]:
            self.setup.ask(self.endpoint, lambda: [self.work_on(part, len(parts)) for part in missing])
        if len(parts) > 1:
            self.setup.ask(self.endpoint, lambda: [self.join()])
        else:
            self.whole = "".join(part.summary for part in self.parts.values())

    def resume(self, parts: Sequence[Batch]) -> None:
        digests = {part.index: digest_of(self.part_messages(part)) for part in parts}
        for record in self.checkpoint.records():
            known = PartDone.model_validate(record)
            if digests.get(known.part) == known.asked:
                self.parts[known.part] = known.answer
            self.endpoint.usage = known.usage

    def part_messages(self, part: Batch) -> Messages:
        return lines.messages(prompts.summarize(self.params), part)

    async def work_on(self, part: Batch, total: int) -> None:
        judge, asked = PartJudge(part), self.part_messages(part)
        wrong = await self.answer(PartSummary, asked, judge.judge)
        if judge.kept is None:
            raise AnswerUnusable(reason=wrong, **self.where)
        done = PartDone(part=part.index, asked=digest_of(asked), answer=judge.kept, usage=self.endpoint.usage)
        self.checkpoint.append(done)
        self.parts[part.index] = judge.kept
        self.job.progress(PHASE, percent=round(90 * len(self.parts) / total, 1), processed=len(self.parts), total=total)

    async def join(self) -> None:
        summaries = [self.parts[index].summary for index in sorted(self.parts)]
        asked = [
            {"role": "system", "content": prompts.join(self.params)},
            {"role": "user", "content": to_json({"parts": summaries}).decode()},
        ]
        wrong = await self.answer(WholeSummary, asked, self.judge_whole)
        if not self.whole:
            raise AnswerUnusable(reason=wrong, **self.where)

    def judge_whole(self, answer: WholeSummary) -> str:
        self.whole = answer.summary.strip()
        return "" if self.whole else "The summary is empty. Write one."

    async def answer(self, kind: type[T], asked: Messages, judge: Judge[T]) -> str:
        tries, temperature = self.setup.settings.answer_tries, self.params.temperature
        return await answer_of(self.endpoint, kind, asked, judge, tries=tries, temperature=temperature)

    @property
    def where(self) -> dict[str, str]:
        return {"provider": self.endpoint.name, "model": self.endpoint.model}

    def chapters(self, wanted: Sequence[Segment], duration: float) -> list[Chapter]:
        """Return the chapters, each up to the next one."""
        starts = {line.id: line.start for line in wanted}
        parts = [self.parts[index] for index in sorted(self.parts)] if self.params.chapters else []
        marks = [mark for part in parts for mark in part.chapters]
        ends = [starts[mark.line] for mark in marks[1:]] + [duration] * bool(marks)
        return [
            Chapter(start=starts[mark.line], end=max(end, starts[mark.line]), title=mark.title.strip())
            for mark, end in zip(marks, ends, strict=True)
        ]
