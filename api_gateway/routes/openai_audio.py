"""OpenAI's audio endpoints: its clients work with them unchanged."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from api_gateway.dependencies import Held
from api_gateway.gateway import Gateway
from api_gateway.openai import responses as answers
from api_gateway.openai.errors import OpenAIRoute, StillRunning, task_headers
from api_gateway.openai.form import receive
from api_gateway.openai.openapi import responses, speech_form
from api_gateway.openai.outcome import transcript_of
from api_gateway.openai.request_task import RequestTask, discard, until_disconnect
from api_gateway.openai.requests import TranscriptionRequest, TranslationRequest
from api_gateway.openai.stream import stream
from api_gateway.tasks.uploads import Upload
from common.errors import TaskNotFound
from common.settings import GatewaySettings
from common.state.record import Record
from services.faster_whisper.contracts import TRANSCRIBE_AUDIO

TRANSCRIPTIONS = "/v1/audio/transcriptions"
TRANSLATIONS = "/v1/audio/translations"
CLIENTS_TIMEOUT = ("x-stainless-read-timeout", "x-stainless-timeout")
"""Headers in which OpenAI's clients send their timeout, in seconds: the Python client, and the others."""
SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")
SHARE = 0.95
"""Fraction of the client's timeout after which it gets an answer naming the task, before it gives up."""

router = APIRouter(tags=["openai"], route_class=OpenAIRoute)


@router.post(
    "/audio/transcriptions",
    summary="Transcribe speech, compatible with OpenAI's clients",
    response_class=Response,
    openapi_extra=speech_form(TranscriptionRequest),
    responses=responses(streams=True),
)
async def transcriptions(request: Request, gateway: Held) -> Response:
    return await answer_request(request, gateway, TranscriptionRequest)


@router.post(
    "/audio/translations",
    summary="Translate speech to English text, compatible with OpenAI's clients",
    response_class=Response,
    openapi_extra=speech_form(TranslationRequest),
    responses=responses(streams=False),
)
async def translations(request: Request, gateway: Held) -> Response:
    return await answer_request(request, gateway, TranslationRequest)


async def answer_request(request: Request, gateway: Gateway, kind: type[TranslationRequest]) -> Response:
    """Receive the upload, submit the task and answer with its result, or with its text as it is decoded."""
    upload = Upload(gateway.storage, gateway.settings.storage.max_upload_bytes)
    asked = await receive(upload, request.stream(), request.headers.get("content-type", ""), kind.read)
    try:
        request_task = await RequestTask.begin(
            request, gateway, TRANSCRIBE_AUDIO.name, asked.task_input(upload.id), upload
        )
    except BaseException:
        await asyncio.shield(discard(upload))
        raise
    if asked.streams:
        return await stream(request, request_task)
    transcript = await transcript_of(gateway, await wait_for_result(request, request_task))
    return await asyncio.to_thread(answers.answer, transcript, asked, task_headers(request_task.task_id))


async def wait_for_result(request: Request, request_task: RequestTask) -> Record:
    """Wait for the task. It continues if the client disconnects, unless configured otherwise.

    Raises:
        StillRunning: the time is up. The task continues.
        ClientDisconnect: the client disconnected.
        TaskNotFound: the task was removed.
    """
    longest = answer_timeout(request.headers, request_task.gateway.settings.gateway)
    try:
        async with asyncio.timeout(longest):
            record = await until_disconnect(request, request_task.wait_until_final())
    except TimeoutError:
        request_task.continue_alone()
        raise await still_running(request_task, longest) from None
    except (ClientDisconnect, TaskNotFound):
        await request_task.on_disconnect()
        raise
    await request_task.discard()
    return record


def answer_timeout(headers: Mapping[str, str], settings: GatewaySettings) -> float:
    """Return how many seconds to wait before answering: just under the client's timeout, if it sends one, or else less
    than the timeout of n8n's node, which sends none.
    """
    stated = [headers[name] for name in CLIENTS_TIMEOUT if SECONDS.fullmatch(headers.get(name, ""))]
    waits = [SHARE * float(seconds) for seconds in stated] or [settings.openai_answer_within.total_seconds()]
    return min(settings.openai_wait.total_seconds(), *waits)


async def still_running(request_task: RequestTask, waited_s: float) -> StillRunning:
    reuses = request_task.gateway.settings.gateway.openai_reuse
    again = "The same upload with the same parameters finds it too. " if reuses else ""
    reason: Any = await request_task.gateway.wait_reasons.explain(await request_task.read())
    return StillRunning(
        f"After {waited_s:.0f} s: {reason.message} It continues as {request_task.task_id}: follow it with "
        f"GET /v1/tasks/{request_task.task_id}/events, "
        f"read it with GET /v1/tasks/{request_task.task_id}/transcript. {again}"
        "To wait longer, raise the client's timeout, gateway.openai_answer_within or gateway.openai_wait, or send "
        "stream=true, which has no such limit.",
        task_id=request_task.task_id,
    )
