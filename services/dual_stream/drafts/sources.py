"""Who drafted what, counted from the checkpoint, so that earlier attempts are included."""

from collections import Counter
from collections.abc import Iterator

from services.dual_stream.records import DraftRecord, FinalRecord


class DraftSources:
    """Counts the drafts of each engine, and the utterances that no engine drafts."""

    def __init__(self, records: Iterator[DraftRecord | FinalRecord]) -> None:
        self.engines: Counter[str] = Counter()
        self.models: Counter[tuple[str, str]] = Counter()
        self.without = 0
        for record in records:
            if isinstance(record, DraftRecord):
                self.count(record)

    def count(self, record: DraftRecord) -> None:
        if record.engine and record.model and record.segments:
            self.engines[record.engine] += len(record.segments)
            self.models[record.engine, record.model] += len(record.segments)
        self.without += 0 if record.engine else len(record.utterances)

    @property
    def most(self) -> tuple[str | None, str | None]:
        """The engine of most drafts and its model; None without drafts."""
        return self.models.most_common(1)[0][0] if self.models else (None, None)

    def warnings(self, unavailable: str | None) -> list[str]:
        """Return a warning if there are no drafts because a model is missing."""
        if not (unavailable and self.without):
            return []
        advice = "Download it, or set dual_stream.draft_engine."
        return [f"Part of the speech has no drafts, because the draft model {unavailable} is missing. {advice}"]
