"""Send a transcript's lines through a model, batch by batch, resuming where an earlier attempt ended."""

from collections.abc import Callable, Iterator, Sequence

from pydantic import BaseModel

from common.transcript.format import Segment
from common.transcript.live import fragment
from services.llm import lines
from services.llm.batches import Batch, batches
from services.llm.cache import digest_of
from services.llm.contracts import Usage
from services.llm.engine import Endpoint
from services.llm.json_answers import answer_of
from services.llm.task_setup import TaskSetup

ROUND = 4
"""Number of batches per slot of a provider on our GPU before others may have the GPU."""


class BatchDone(BaseModel):
    """A finished batch in the checkpoint."""

    sources: dict[int, str]
    """The original lines by id: a line that was edited since is requested again."""
    texts: dict[int, str]
    usage: Usage
    """Of all work so far."""


class LineWork:
    """One attempt at all lines. `finish` makes a line from its source and the model's text."""

    def __init__(
        self,
        setup: TaskSetup,
        endpoint: Endpoint,
        *,
        phase: str,
        instructions: str,
        finish: Callable[[Segment, str | None], Segment],
    ) -> None:
        self.setup = setup
        self.job = setup.job
        self.endpoint = endpoint
        self.phase = phase
        self.instructions = instructions
        self.finish = finish
        self.checkpoint = self.job.checkpoint()
        self.done: dict[int, Segment] = {}
        self.fallback: list[int] = []

    def run(self, wanted: Sequence[Segment]) -> None:
        """Process these lines."""
        self.resume(wanted)
        settings = self.setup.settings
        cut = batches(
            wanted, most=settings.batch_lines, characters=settings.batch_characters, context=settings.context_lines
        )
        missing = [batch for batch in cut if any(line.id not in self.done for line in batch.lines)]
        for some in self.rounds(missing):
            self.setup.ask(self.endpoint, lambda some=some: [self.work_on(batch, len(wanted)) for batch in some])  # type: ignore[misc]  # mypy cannot infer a default

    def resume(self, wanted: Sequence[Segment]) -> None:
        lines = {line.id: line for line in wanted}
        for record in self.checkpoint.records():
            known = BatchDone.model_validate(record)
            self.apply_texts(
                [lines[i] for i, text in known.sources.items() if i in lines and lines[i].text == text], known
            )
            self.endpoint.usage = known.usage

    def rounds(self, missing: Sequence[Batch]) -> Iterator[Sequence[Batch]]:
        """Yield groups of batches that are processed under one lease of the GPU."""
        provider = self.endpoint.provider
        size = provider.max_concurrency * ROUND if provider.uses_gpu else max(len(missing), 1)
        return (missing[begin : begin + size] for begin in range(0, len(missing), size))

    async def work_on(self, batch: Batch, total: int) -> None:
        texts = await self.texts_of(batch)
        done = BatchDone(sources={line.id: line.text for line in batch.lines}, texts=texts, usage=self.endpoint.usage)
        self.checkpoint.append(done)
        self.publish(self.apply_texts(batch.lines, done), total)

    async def texts_of(self, batch: Batch) -> dict[int, str]:
        """Return the model's usable texts, from the cache for a repeated request."""
        endpoint, temperature = self.endpoint, self.setup.params.temperature
        asked = lines.messages(self.instructions, batch)
        digest = digest_of(endpoint.provider.base_url, endpoint.model, temperature, asked)
        if known := self.setup.cache.get(digest):
            endpoint.usage.cached += 1
            return {int(number): text for number, text in known.items()}
        gathering = lines.BatchTexts(batch)
        tries = self.setup.settings.answer_tries
        wrong = await answer_of(endpoint, lines.Lines, asked, gathering.judge, tries=tries, temperature=temperature)
        if wrong:
            self.job.log.warning("lines_kept_as_they_were", lines=gathering.missing, why=wrong)
        else:
            self.setup.cache.put(digest, gathering.texts)
        return gathering.texts

    def apply_texts(self, lines: Sequence[Segment], done: BatchDone) -> list[Segment]:
        """Apply the texts to these lines; return the finished lines."""
        finished = [self.finish(line, done.texts.get(line.id)) for line in lines]
        self.done |= {segment.id: segment for segment in finished}
        lost = {line.id for line in lines if line.id not in done.texts}
        self.fallback = sorted(set(self.fallback) - done.texts.keys() | lost)
        return finished

    def publish(self, segments: Sequence[Segment], total: int) -> None:
        """Publish finished lines; a client that receives one again recognizes it by its id."""
        self.job.emit("fragment", fragment(segments))
        count = len(self.done)
        self.job.progress(self.phase, percent=round(100 * count / total, 1), processed=count, total=total)
