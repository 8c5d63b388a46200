"""The tasks of the llm service."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic_core import to_json

from common.captions.transcripts import dump
from common.media.languages import primary_language
from common.transcript.format import Segment
from common.worker.job import Job
from common.worker.task import task
from services.llm import contracts as c
from services.llm import markup, prompts
from services.llm.engine import Endpoint
from services.llm.errors import AnswerUnusable
from services.llm.line_work import LineJob, LineWork
from services.llm.lines import TOLERANCE, replace_text
from services.llm.reading_speed import longest_text, speed_of
from services.llm.replies import Reply
from services.llm.sources import Source, write_srt
from services.llm.summary import Summarizer
from services.llm.task_setup import TaskSetup

LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@task(c.CORRECT_SUBTITLES)
def correct_subtitles(params: c.CorrectSubtitlesInput, job: Job) -> c.LinesOutput:
    """Correct recognition errors. Lines that a user has edited are left alone.

    Raises:
        NotALineFile, TranscriptTooLarge, ProviderUnknown: see `task_setup`.
        KeyRefused, QuotaExhausted, LlmModelMissing, RequestRefused, ProviderBusy, ProviderUnreachable: see `engine`.
        AnswerUnusable: more lines than allowed have no usable answer.
    """
    setup = TaskSetup(params, job)
    endpoint, source = setup.endpoint(), setup.source(params.transcript_path)
    correction = LineJob("correct", prompts.correct(params), finish=replace_text)
    work = LineWork(setup, endpoint, correction, max_fallback=setup.max_fallback(params))
    wanted = [line for line in source.lines() if not line.modified]
    work.run(wanted)
    language = source.transcript.language
    found = write_lines(job, source, work, language=language)
    return c.LinesOutput(**found, markup_lost=work.lines_without_markup(wanted), **answered_by(endpoint))


@task(c.TRANSLATE_SUBTITLES)
def translate_subtitles(params: c.TranslateSubtitlesInput, job: Job) -> c.TranslateOutput:
    """Translate line by line, into one language after the other.

    Raises:
        See `correct_subtitles`.
    """
    setup = TaskSetup(params, job)
    endpoint, source = setup.endpoint(), setup.source(params.transcript_path)
    wanted = list(source.lines())
    made = []
    for part in enumerate(params.languages):
        work = LineWork(setup, endpoint, translation(params, source, *part), max_fallback=setup.max_fallback(params))
        work.run(wanted)
        made.append(translation_of(params, job, source, work, language=part[1]))
    first = made[0].model_dump(exclude={"language"})
    return c.TranslateOutput(**first, translations=made, **answered_by(endpoint))


def translation(params: c.TranslateSubtitlesInput, source: Source, number: int, language: str) -> LineJob:
    """Return the work of translating all lines into one language."""
    speed = params.reading_speed or speed_of(language)
    return LineJob(
        "translate",
        prompts.translate(params, language),
        finish=partial(with_translation, bilingual=params.bilingual, language=code_of(language)),
        limit=lambda line: longest_text(line.duration, speed),
        must_change=not same_language(params.source_language or source.transcript.language, language),
        target=language,
        part=(number, len(params.languages)),
    )


def translation_of(
    params: c.TranslateSubtitlesInput, job: Job, source: Source, work: LineWork, *, language: str
) -> c.Translation:
    """Write one translation, and return what is in it."""
    wanted = list(source.lines())
    several = f".{c.file_suffix(language)}" if params.target_languages else ""
    return c.Translation(
        **write_lines(job, source, work, language=code_of(language), several=several),
        language=language,
        markup_lost=work.lines_without_markup(wanted),
        too_fast=[
            line.id
            for line in wanted
            if len(markup.plain(work.texts.get(line.id, ""))) > (work.work.limit(line) or 0) * TOLERANCE
        ],
    )


def code_of(language: str) -> str | None:
    return language if LANGUAGE_CODE.fullmatch(language) else None


def same_language(source: str | None, target: str) -> bool:
    """Return whether both are codes of one language, such as `en` and `en-GB`: its lines may stay as they are."""
    return source is not None and primary_language(source) == primary_language(target)


def with_translation(line: Segment, text: str | None, *, bilingual: str, language: str | None) -> Segment:
    """Return a translated line; a line without an answer keeps its language."""
    if text is None:
        return line
    both = {"no": text, "above": f"{text}\n{line.text}", "below": f"{line.text}\n{text}"}[bilingual]
    return line.model_copy(update={"text": both, "words": [], "language": language})


def write_lines(job: Job, source: Source, work: LineWork, *, language: str | None, several: str = "") -> dict[str, Any]:
    """Write the lines, each in its old place; return the fields of the output that describe them."""
    marked = {**source.marked, **{number: line.text for number, line in work.done.items() if number in source.marked}}
    before = source.transcript.segments
    lines = [as_segment(work.done.get(line.id, line), marked) for line in before]
    edited = source.transcript.model_copy(update={"segments": lines, "language": language})
    return {
        "transcript_path": job.publish_text(f"transcript{several}.json", dump(edited)),
        "srt_path": job.publish_text(f"subtitles{several}.srt", write_srt(edited, marked)),
        "lines": len(lines),
        "changed": sum(new.text != old.text for new, old in zip(lines, before, strict=True)),
        "fallback": work.fallback,
    }


def as_segment(line: Segment, marked: Mapping[int, str]) -> Segment:
    """Return a line of the transcript, whose text has no markup."""
    return line.model_copy(update={"text": markup.plain(line.text)}) if line.id in marked else line


def answered_by(endpoint: Endpoint) -> dict[str, Any]:
    return {"provider": endpoint.name, "model": endpoint.model, "usage": endpoint.usage}


@task(c.SUMMARIZE)
def summarize(params: c.SummarizeInput, job: Job) -> c.SummarizeOutput:
    """Summarize a transcript.

    Raises:
        AnswerUnusable: the model never returned a summary.
        See `correct_subtitles` for the others.
    """
    setup = TaskSetup(params, job)
    endpoint, source = setup.endpoint(), setup.source(params.transcript_path)
    lines = [line for line in source.transcript.segments if line.text.strip()]
    work = Summarizer(setup, endpoint, params)
    work.run(lines)
    duration = max([source.transcript.duration, *(line.end for line in lines)])
    chapters = work.chapters(lines, duration)
    written = to_json({"summary": work.whole, "chapters": chapters}, indent=1).decode()
    return c.SummarizeOutput(
        summary=work.whole,
        chapters=chapters,
        json_path=job.publish_text("summary.json", written),
        **answered_by(endpoint),
    )


@task(c.CHAT)
def chat(params: c.ChatInput, job: Job) -> c.ChatOutput:
    """Send one chat request.

    Raises:
        AnswerUnusable: there is no text in the answer.
        See `correct_subtitles` for the others.
    """
    setup = TaskSetup(params, job)
    endpoint = setup.endpoint()
    reply = asked_once(setup, endpoint, params)
    if not reply.text:
        why = reply.filtered or f"the answer is empty ({reply.finish_reason})"
        raise AnswerUnusable(reason=why, provider=endpoint.name, model=endpoint.model)
    return c.ChatOutput(text=reply.text, finish_reason=reply.finish_reason, **answered_by(endpoint))


def asked_once(setup: TaskSetup, endpoint: Endpoint, params: c.ChatInput) -> Reply:
    replies: list[Reply] = []

    async def ask() -> None:
        messages = [message.model_dump() for message in params.messages]
        limit = params.max_output_tokens
        replies.append(await endpoint.ask(messages, temperature=params.temperature, max_output_tokens=limit))

    setup.ask(endpoint, lambda: [ask()])
    return replies[0]
