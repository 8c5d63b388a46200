"""The tasks of the subtitle service."""

from collections import Counter

from pydantic_core import to_json

from common.captions.transcripts import document_of, dump, no_lead
from common.transcript.format import Segment, Transcript
from common.worker.job import Job
from common.worker.task import task
from services.subtitle import checker, speakers, turns
from services.subtitle import contracts as c
from services.subtitle.bilingual import texts_by_id, unmatched_ids
from services.subtitle.fields import SubtitleInput
from services.subtitle.formats import registry as formats
from services.subtitle.layout import quality
from services.subtitle.layout.cues import CueLayouter
from services.subtitle.layout.limits import Limits
from services.subtitle.retiming import TimeMap, retime, retime_transcript
from services.subtitle.task_setup import TaskSetup
from services.subtitle.timeline import Timeline


@task(c.GENERATE_FILES)
def generate_files(params: c.GenerateFilesInput, job: Job) -> c.GenerateFilesOutput:
    """Write a transcript in each of the requested formats.

    Raises:
        NotATranscript, NotSubtitles: the input cannot be read.
        TranscriptsDiffer: the second transcript has other ids.
    """
    setup = TaskSetup(job, params)
    first, report = setup.transcript(params.transcript_path)
    lead = name_before if params.speaker_prefix else no_lead
    layouter = CueLayouter.of(in_language(first, params), params.limits, lead, setup.shots(params.shots_path))
    second, more = setup.transcript(params.second_path) if params.second_path else (None, report)
    warnings = (
        report.warnings if second is None else [*report.warnings, *(f"second_path: {line}" for line in more.warnings)]
    )
    texts = texts_by_id(first, second) if second else {}
    if params.segmenting and second:
        other = CueLayouter.of(second, params.limits, shots=layouter.shots)  # no name precedes its text
        texts = texts_by_id(first, other.wrap(second))
        cues = layouter.wrap(first)
    else:
        cues = layouter.to_cues(first, tick=setup.report) if params.segmenting else first
    document = document_of(cues, lead=lead, second=texts, second_above=params.second_position == "above")
    written = {
        f"{kind}_path": job.publish_text(
            f"subtitles.{kind}",
            dump(cues)
            if kind == "json"
            else formats.write(document, kind, style=params.ass_style, words=params.word_times),
        )
        for kind in params.formats
    }
    count = len(cues.segments)
    return c.GenerateFilesOutput(
        **written,
        **problems(cues, layouter.limits),
        **report._replace(warnings=warnings)._asdict(),
        cues=count,
        empty=not count,
        unmatched=unmatched_ids(first, second) if second else [],
    )


def in_language(transcript: Transcript, params: SubtitleInput) -> Transcript:
    """Return the transcript with the language that the request names, if it has none of its own."""
    return transcript.model_copy(update={"language": transcript.language or params.language})


def problems(cues: Transcript, limits: Limits) -> dict[str, list[int]]:
    """Return the ids of the cues that exceed a limit, by the fields of the output."""
    found = {"too_fast": quality.too_fast, "too_wide": quality.too_wide, "too_short": quality.too_short}
    return {name: find(cues, limits) for name, find in found.items()}


def name_before(segment: Segment) -> str:
    return f"{segment.speaker}: " if segment.speaker else ""


@task(c.SEGMENT)
def segment(params: c.SegmentInput, job: Job) -> c.SegmentOutput:
    """Create readable cues from a transcript."""
    setup = TaskSetup(job, params)
    source, report = setup.transcript(params.transcript_path)
    layouter = CueLayouter.of(in_language(source, params), params.limits, shots=setup.shots(params.shots_path))
    cues = layouter.to_cues(source, tick=setup.report)
    return c.SegmentOutput(
        **report._asdict(),
        transcript_path=job.publish_text("transcript.json", dump(cues)),
        cues=len(cues.segments),
        empty=not cues.segments,
        **problems(cues, layouter.limits),
    )


@task(c.CONVERT)
def convert(params: c.ConvertInput, job: Job) -> c.ConvertOutput:
    """Convert subtitles.

    Raises:
        NotSubtitles: the input cannot be read.
        FrameRateUnknown: MicroDVD is read or written without `fps`.
        TimeTooLate: the format cannot represent the times.
    """
    setup = TaskSetup(job, params)
    document, report = setup.document(params.subtitle_path, params.fps)
    staged = job.staging(f"subtitles.{params.format}")
    staged.write_bytes(
        formats.write_bytes(document, params.format, fps=params.fps, style=params.ass_style, words=params.word_times)
    )
    return c.ConvertOutput(
        subtitle_path=job.publish(staged),
        source_format=document.format,
        **report._asdict(),
        cues=len(document.captions),
        empty=not document.captions,
        repaired=document.repaired,
    )


@task(c.SHIFT)
def shift(params: c.ShiftInput, job: Job) -> c.ShiftOutput:
    """Move or stretch all times.

    Raises:
        See `convert`.
    """
    setup, times = TaskSetup(job, params), TimeMap.of(params)
    document, report = setup.document(params.subtitle_path, params.fps)
    changed = retime(document, times)
    target = params.format or document.format
    staged = job.staging(f"subtitles.{target}")
    if target == document.format == "json":
        transcript, _ = setup.transcript(params.subtitle_path)
        staged.write_text(dump(retime_transcript(transcript, times)))
    else:
        staged.write_bytes(formats.write_bytes(changed, target, fps=params.fps, words=True))
    return c.ShiftOutput(
        subtitle_path=job.publish(staged),
        source_format=document.format,
        **report._replace(warnings=changed.warnings)._asdict(),
        cues=len(changed.captions),
        empty=not changed.captions,
        left_out=len(document.captions) - len(changed.captions),
    )


@task(c.CHECK)
def check_subtitles(params: c.CheckInput, job: Job) -> c.CheckOutput:
    """Check a subtitle file.

    Raises:
        NotSubtitles, EncodingUnknown: the input cannot be read.
    """
    setup = TaskSetup(job, params)
    document, report = setup.document(params.subtitle_path, params.fps)
    text = "\n".join(caption.text for caption in document.captions)
    found = checker.check(document, params.limits.for_language(params.language, text), params.language)
    written = to_json([problem.model_dump(exclude_none=True) for problem in found], indent=1).decode()
    return c.CheckOutput(
        **report._asdict(),
        ok=not found and not report.warnings,
        cues=len(document.captions),
        counts=dict(Counter(problem.rule for problem in found)),
        problems=found[: c.SHOWN_PROBLEMS],
        report_path=job.publish_text("problems.json", written),
    )


@task(c.ASSIGN_SPEAKERS)
def assign_speakers(params: c.AssignSpeakersInput, job: Job) -> c.AssignSpeakersOutput:
    """Assign a speaker to each word and segment.

    Raises:
        NotDiarization: the diarization cannot be read.
    """
    setup = TaskSetup(job, params)
    transcript, report = setup.transcript(params.transcript_path)
    found = turns.parse(setup.text(params.diarization_path).text)
    setup.allow(len(found))
    assigned = speakers.assign(transcript, Timeline(found), params.max_distance)
    return c.AssignSpeakersOutput(
        **report._asdict(),
        transcript_path=job.publish_text("transcript.json", dump(assigned)),
        speakers=speakers.speaking_times(assigned),
        segments=len(assigned.segments),
        unassigned=[segment.id for segment in assigned.segments if not segment.speaker],
    )
