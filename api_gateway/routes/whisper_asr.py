"""The endpoints of whisper-asr-webservice: Bazarr and other media tools work with them unchanged."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api_gateway.dependencies import Held
from api_gateway.gateway import Gateway
from api_gateway.http.problems import error_responses
from api_gateway.synchronous.errors import MissingParameter, StillRunning
from api_gateway.synchronous.form import receive
from api_gateway.synchronous.outcome import output_of, transcript_of
from api_gateway.synchronous.request_task import RequestTask
from api_gateway.tasks.submission import TaskSubmission
from api_gateway.tasks.uploads import Upload
from api_gateway.whisper_asr import responses
from api_gateway.whisper_asr.requests import AsrQuery, DetectLanguageQuery
from common.contract import Contract
from common.errors import (
    BodyTooLarge,
    Cancelled,
    InvalidInput,
    MalformedBody,
    NotMedia,
    QueueFull,
    StateUnavailable,
    StorageFull,
    Unauthorized,
)
from common.state.record import Record
from services.faster_whisper.contracts import DETECT_LANGUAGE, TRANSCRIBE_AUDIO, DetectLanguageOutput
from services.faster_whisper.languages import NAMES

ASR = "/asr"
DETECT = "/detect-language"
AUDIO_FILE = "audio_file"
TASK_HEADER = "X-Baton-Task-Id"
WAIT_LONGER = "To wait longer, raise gateway.whisper_asr_wait."
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [AUDIO_FILE],
                    "properties": {AUDIO_FILE: {"type": "string", "format": "binary", "minLength": 1}},
                }
            }
        },
    }
}
ERRORS = error_responses(
    MalformedBody,
    MissingParameter,
    InvalidInput,
    NotMedia,
    Unauthorized,
    Cancelled,
    BodyTooLarge,
    QueueFull,
    StateUnavailable,
    StillRunning,
    StorageFull,
)
TEXT: dict[str, Any] = {
    "text/plain": {"schema": {"type": "string"}},
    "application/json": {"schema": {"type": "object"}},
}

router = APIRouter(tags=["whisper-asr-webservice"])


class Language(BaseModel):
    detected_language: str
    """English name, in lower case."""
    language_code: str
    confidence: float


@router.post(
    ASR,
    summary="Transcribe speech, compatible with whisper-asr-webservice",
    response_class=Response,
    openapi_extra=FORM,
    responses={200: {"description": "The text, or the subtitles", "content": TEXT}, **ERRORS},
)
async def asr(request: Request, gateway: Held, query: Annotated[AsrQuery, Query()]) -> Response:
    """Wait for the transcription, and answer with the subtitles. A client that disconnects cancels it."""
    record, name = await run(request, gateway, TRANSCRIBE_AUDIO, query)
    transcript = await transcript_of(gateway, record)
    headers = {TASK_HEADER: record.context.task_id}
    return await asyncio.to_thread(responses.answer, transcript, query.output, name, headers)


@router.post(
    DETECT,
    summary="Detect the spoken language, compatible with whisper-asr-webservice",
    openapi_extra=FORM,
    responses=ERRORS,
)
async def detect_language(
    request: Request, response: Response, gateway: Held, query: Annotated[DetectLanguageQuery, Query()]
) -> Language:
    """Wait for the detection. Without speech, the answer is English with a confidence of 0."""
    record, _ = await run(request, gateway, DETECT_LANGUAGE, query)
    found = DetectLanguageOutput.model_validate(output_of(record))
    response.headers[TASK_HEADER] = record.context.task_id
    code = found.language or "en"
    return Language(detected_language=NAMES[code], language_code=code, confidence=found.language_probability or 0.0)


async def run(
    request: Request, gateway: Gateway, contract: Contract, query: AsrQuery | DetectLanguageQuery
) -> tuple[Record, str]:
    """Return the record of the finished task, and the file's name. A client that disconnects cancels the task."""
    upload = Upload(gateway.storage, gateway.settings.storage.max_upload_bytes)
    wanted = TaskSubmission(task_name=contract.name, input_data=query.task_input(upload.id))
    kind = request.headers.get("content-type", "")
    await receive(upload, request.stream(), kind, list, file_field=AUDIO_FILE, raw=not query.encode)
    task = await RequestTask.begin(request, gateway, wanted, upload, on_disconnect="cancel")
    longest = gateway.settings.gateway.whisper_asr_wait.total_seconds()
    return await task.wait(request, longest, WAIT_LONGER), upload.name
