"""Progress of a task, reported by the threads of all stages: it follows the slow one, window by window."""

from common.media.audio import AudioTrack
from common.worker.job import Job
from common.worker.transcription import PHASE, PREPARE, reading_message
from common.worker.window_progress import WindowProgress
from services.dual_stream.context import ProcessingContext

DRAFT = "draft"


class StreamProgress:
    """Until the slow stage has begun, the other phases are announced: reading, drafts, loading and waiting."""

    def __init__(self, job: Job, sound: AudioTrack) -> None:
        self.job = job
        self.sound = sound
        self.position = WindowProgress(sound.start)
        self.context: ProcessingContext | None = None
        """The chunk that the slow stage transcribes."""
        self.announced = ""

    def announce_reading(self) -> None:
        self.announce(PREPARE, reading_message(self.sound))

    def announce_drafts(self, until: float) -> None:
        self.announce(DRAFT, f"Drafts until {until:.0f} s")

    def announce(self, phase: str, message: str) -> None:
        if self.context is None and message != self.announced:
            self.announced = message
            self.job.announce(phase, message)

    def begin_chunk(self, context: ProcessingContext) -> None:
        """The slow stage continues with this chunk."""
        self.context = context

    def on_window(self, start: float, end: float) -> None:
        """The slow engine takes a step in a window, in seconds of the chunk."""
        if context := self.context:
            begin, until = (context.progress_at(context.start + at) for at in (start, end))
            self.position.step(begin, until)
        self.report()

    def advance(self, at: float) -> None:
        """The text is final until second `at` of the medium, of all channels in the mean."""
        self.position.advance(at)
        self.report()

    def report(self) -> None:
        start, end = self.sound.start, self.sound.promised
        self.job.progress_in_medium(PHASE, self.position.at, start=start, end=end)
