"""The common start of each task of the service: settings, and inputs read within their limits."""

from pathlib import Path
from typing import NamedTuple

from common.captions import encodings
from common.captions.document import Document
from common.captions.encodings import Decoded
from common.captions.transcripts import in_order, transcript_of
from common.media.fields import MediaFile
from common.transcript.format import Transcript
from common.worker.job import Job
from services.subtitle import shots
from services.subtitle.errors import SubtitlesTooLarge
from services.subtitle.fields import SubtitleInput
from services.subtitle.formats import registry as formats
from services.subtitle.formats import timed_text, transcripts
from services.subtitle.formats.detection import looks_like_json
from services.subtitle.settings import SubtitleSettings
from services.subtitle.shots import Shots


class Report(NamedTuple):
    """How the inputs of a task were read: the fields of `ReadReport`."""

    encoding: str
    encoding_confidence: float
    warnings: list[str]

    @classmethod
    def of(cls, decoded: Decoded, warnings: list[str]) -> "Report":
        replaced = [f"{decoded.replaced} broken characters were replaced by U+FFFD"] if decoded.replaced else []
        return cls(decoded.encoding, decoded.confidence, replaced + warnings)


class TaskSetup:
    """Connects a job to the modules of the service, which do not know about jobs."""

    def __init__(self, job: Job, params: SubtitleInput) -> None:
        self.job = job
        self.params = params
        self.settings = job.settings.section(SubtitleSettings)

    def text(self, media: MediaFile) -> Decoded:
        """Return the text of a file and its encoding.

        Raises:
            SubtitlesTooLarge, EncodingUnknown: the file is too large, or its encoding cannot be detected.
        """
        return self.decode(self.content(self.job.fetch(media)))

    def decode(self, content: bytes) -> Decoded:
        return encodings.decode(content, self.params.encoding, self.params.language)

    def content(self, path: Path) -> bytes:
        limit = self.settings.max_input_bytes
        with path.open("rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise SubtitlesTooLarge(setting="subtitle.max_input_bytes", limit=limit, size=path.stat().st_size)
        return content

    def document(self, media: MediaFile, fps: float | None = None) -> tuple[Document, Report]:
        """Return subtitles, and how they were read.

        Raises:
            NotSubtitles, EncodingUnknown: they cannot be read.
        """
        return self.read(self.content(self.job.fetch(media)), fps)

    def read(self, content: bytes, fps: float | None = None) -> tuple[Document, Report]:
        if timed_text.is_stl(content):
            document, report = timed_text.read_stl(content), Report("ebu-stl", 1.0, [])
        else:
            decoded = self.decode(content)
            document = formats.read(decoded.text, fps=fps)
            report = Report.of(decoded, document.warnings)
        self.allow(len(document.captions))
        return document, report

    def transcript(self, media: MediaFile) -> tuple[Transcript, Report]:
        """Return a Transcript, or subtitles as one, and how it was read.

        Raises:
            NotATranscript, NotSubtitles, EncodingUnknown: it cannot be read.
        """
        content = self.content(self.job.fetch(media))
        if not timed_text.is_stl(content):
            decoded = self.decode(content)
            if not decoded.text.strip() or looks_like_json(decoded.text):
                transcript = in_order(transcripts.parse(decoded.text))
                self.allow(len(transcript.segments))
                return transcript, Report.of(decoded, [])
        document, report = self.read(content)
        return transcript_of(document), report

    def shots(self, media: MediaFile | None) -> Shots:
        """Return the shot changes in a file, or none.

        Raises:
            NotAShotList: the file is something else.
        """
        if media is None:
            return shots.NO_SHOTS
        return shots.parse(self.content(self.job.fetch(media)).decode(errors="replace"))

    def allow(self, count: int) -> None:
        """Raise SubtitlesTooLarge for more cues than the settings allow."""
        if count > self.settings.max_cues:
            raise SubtitlesTooLarge(setting="subtitle.max_cues", limit=self.settings.max_cues, cues=count)

    def report(self, share: float) -> None:
        self.job.progress("segment", percent=round(90 * share, 1))
