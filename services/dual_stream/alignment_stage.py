"""The alignment stage: combines two texts into one, records it, publishes it as final."""

from collections.abc import Callable

from common.transcript.format import Segment
from services.dual_stream.alignment.assignment import assign
from services.dual_stream.alignment.choice import choose
from services.dual_stream.alignment.limits import FallbackLimits
from services.dual_stream.channels import label_speaker
from services.dual_stream.checkpoint import StreamCheckpoint
from services.dual_stream.context import ProcessingContext
from services.dual_stream.records import FinalRecord


class AlignmentStage:
    """A chunk is recorded before it is published, so that a published final never changes."""

    def __init__(
        self,
        ledger: StreamCheckpoint,
        limits: FallbackLimits,
        *,
        tell: Callable[[list[Segment]], None],
        report: Callable[[float], None],
    ) -> None:
        """`report` receives the second of the medium up to which the text is final."""
        self.ledger = ledger
        self.limits = limits
        self.tell = tell
        self.report = report

    def process(self, context: ProcessingContext) -> None:
        record = self.align(context)
        self.ledger.append(record)
        self.tell(record.published)
        self.report(context.progress_at(context.end))

    def align(self, context: ProcessingContext) -> FinalRecord:
        heard = context.heard
        language = heard.language if heard else None
        matched = assign(context, self.limits)
        chosen = [choice for utterance in matched if (choice := choose(utterance, language, self.limits))]
        return FinalRecord(
            chunk=context.index,
            start=context.start,
            end=context.end,
            until=context.until,
            next_id=context.next_id,
            channel=context.channel,
            language=language,
            language_probability=heard.language_probability if heard else None,
            said=context.said,
            segments=[label_speaker(segment, context.speaker) for segment, _ in chosen],
            decisions=[decision for _, decision in chosen],
            withdrawn=withdrawn_drafts(context, {segment.id for segment, _ in chosen}),
        )

    def rest(self) -> None:
        """Nothing to release."""


def withdrawn_drafts(context: ProcessingContext, kept: set[int]) -> list[Segment]:
    """Return the drafts that have no final, without their text."""
    drafts = (utterance.draft for utterance in context.utterances if utterance.draft and utterance.id not in kept)
    return [draft.model_copy(update={"text": "", "words": []}) for draft in drafts]
