"""Generated films of some minutes, one after the other, heard by engines that keep time only, the slow one 20 times
slower. Prints the peak of the process's memory in KiB.
"""

import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from common.files.checkpoint import Checkpoint
from common.transcript.format import Segment
from services.dual_stream.alignment.limits import FallbackLimits
from services.dual_stream.alignment_stage import AlignmentStage
from services.dual_stream.checkpoint import StreamCheckpoint
from services.dual_stream.event_payloads import segments_payload
from services.dual_stream.fast_stage import FastStage
from services.dual_stream.language_vote import LanguageVote
from services.dual_stream.pipeline import FailureSignal, run
from services.dual_stream.result import cues, json_list
from services.dual_stream.settings import DualStreamSettings
from services.dual_stream.slow_stage import SlowStage
from tests.unit.dual_stream.doubles import CHUNK_S, FastDouble, SlowDouble, chunks

FAST_S = 0.0005
TIMES_SLOWER = 20


def drop(segments: list[Segment]) -> None:
    """Make what is published, and drop it."""
    segments_payload(segments)


def film(minutes: int, folder: Path) -> None:
    ledger = StreamCheckpoint(Checkpoint(folder / "checkpoint.jsonl"))
    fast = FastStage(chunks(minutes * 60 // CHUNK_S), FastDouble(FAST_S), ledger, origin=0.0, tell=drop)
    settings = DualStreamSettings()
    slow = SlowStage(SlowDouble(FAST_S * TIMES_SLOWER), ledger, settings, vote_of=lambda _: LanguageVote(None))
    run(fast, slow, AlignmentStage(ledger, FallbackLimits(), tell=drop, report=print), stop=FailureSignal())
    segments = (segment for record in ledger.finals() for segment in record.segments)
    with (folder / "transcript.json").open("wb") as file:
        file.writelines(json_list({"language": "en"}, "segments", (segment.model_dump() for segment in segments)))
    with (folder / "transcript.srt").open("wb") as file:
        file.writelines(cues((segment for record in ledger.finals() for segment in record.segments), {}))


for minutes in map(int, sys.argv[1:]):
    with TemporaryDirectory() as place:
        film(minutes, Path(place))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # noqa: T201 - for the test that started this
