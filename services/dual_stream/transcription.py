"""The stages of a task combined, and the events they publish."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from typing import Any

from common.errors import StateUnavailable
from common.gpu.residency import Model
from common.media.audio import SAMPLE_RATE_HZ, AudioTrack
from common.media.chunking import Chunk, chunks, find_in_any_channel, with_check
from common.media.vad import find_speech_to_cut
from common.stall import ends_when_stalled
from common.transcript.edits import read_edits
from common.transcript.format import Segment
from common.worker.job import Job
from services.dual_stream import pipeline
from services.dual_stream.alignment_stage import AlignmentStage
from services.dual_stream.channels import split_channels
from services.dual_stream.checkpoint import StreamCheckpoint
from services.dual_stream.chosen_models import DraftModels
from services.dual_stream.contracts import TranscribeAudioInput
from services.dual_stream.drafts.selection import fast_engine
from services.dual_stream.engine import WhisperEngine
from services.dual_stream.event_payloads import segments_payload
from services.dual_stream.fast_stage import FastStage
from services.dual_stream.language_vote import LanguageVote
from services.dual_stream.progress import StreamProgress
from services.dual_stream.settings import DualStreamSettings
from services.dual_stream.slow_stage import SlowStage
from services.dual_stream.stop_check import StopCheck
from services.faster_whisper.settings import FasterWhisperSettings


class Transcription:
    """One attempt at one task. Each chunk continues in the stage that an earlier attempt had reached."""

    def __init__(self, params: TranscribeAudioInput, job: Job, sound: AudioTrack) -> None:
        self.params = params
        self.job = job
        self.sound = sound
        self.settings = job.settings.section(DualStreamSettings)
        self.ledger = StreamCheckpoint(job.checkpoint())
        self.progress = StreamProgress(job, sound)

    def run(self, drafts: DraftModels, final_model: Model[Any]) -> None:
        for record in self.ledger.finals():  # a killed process may not have sent its last ones
            self.publish_finals(record.published)
        stop = pipeline.FailureSignal()
        with ends_when_stalled(self.settings.stall_timeout) as moved:
            watch = StopCheck(self.job, stop, moved)
            vote_of = cache(self.language_vote)
            fast = FastStage(
                self.chunks(watch.check),
                fast_engine(self.job, drafts, self.params, vote_of, watch.step),
                self.ledger,
                origin=self.sound.start,
                tell=self.tell_drafts,
            )
            slow = SlowStage(
                WhisperEngine(self.job, final_model, self.params, watch.step, self.progress.on_window),
                self.ledger,
                self.settings,
                vote_of=vote_of,
                given=self.params.initial_prompt or "",
                on_chunk=self.progress.begin_chunk,
            )
            alignment = AlignmentStage(
                self.ledger, self.settings.fallback, tell=self.publish_finals, report=self.report(watch)
            )
            pipeline.run(fast, slow, alignment, stop=stop)

    def language_vote(self, channel: int | None) -> LanguageVote:
        """Return the vote on the language of a channel; what an earlier attempt detected with certainty is fixed."""
        if self.params.language:
            return LanguageVote(self.params.language)
        detection = self.job.settings.section(FasterWhisperSettings)
        language, probability = self.ledger.languages.get(channel, (None, 0.0))
        segments, threshold = detection.language_detection_segments, detection.language_detection_threshold
        known = language if probability > threshold else None
        return LanguageVote(known, probability, segments=segments, threshold=threshold)

    def chunks(self, check: Callable[[], None]) -> Iterator[Chunk]:
        """Continue reading after the last chunk that is final."""
        last = self.ledger.last
        length = round(self.settings.chunk_length.total_seconds() * SAMPLE_RATE_HZ)

        def on_block() -> None:
            check()
            self.progress.announce_reading()

        blocks = with_check(self.sound.blocks(), on_block)
        done, parts = last.chunk + 1, self.sound.channels or 1
        find_pauses = partial(find_in_any_channel, find_speech_to_cut)
        whole = chunks(blocks, length, find_pauses, index=done // parts, start=last.until)
        return split_channels(whole, parts, done) if self.sound.channels else whole

    def tell_drafts(self, segments: list[Segment]) -> None:
        if segments:
            self.job.emit("draft", segments_payload(segments))
            self.progress.announce_drafts(segments[-1].end)

    def publish_finals(self, segments: list[Segment]) -> None:
        """Publish finals; a segment that a user has edited is published with the edit."""
        if segments:
            self.job.emit("fragment", segments_payload(self.apply_edits(segments)))

    def apply_edits(self, segments: list[Segment]) -> list[Segment]:
        with suppress(StateUnavailable):  # the gateway published the edit when it was made
            edits = self.job.process.redis.run(read_edits(self.job.task_id))
            return [edits.get(segment.id, segment) for segment in segments]
        return segments

    def report(self, watch: StopCheck) -> Callable[[float], None]:
        """Return a function that reports progress by the audio that is final."""

        def report(at: float) -> None:
            watch.moved()
            self.progress.advance(at)

        return report
