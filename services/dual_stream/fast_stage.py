"""The fast stage: reads the audio, transcribes each utterance at once, and publishes the drafts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from common.media.audio import SAMPLE_RATE_HZ
from common.media.chunking import Chunk
from common.transcript.format import Segment
from services.dual_stream.channels import label_speaker
from services.dual_stream.checkpoint import StreamCheckpoint
from services.dual_stream.context import DrafterName, ProcessingContext, Utterance, to_medium_time
from services.dual_stream.engine_interfaces import FastEngine
from services.dual_stream.records import DraftRecord

Tell = Callable[[list[Segment]], None]


class FastStage:
    """Yields a context for each chunk, in order. A chunk whose draft is recorded is not transcribed again."""

    def __init__(
        self,
        chunks: Iterator[Chunk],
        engine: FastEngine,
        ledger: StreamCheckpoint,
        *,
        origin: float,
        tell: Tell,
    ) -> None:
        """`origin` is the position of the first sample in the medium, in seconds."""
        self.chunks = chunks
        self.engine = engine
        self.ledger = ledger
        self.origin = origin
        self.tell = tell
        self.next_id = ledger.last.next_id

    def items(self) -> Iterator[ProcessingContext]:
        for chunk in self.chunks:
            context = self.context_of(chunk)
            drafts = [utterance.draft for utterance in context.utterances if utterance.draft]
            if chunk.index not in self.ledger.drafts:
                self.record(context, drafts)
            self.tell(drafts)
            yield context

    def context_of(self, chunk: Chunk) -> ProcessingContext:
        start, end = (round(self.origin + at / SAMPLE_RATE_HZ, 3) for at in (chunk.start, chunk.end))
        context = ProcessingContext(chunk.index, start, end, chunk.until, chunk.samples)
        context.channel, context.channels = chunk.channel, chunk.channels
        known = self.ledger.drafts.get(chunk.index)
        context.drafter = restore_drafter(known) if known else None
        context.utterances = restore_utterances(known) if known else list(self.transcribe_utterances(context))
        self.next_id += len(context.utterances)
        context.next_id = self.next_id
        return context

    def transcribe_utterances(self, context: ProcessingContext) -> Iterator[Utterance]:
        speech = self.engine.find_speech(context.samples)
        drafter, language = self.engine.choose(context.samples, speech, context.channel)
        context.drafter = DrafterName(drafter.name, drafter.model_name) if drafter else None
        drafts = drafter.transcribe(context.samples, speech, language) if drafter else [None] * len(speech)
        for number, ((begin, end), draft) in enumerate(zip(speech, drafts, strict=True), self.next_id):
            placed = draft and draft_in_medium(draft, number, context.start, context.end)
            yield Utterance(number, begin, end, placed and label_speaker(placed, context.speaker))

    def record(self, context: ProcessingContext, drafts: list[Segment]) -> None:
        self.ledger.append(
            DraftRecord(
                chunk=context.index,
                start=context.start,
                end=context.end,
                until=context.until,
                next_id=context.next_id,
                channel=context.channel,
                utterances=[(utterance.id, utterance.begin, utterance.end) for utterance in context.utterances],
                segments=drafts,
                engine=context.drafter and context.drafter.engine,
                model=context.drafter and context.drafter.model,
            )
        )


def restore_utterances(record: DraftRecord) -> list[Utterance]:
    drafts = {segment.id: segment for segment in record.segments}
    return [Utterance(number, begin, end, drafts.get(number)) for number, begin, end in record.utterances]


def restore_drafter(record: DraftRecord) -> DrafterName | None:
    return DrafterName(record.engine, record.model) if record.engine and record.model else None


def draft_in_medium(draft: Segment, number: int, offset: float, limit: float) -> Segment:
    """Return an engine's segment as a draft in medium time, none of it after `limit`."""
    return to_medium_time(draft, offset, limit).model_copy(update={"id": number, "source": "draft"})
