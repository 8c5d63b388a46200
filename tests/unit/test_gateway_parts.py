"""Parts of a gateway without its HTTP server, over a real Redis."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from fastapi import Request
from starlette.types import Message

from api_gateway.gateway import Gateway
from api_gateway.openai import stream as openai_stream
from api_gateway.synchronous.outcome import transcript_of
from api_gateway.synchronous.request_task import RequestTask
from api_gateway.synchronous.task_clients import TaskClient
from api_gateway.tasks import transcript_view as task_text
from api_gateway.tasks.uploads import Upload
from common.clock import utcnow
from common.errors import FileMissing
from common.settings import RedisSettings, StorageSettings
from common.state.context import InputParams, Stage, Status, WorkflowContext
from common.state.events import Event
from common.state.record import Record
from common.state.store import Submission
from services import catalog, settings
from tests.support.inspected_redis import InspectedRedis
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.redis

NAME = "faster_whisper.transcribe_audio"
SAID = {"segment_index": 0, "language": "en", "segments": [{"id": 0, "start": 0.0, "end": 1.0, "text": "hello"}]}
Work = Callable[[Gateway, Record], Awaitable[Any]]


@pytest.fixture
def inside(redis: InspectedRedis, redis_server: RedisServer, tmp_path: Path) -> Callable[[Work], Any]:
    """Run something with the parts of a gateway and the record of a new task."""
    configured = settings().model_copy(
        update={
            "redis": RedisSettings.model_validate({"url": redis_server.url}),
            "storage": StorageSettings(share=tmp_path / "share"),
        }
    )

    async def run(work: Work) -> Any:
        gateway = Gateway(configured, catalog(), ())
        try:
            return await work(gateway, await create_record(gateway))
        finally:
            await gateway.background.close()  # asyncio.run cancels once, which redis-py may lose
            await gateway.client.aclose()
            await gateway.redis.close()
            await gateway.blocking.close()

    return lambda work: asyncio.run(run(work))


async def create_record(gateway: Gateway) -> Record:
    context = WorkflowContext(
        workflow_id="film",
        task_id="film",
        task_name=NAME,
        created_at=utcnow(),
        updated_at=utcnow(),
        input_params=InputParams(task_name=NAME, input_data={}),
        shared_storage_path=PurePosixPath("/share/workflows/film"),
        stages={NAME: Stage()},
    )
    contract = gateway.catalog[NAME]
    await gateway.redis.run(gateway.store.create(Submission(context=context, contract=contract, digest="d")))
    record = await gateway.redis.run(gateway.store.get("film"))
    assert record
    return record


def say(redis: InspectedRedis) -> None:
    """Tell the one segment that the task has so far."""
    kind, data = Event("fragment", SAID).fields
    redis.client.xadd("events:film", {"event": kind, "data": data})
    redis.client.expire("events:film", 60)


@pytest.mark.parametrize("parser", ["published_segments", "edits_of"])
def test_what_was_told_and_edited_is_read_beside_the_event_loop(
    inside: Callable[[Work], Any], redis: InspectedRedis, monkeypatch: pytest.MonkeyPatch, parser: str
) -> None:
    threads: list[int] = []
    parse = getattr(task_text, parser)

    def note_thread(*given: Any) -> Any:
        threads.append(threading.get_ident())
        return parse(*given)

    async def read(gateway: Gateway, record: Record) -> str:
        say(redis)
        text = await gateway.text(record)
        whole = await asyncio.to_thread(text.transcript)
        return whole.text

    monkeypatch.setattr(task_text, parser, note_thread)
    assert inside(read) == "hello"
    assert threads
    assert threading.get_ident() not in threads


def test_a_finished_task_whose_file_was_removed_says_so_to_openai_clients(inside: Callable[[Work], Any]) -> None:
    async def read(gateway: Gateway, record: Record) -> None:
        output = {"transcript_path": {"path": "workflows/film/attempt-1/transcript.json"}}
        stages = {NAME: record.context.stage.model_copy(update={"output": output})}
        control = record.control.model_copy(update={"status": Status.SUCCESS})
        ended = record.context.model_copy(update={"status": Status.SUCCESS, "stages": stages})
        await transcript_of(gateway, replace(record, context=ended, control=control))

    with pytest.raises(FileMissing):
        inside(read)


def test_an_openai_client_that_reads_no_more_is_dropped_and_its_task_goes_on(
    inside: Callable[[Work], Any], redis: InspectedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}

    async def wait_for_ever() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def block_on_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def follow(gateway: Gateway, _: Record) -> tuple[Record | None, bool]:
        say(redis)
        upload = Upload(gateway.storage, 1)
        upload.folder.mkdir(parents=True)
        response = await openai_stream.stream(
            Request(scope, wait_for_ever), RequestTask(gateway, "film", upload, TaskClient(gateway, cancels=False))
        )
        async with asyncio.timeout(30):
            await response(scope, wait_for_ever, block_on_body)
        return await gateway.redis.run(gateway.store.get("film")), upload.folder.exists()

    monkeypatch.setattr(openai_stream, "SEND_TIMEOUT_S", 0.1)
    record, left = inside(follow)
    assert (record.control.status, record.control.cancel_us, left) == (Status.PENDING, None, True)
