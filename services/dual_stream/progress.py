"""Progress of a task, reported by the threads of all stages: it follows the slow one, window by window."""

from common.media.audio import AudioTrack
from common.worker.job import Job
from common.worker.transcription import PHASE, PREPARE, reading_message
from common.worker.window_progress import WindowProgress

DRAFT = "draft"


class StreamProgress:
    """Until the slow stage has begun, the other phases are announced: reading, drafts, loading and waiting."""

    def __init__(self, job: Job, sound: AudioTrack) -> None:
        self.job = job
        self.sound = sound
        self.position = WindowProgress(sound.start)
        self.chunk_start: float | None = None
        self.announced = ""

    def announce_reading(self) -> None:
        self.announce(PREPARE, reading_message(self.sound))

    def announce_drafts(self, until: float) -> None:
        self.announce(DRAFT, f"Drafts until {until:.0f} s")

    def announce(self, phase: str, message: str) -> None:
        if self.chunk_start is None and message != self.announced:
            self.announced = message
            self.job.announce(phase, message)

    def begin_chunk(self, start: float) -> None:
        """The slow stage continues with the chunk that begins at this second of the medium."""
        self.chunk_start = start

    def on_window(self, start: float, end: float) -> None:
        """The slow engine takes a step in a window, in seconds of the chunk."""
        begin = self.chunk_start or 0.0
        self.position.step(begin + start, begin + end)
        self.report()

    def advance(self, at: float) -> None:
        """The text is final until second `at` of the medium."""
        self.position.advance(at)
        self.report()

    def report(self) -> None:
        start, end = self.sound.start, self.sound.promised
        self.job.progress_in_medium(PHASE, self.position.at, start=start, end=end)
