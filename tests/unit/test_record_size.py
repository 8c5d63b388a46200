"""What a finished task takes up in Redis, once its events have expired."""

from pathlib import PurePosixPath

import pytest

from api_gateway.callbacks.outbox import Try, settle_call
from common.clock import utcnow
from common.contract import Contract, TaskInput, TaskOutput
from common.settings import TaskSettings
from common.state import keys
from common.state.context import InputParams, Progress, Stage, Status, WorkflowContext
from common.state.events import Event
from common.state.messages import Message, message_for
from common.state.record import Callback, Record
from common.state.store import StateStore, Submission
from tests.support.inspected_redis import InspectedRedis

pytestmark = pytest.mark.redis

CONTRACT = Contract("ffmpeg.extract_audio", TaskInput, TaskOutput)
TASK_ID = "3cb95419-cf4d-4c30-9227-cca4c8c150f8"
PATH = f"workflows/{TASK_ID}/attempt-1/audio.wav"
OUTPUT = {"audio_path": {"path": PATH, "url": f"/v1/files/{PATH}", "size": 123_456}}
TARGET = Callback(url="http://127.0.0.1:5678/webhook-waiting/", encrypted="x" * 250)


def context() -> WorkflowContext:
    return WorkflowContext(
        workflow_id=TASK_ID,
        task_id=TASK_ID,
        task_name=CONTRACT.name,
        created_at=utcnow(),
        updated_at=utcnow(),
        input_params=InputParams(task_name=CONTRACT.name, input_data={"video_path": "file_" + "0" * 32}),
        shared_storage_path=PurePosixPath("/share/workflows") / TASK_ID,
        stages={CONTRACT.name: Stage()},
    )


def run_to_the_end(redis: InspectedRedis, store: StateStore, callback: Callback | None) -> None:
    """Take one small task through the calls of a gateway and of a worker."""
    redis.run(store.create(Submission(context(), CONTRACT, "d" * 64, callback=callback)))
    claimed = redis.run(store.claim(TASK_ID, CONTRACT.queue, "ffmpeg@host/1234"))
    assert isinstance(claimed, Record)
    for percent in range(0, 100, 10):
        progress = Progress(phase="extract", percent=percent, processed=percent, total=100)
        news = [Event("progress", progress.model_dump())]
        redis.run(store.beat(TASK_ID, claimed.control.fence, rss=10**8, progress=progress, events=news))
    record = redis.run(store.get(TASK_ID))
    assert record
    ended = record.final_context(Status.SUCCESS, output=OUTPUT, duration=1.0)
    assert redis.run(store.finish(record, ended)) == "OK"
    if message := message_for(record, ended):
        tried = Try(message_id=message.id, type=message.type, url="http://127.0.0.1:5678/", at=utcnow(), duration=0.1)
        redis.run(settle_call(message, tried.model_copy(update={"status_code": 200, "answer": "ok"}), store.ttl))


def sizes_of_lasting_keys(redis: InspectedRedis, store: StateStore) -> dict[str, int]:
    """Return the bytes of each key of the task alone that outlives the grace of its events."""
    shared = {keys.MONITOR_ACTIONS, keys.events("@tasks")}
    names = [name for name in redis.client.scan_iter() if name not in shared and redis.client.ttl(name) > store.grace]
    return {name: redis.client.memory_usage(name, samples=0) for name in names}


@pytest.mark.parametrize(
    ("callback", "most_bytes"), [(None, 2_048), (TARGET, 4_096)], ids=["without a callback", "with a callback"]
)
def test_a_small_finished_task_takes_up_little(
    redis: InspectedRedis, callback: Callback | None, most_bytes: int
) -> None:
    store = StateStore(TaskSettings())
    run_to_the_end(redis, store, callback)
    sizes = sizes_of_lasting_keys(redis, store)
    assert keys.state(TASK_ID) in sizes
    assert sum(sizes.values()) <= most_bytes, sizes


def test_a_ledger_of_an_earlier_version_is_read_and_continued(redis: InspectedRedis) -> None:
    store = StateStore(TaskSettings())
    run_to_the_end(redis, store, TARGET)
    ledger = keys.deliveries(TASK_ID)
    [tried] = redis.client.lrange(ledger, 0, -1)
    redis.client.delete(ledger)
    redis.client.xadd(ledger, {"try": tried})
    redis.client.expire(ledger, store.ttl)
    again = Try.model_validate_json(tried).model_copy(update={"duration": 0.2})
    redis.run(settle_call(message_of_ledger(redis), again, store.ttl))
    assert redis.client.lrange(ledger, 0, -1) == [tried, again.model_dump_json()]


def message_of_ledger(redis: InspectedRedis) -> Message:
    [name] = redis.client.scan_iter(f"{keys.message('*')}")
    return Message.unpack(redis.client.hget(name, "message"))
