"""OpenAI's audio endpoints: its clients work with them unchanged."""

import asyncio
import re
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from api_gateway.dependencies import Held
from api_gateway.gateway import Gateway
from api_gateway.openai import responses as answers
from api_gateway.openai.errors import OpenAIRoute, task_headers
from api_gateway.openai.openapi import responses, speech_form
from api_gateway.openai.requests import TranscriptionRequest, TranslationRequest
from api_gateway.openai.stream import stream
from api_gateway.synchronous.form import Fields, receive
from api_gateway.synchronous.outcome import transcript_of
from api_gateway.synchronous.request_task import RequestTask
from api_gateway.tasks.submission import TaskSubmission
from api_gateway.tasks.uploads import Upload
from common.settings import GatewaySettings
from services.faster_whisper.contracts import TRANSCRIBE_AUDIO

TRANSCRIPTIONS = "/v1/audio/transcriptions"
TRANSLATIONS = "/v1/audio/translations"
CLIENTS_TIMEOUT = ("x-stainless-read-timeout", "x-stainless-timeout")
"""Headers in which OpenAI's clients send their timeout, in seconds: the Python client, and the others."""
SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")
SHARE = 0.95
"""Fraction of the client's timeout after which it gets an answer naming the task, before it gives up."""

WAIT_LONGER = (
    "To wait longer, raise the client's timeout, gateway.openai_answer_within or gateway.openai_wait, or send "
    "stream=true, which has no such limit."
)

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

    def read(fields: Fields) -> tuple[TranslationRequest, TaskSubmission]:
        asked = kind.read(fields)
        return asked, TaskSubmission(task_name=TRANSCRIBE_AUDIO.name, input_data=asked.task_input(upload.id))

    asked, wanted = await receive(upload, request.stream(), request.headers.get("content-type", ""), read)
    request_task = await RequestTask.begin(
        request,
        gateway,
        wanted,
        upload,
        on_disconnect=gateway.settings.gateway.openai_on_disconnect,
    )
    if asked.streams:
        return await stream(request, request_task)
    longest = answer_timeout(request.headers, gateway.settings.gateway)
    record = await request_task.wait(request, longest, WAIT_LONGER)
    transcript = await transcript_of(gateway, record)
    return await asyncio.to_thread(answers.answer, transcript, asked, task_headers(request_task.task_id))


def answer_timeout(headers: Mapping[str, str], settings: GatewaySettings) -> float:
    """Return how many seconds to wait before answering: just under the client's timeout, if it sends one, or else less
    than the timeout of n8n's node, which sends none.
    """
    stated = [headers[name] for name in CLIENTS_TIMEOUT if SECONDS.fullmatch(headers.get(name, ""))]
    waits = [SHARE * float(seconds) for seconds in stated] or [settings.openai_answer_within.total_seconds()]
    return min(settings.openai_wait.total_seconds(), *waits)
