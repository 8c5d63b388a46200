"""The three stages with engines that keep time only, on a real checkpoint."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.files.checkpoint import Checkpoint
from common.media.chunking import Chunk
from common.transcript.format import Segment
from common.transcript.partial import put_together
from services.dual_stream.alignment.limits import FallbackLimits
from services.dual_stream.alignment_stage import AlignmentStage
from services.dual_stream.checkpoint import StreamCheckpoint
from services.dual_stream.event_payloads import segments_payload
from services.dual_stream.fast_stage import FastStage
from services.dual_stream.language_vote import LanguageVote
from services.dual_stream.pipeline import FailureSignal, run
from services.dual_stream.settings import DualStreamSettings
from services.dual_stream.slow_stage import SlowStage
from tests.unit.dual_stream.doubles import FastDouble, SlowDouble, chunks

Told = list[tuple[str, dict[str, Any]]]


class Assembled:
    """One attempt at a film of some chunks. `segments_payload` is what a client would hear."""

    def __init__(self, path: Path, count: int, fast: FastDouble | None = None, slow: SlowDouble | None = None) -> None:
        self.path = path
        self.ledger = StreamCheckpoint(Checkpoint(path))
        self.count = count
        self.fast = fast or FastDouble()
        self.slow = slow or SlowDouble()
        self.told: Told = []
        self.reported: list[float] = []

    def run(self) -> "Assembled":
        """Bring all chunks through the stages."""
        settings = DualStreamSettings()
        first = self.ledger.last.chunk + 1
        fast = FastStage(self.chunks(first), self.fast, self.ledger, origin=0.0, tell=self.tell("draft"))
        slow = SlowStage(self.slow, self.ledger, settings, vote_of=lambda _: LanguageVote(None))
        last = AlignmentStage(self.ledger, FallbackLimits(), tell=self.tell("fragment"), report=self.reported.append)
        run(fast, slow, last, stop=FailureSignal())
        return self

    def chunks(self, done: int) -> Iterator[Chunk]:
        """Return the chunks that are not done."""
        return chunks(self.count, done)

    def tell(self, kind: str) -> Any:
        def append(segments: list[Segment]) -> None:
            self.told.append((kind, segments_payload(segments)))

        return append

    @property
    def transcript(self) -> list[dict[str, Any]]:
        text = put_together(Checkpoint(self.path).records())
        return [segment.model_dump() for segment in text.segments]

    @property
    def lines(self) -> list[bytes]:
        return self.path.read_bytes().splitlines(keepends=True)
