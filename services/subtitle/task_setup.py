"""The common start of each task of the service: settings, and inputs read within their limits."""

from pathlib import Path

from common.captions.document import Document
from common.captions.transcripts import transcript_of
from common.media.fields import MediaFile
from common.transcript.format import Transcript
from common.worker.job import Job
from services.subtitle import shots
from services.subtitle.errors import SubtitlesTooLarge
from services.subtitle.formats import encodings, transcripts
from services.subtitle.formats import registry as formats
from services.subtitle.settings import SubtitleSettings
from services.subtitle.shots import Shots


class TaskSetup:
    """Connects a job to the modules of the service, which do not know about jobs."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.settings = job.settings.section(SubtitleSettings)

    def text(self, media: MediaFile, encoding: str | None = None) -> tuple[str, str]:
        """Return the text of a file and its encoding.

        Raises:
            SubtitlesTooLarge, EncodingUnknown: the file is too large, or its encoding cannot be detected.
        """
        return encodings.decode(self.content(self.job.fetch(media)), encoding)

    def content(self, path: Path) -> bytes:
        limit = self.settings.max_input_bytes
        with path.open("rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise SubtitlesTooLarge(setting="subtitle.max_input_bytes", limit=limit, size=path.stat().st_size)
        return content

    def document(self, text: str, fps: float | None = None) -> Document:
        read = formats.read(text, fps=fps)
        self.allow(len(read.captions))
        return read

    def transcript(self, media: MediaFile) -> Transcript:
        """Return a Transcript, or subtitles as one.

        Raises:
            NotATranscript, NotSubtitles: it is neither.
        """
        text, _ = self.text(media)
        if not text.strip() or formats.looks_like_json(text):
            read = transcripts.parse(text)
        else:
            read = transcript_of(formats.read(text))
        self.allow(len(read.segments))
        return read

    def shots(self, media: MediaFile | None) -> Shots:
        """Return the shot changes in a file, or none.

        Raises:
            NotAShotList: the file is something else.
        """
        return shots.parse(self.text(media)[0]) if media else shots.NO_SHOTS

    def allow(self, count: int) -> None:
        """Raise SubtitlesTooLarge for more cues than the settings allow."""
        if count > self.settings.max_cues:
            raise SubtitlesTooLarge(setting="subtitle.max_cues", limit=self.settings.max_cues, cues=count)

    def report(self, share: float) -> None:
        self.job.progress("segment", percent=round(90 * share, 1))
