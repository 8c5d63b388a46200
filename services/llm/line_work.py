"""Send a transcript's lines through a model, batch by batch, resuming where an earlier attempt ended."""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel

from common.transcript.format import Segment
from common.transcript.live import fragment
from services.llm import lines, markup
from services.llm.batches import Batch, Line, batches
from services.llm.cache import digest_of
from services.llm.contracts import Usage
from services.llm.engine import Endpoint
from services.llm.errors import AnswerTruncated, AnswerUnusable, ContentFiltered, ContextTooLong
from services.llm.json_answers import answer_of
from services.llm.task_setup import TaskSetup

ROUND = 4
"""Number of batches per slot of a provider on our GPU before others may have the GPU."""
FEWER_LINES_HELP = (AnswerTruncated, ContentFiltered, ContextTooLong)


class BatchDone(BaseModel):
    """A finished batch in the checkpoint."""

    sources: dict[int, str]
    """The original lines by id: a line that was edited since is requested again."""
    texts: dict[int, str]
    usage: Usage
    """Of all work so far."""
    target: str = ""
    """The language, if the task translates into several."""


@dataclass(frozen=True, slots=True)
class LineJob:
    """What is done with each line."""

    phase: str
    instructions: str
    finish: Callable[[Segment, str | None], Segment]
    """Makes a line from its source and the model's text."""
    limit: Callable[[Segment], int | None] = lambda _: None
    """Maximum number of characters of a line's new text."""
    must_change: bool = False
    target: str = ""
    part: tuple[int, int] = (0, 1)
    """Number of this pass over the lines, counted from 0, and the number of all."""

    @property
    def is_first(self) -> bool:
        return self.part[0] == 0


class LineWork:
    """One attempt at all lines."""

    def __init__(self, setup: TaskSetup, endpoint: Endpoint, work: LineJob, *, max_fallback: float) -> None:
        self.setup = setup
        self.job = setup.job
        self.endpoint = endpoint
        self.work = work
        self.max_fallback = max_fallback
        self.checkpoint = self.job.checkpoint()
        self.done: dict[int, Segment] = {}
        self.texts: dict[int, str] = {}
        """The model's texts by id, without what encloses the line."""
        self.fallback: list[int] = []
        self.reason = ""
        """Why the last line that fell back did so."""

    def run(self, wanted: Sequence[Segment]) -> None:
        """Process these lines.

        Raises:
            AnswerUnusable: more lines than allowed have no usable answer.
        """
        self.resume(wanted)
        sources = {line.id: line for line in wanted}
        settings = self.setup.settings
        cut = batches(
            [self.line_of(segment) for segment in wanted],
            most=settings.batch_lines,
            characters=settings.batch_characters,
            context=settings.context_lines,
        )
        missing = [rest for batch in cut if (rest := batch.without(self.done)).lines]
        for some in self.rounds(missing):
            self.setup.ask(self.endpoint, partial(self.lanes, some, sources))

    def lanes(self, some: Sequence[Batch], sources: dict[int, Segment]) -> list[Coroutine[Any, Any, None]]:
        """Return as many coroutines as requests may run at the same time, which share the batches."""
        queue = iter(some)
        return [self.work_through(queue, sources) for _ in range(self.endpoint.provider.max_concurrency)]

    def line_of(self, segment: Segment) -> Line:
        text = markup.unwrap(segment.text).text
        return Line(segment.id, text, segment.speaker or "", self.work.limit(segment))

    def resume(self, wanted: Sequence[Segment]) -> None:
        """Take the texts of earlier attempts; lines that had none are requested again."""
        sources = {line.id: line for line in wanted}
        for record in self.checkpoint.records():
            known = BatchDone.model_validate(record)
            self.endpoint.usage = known.usage
            if known.target == self.work.target:
                same = (sources[i] for i, text in known.sources.items() if i in sources and sources[i].text == text)
                self.apply_texts([line for line in same if line.id in known.texts], known)

    def rounds(self, missing: Sequence[Batch]) -> Iterator[Sequence[Batch]]:
        """Yield groups of batches that are processed under one lease of the GPU."""
        provider = self.endpoint.provider
        size = provider.max_concurrency * ROUND if provider.uses_gpu else max(len(missing), 1)
        return (missing[begin : begin + size] for begin in range(0, len(missing), size))

    async def work_through(self, queue: Iterator[Batch], sources: dict[int, Segment]) -> None:
        """Finish one batch after the other, with all its requests: what is finished is in the checkpoint."""
        for batch in queue:
            await self.work_on(batch, sources)

    async def work_on(self, batch: Batch, sources: dict[int, Segment]) -> None:
        texts = await self.texts_of(batch)
        segments = [sources[line.id] for line in batch.lines]
        written = {segment.id: segment.text for segment in segments}
        done = BatchDone(sources=written, texts=texts, usage=self.endpoint.usage, target=self.work.target)
        self.checkpoint.append(done)
        self.publish(self.apply_texts(segments, done), len(sources))
        self.check_fallback(len(sources))

    async def texts_of(self, batch: Batch) -> dict[int, str]:
        """Return the model's usable texts; a batch that a server cannot answer as a whole is halved."""
        try:
            return await self.texts_of_whole(batch)
        except FEWER_LINES_HELP as error:
            if len(batch.lines) == 1 and not batch.before and not batch.after:
                self.note_fallback([batch.lines[0].id], str(error.detail.get("reason", error)))
                return {}
        halves = batch.halves() if len(batch.lines) > 1 else [Batch(batch.index, batch.lines)]
        return {number: text for half in halves for number, text in (await self.texts_of(half)).items()}

    async def texts_of_whole(self, batch: Batch) -> dict[int, str]:
        """Return the model's usable texts, from the cache for a repeated request."""
        endpoint, temperature = self.endpoint, self.setup.params.temperature
        asked = lines.messages(self.work.instructions, batch)
        digest = digest_of(endpoint.provider.base_url, endpoint.model, temperature, asked)
        if known := self.setup.cache.get(digest):
            endpoint.usage.cached += 1
            return {int(number): text for number, text in known.items()}
        gathering = lines.BatchTexts(batch, must_change=self.work.must_change)
        tries = self.setup.settings.answer_tries
        wrong = await answer_of(endpoint, lines.Lines, asked, gathering.judge, tries=tries, temperature=temperature)
        if gathering.missing:
            self.note_fallback(gathering.missing, wrong)
        elif not wrong:
            self.setup.cache.put(digest, gathering.texts)
        return gathering.texts

    def note_fallback(self, ids: Sequence[int], why: str) -> None:
        self.reason = self.endpoint.failures.excerpt(why)
        self.job.log.warning("lines_kept_as_they_were", lines=list(ids), why=self.reason)

    def apply_texts(self, segments: Sequence[Segment], done: BatchDone) -> list[Segment]:
        """Apply the texts to these lines; return the finished lines."""
        finished = [self.finish(segment, done.texts.get(segment.id)) for segment in segments]
        self.done |= {segment.id: segment for segment in finished}
        self.texts |= done.texts
        lost = {segment.id for segment in segments if segment.id not in done.texts}
        self.fallback = sorted(set(self.fallback) - done.texts.keys() | lost)
        return finished

    def finish(self, segment: Segment, text: str | None) -> Segment:
        """Return the finished line. If the model lost tags inside of it, those that are left would be wrong."""
        enclosed = markup.unwrap(segment.text)
        if text is None:
            return self.work.finish(segment, None)
        kept = text if markup.same_markup(enclosed.text, text) else markup.plain(text) or text
        return self.work.finish(segment, enclosed.around(kept))

    def check_fallback(self, total: int) -> None:
        """End the work as soon as more lines fell back than allowed.

        Raises:
            AnswerUnusable: they did.
        """
        lost = len(self.fallback)
        if lost == total or lost > self.max_fallback * total:
            raise AnswerUnusable(
                provider=self.endpoint.name,
                model=self.endpoint.model,
                lines=total,
                fallback=lost,
                max_fallback=self.max_fallback,
                reason=self.reason,
                **({"language": self.work.target} if self.work.target else {}),
            )

    def publish(self, segments: Sequence[Segment], total: int) -> None:
        """Publish finished lines; a client that receives one again recognizes it by its id."""
        if self.work.is_first:
            bare = [segment.model_copy(update={"text": markup.plain(segment.text)}) for segment in segments]
            self.job.emit("fragment", fragment(bare))
        number, parts = self.work.part
        count = number * total + len(self.done)
        self.job.progress(
            self.work.phase, percent=round(100 * count / (parts * total), 1), processed=count, total=parts * total
        )

    def lines_without_markup(self, wanted: Sequence[Segment]) -> list[int]:
        """Return the lines whose answer lacks tags or dashes of the source."""
        inner = {line.id: markup.unwrap(line.text).text for line in wanted}
        return [number for number, text in self.texts.items() if not markup.same_markup(inner.get(number, text), text)]
