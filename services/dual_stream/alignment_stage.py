"""The alignment stage: combines two texts into one, records it, publishes it as final."""

from collections.abc import Callable

from common.transcript.format import Segment
from services.dual_stream.alignment.assignment import assign
from services.dual_stream.alignment.choice import choose
from services.dual_stream.alignment.limits import FallbackLimits
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
        self.tell(record.segments)
        self.report(context.end)

    def align(self, context: ProcessingContext) -> FinalRecord:
        heard = context.heard
        language = heard.language if heard else None
        chosen = [choice for utterance in assign(context) if (choice := choose(utterance, language, self.limits))]
        return FinalRecord(
            chunk=context.index,
            start=context.start,
            end=context.end,
            until=context.until,
            next_id=context.next_id,
            language=language,
            language_probability=heard.language_probability if heard else None,
            said=context.said,
            segments=[segment for segment, _ in chosen],
            decisions=[decision for _, decision in chosen],
        )

    def rest(self) -> None:
        """Nothing to release."""
