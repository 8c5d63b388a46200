"""The tasks of the llm service."""

import re
from functools import partial

from pydantic_core import to_json

from common.captions import render
from common.captions.transcripts import dump
from common.transcript.format import Segment, Transcript
from common.worker.job import Job
from common.worker.task import task
from services.llm import contracts as c
from services.llm import prompts
from services.llm.engine import Endpoint, Reply
from services.llm.errors import AnswerUnusable
from services.llm.line_work import LineWork
from services.llm.lines import replace_text
from services.llm.summary import Summarizer
from services.llm.task_setup import TaskSetup

LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@task(c.CORRECT_SUBTITLES)
def correct_subtitles(params: c.CorrectSubtitlesInput, job: Job) -> c.LinesOutput:
    """Correct recognition errors. Lines that a user has edited are left alone.

    Raises:
        NotALineFile, TranscriptTooLarge, ProviderUnknown: see `task_setup`.
        KeyRefused, LlmModelMissing, RequestRefused, ProviderBusy, ProviderUnreachable: see `engine`.
    """
    setup = TaskSetup(params, job)
    endpoint, transcript = setup.endpoint(), setup.transcript(params.transcript_path)
    work = LineWork(setup, endpoint, phase="correct", instructions=prompts.correct(params), finish=replace_text)
    work.run([line for line in transcript.segments if line.text.strip() and not line.modified])
    return result(setup, work, transcript, language=transcript.language)


@task(c.TRANSLATE_SUBTITLES)
def translate_subtitles(params: c.TranslateSubtitlesInput, job: Job) -> c.LinesOutput:
    """Translate line by line.

    Raises:
        See `correct_subtitles`.
    """
    setup = TaskSetup(params, job)
    endpoint, transcript = setup.endpoint(), setup.transcript(params.transcript_path)
    language = params.target_language if LANGUAGE_CODE.fullmatch(params.target_language) else None
    finish = partial(with_translation, bilingual=params.bilingual, language=language)
    work = LineWork(setup, endpoint, phase="translate", instructions=prompts.translate(params), finish=finish)
    work.run([line for line in transcript.segments if line.text.strip()])
    return result(setup, work, transcript, language=language)


def with_translation(line: Segment, text: str | None, *, bilingual: str, language: str | None) -> Segment:
    """Return a translated line; a line without an answer keeps its language."""
    if text is None:
        return line
    both = {"no": text, "above": f"{text}\n{line.text}", "below": f"{line.text}\n{text}"}[bilingual]
    return line.model_copy(update={"text": both, "words": [], "language": language})


def result(setup: TaskSetup, work: LineWork, source: Transcript, *, language: str | None) -> c.LinesOutput:
    """Write the lines, each in its old place, and return the task's output."""
    lines = [work.done.get(line.id, line) for line in source.segments]
    edited = source.model_copy(update={"segments": lines, "language": language})
    changed = sum(new.text != old.text for new, old in zip(lines, source.segments, strict=True))
    return c.LinesOutput(
        transcript_path=setup.job.publish_text("transcript.json", dump(edited)),
        srt_path=setup.job.publish_text("subtitles.srt", render(edited, "srt")),
        lines=len(lines),
        changed=changed,
        fallback=work.fallback,
        provider=work.endpoint.name,
        model=work.endpoint.model,
        usage=work.endpoint.usage,
    )


@task(c.SUMMARIZE)
def summarize(params: c.SummarizeInput, job: Job) -> c.SummarizeOutput:
    """Summarize a transcript.

    Raises:
        AnswerUnusable: the model never returned a summary.
        See `correct_subtitles` for the others.
    """
    setup = TaskSetup(params, job)
    endpoint, transcript = setup.endpoint(), setup.transcript(params.transcript_path)
    lines = [line for line in transcript.segments if line.text.strip()]
    work = Summarizer(setup, endpoint, params)
    work.run(lines)
    duration = max([transcript.duration, *(line.end for line in lines)])
    chapters = work.chapters(lines, duration)
    written = to_json({"summary": work.whole, "chapters": chapters}, indent=1).decode()
    return c.SummarizeOutput(
        summary=work.whole,
        chapters=chapters,
        json_path=job.publish_text("summary.json", written),
        provider=endpoint.name,
        model=endpoint.model,
        usage=endpoint.usage,
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
        raise AnswerUnusable(
            reason=f"the answer is empty ({reply.finish_reason})", provider=endpoint.name, model=endpoint.model
        )
    return c.ChatOutput(
        text=reply.text,
        finish_reason=reply.finish_reason,
        provider=endpoint.name,
        model=endpoint.model,
        usage=endpoint.usage,
    )


def asked_once(setup: TaskSetup, endpoint: Endpoint, params: c.ChatInput) -> Reply:
    replies: list[Reply] = []

    async def ask() -> None:
        messages = [message.model_dump() for message in params.messages]
        limit = params.max_output_tokens
        replies.append(await endpoint.ask(messages, temperature=params.temperature, max_output_tokens=limit))

    setup.ask(endpoint, lambda: [ask()])
    return replies[0]
