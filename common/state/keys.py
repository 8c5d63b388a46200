"""The name of every Redis key. `docs/architecture.md` has the same table, with the writers of each key."""

from typing import NewType

from common.state.context import Status

Key = NewType("Key", str)
"""A Redis key; other strings are refused as KEYS of a script by the type checker."""

INDEX = Key("tasks:index")
DISPATCH = Key("tasks:dispatch")
WAIT_LIMITS = Key("tasks:wait_limits")
REMOVED = Key("tasks:removed")
OUTBOX = Key("callbacks:outbox")
LEADER = Key("monitor:leader")
DEAD_LETTERS = Key("broker:dead_letters")
MONITOR_CONFIG = Key("monitor:config")
MONITOR_ACTIONS = Key("monitor:actions")
WORKERS = Key("workers")
GPU_LOCKS = Key("gpu:locks")
WAKE_CHANNEL = "baton:wake"

CLOCK_STEPS = Key("monitor:clock_steps")
CLOCK_READING = Key("monitor:clock_reading")

# These have no TTL until their task is finished: the record must not depend on Redis's clock.
RECORDS = ("workflow_state:*", "task_control:*", "transcript_edits:*")
# Keys that live as long as the system; every other key must have a TTL.
OF_THE_MONITOR = (MONITOR_CONFIG, CLOCK_STEPS, CLOCK_READING)
IMMORTAL = (INDEX, DISPATCH, WAIT_LIMITS, OUTBOX, *OF_THE_MONITOR, "tasks:index:*", "tasks:waiting:*")


def state(task_id: str) -> Key:
    return Key(f"workflow_state:{task_id}")


def control(task_id: str) -> Key:
    return Key(f"task_control:{task_id}")


def events(task_id: str) -> Key:
    return Key(f"events:{task_id}")


def transcript_edits(task_id: str) -> Key:
    return Key(f"transcript_edits:{task_id}")


def task_clients(task_id: str) -> Key:
    return Key(f"task_clients:{task_id}")


def index(status: Status | None) -> Key:
    return Key(f"tasks:index:{status}") if status else INDEX


def index_of_name(task_name: str) -> Key:
    return Key(f"{INDEX}:name:{task_name}")


def waiting(queue: str) -> Key:
    return Key(f"tasks:waiting:{queue}")


def idempotency(digest: str) -> Key:
    return Key(f"idempotency:{digest}")


def message(message_id: str) -> Key:
    return Key(f"callbacks:message:{message_id}")


def deliveries(task_id: str) -> Key:
    return Key(f"callbacks:deliveries:{task_id}")


def worker(name: str) -> Key:
    return Key(f"worker:{name}")


def gpu_lock(host: str, device: str) -> Key:
    return Key(f"gpu_lock:{host}:{device}")


def gpu_lock_history(host: str, device: str) -> Key:
    return Key(f"{gpu_lock(host, device)}:history")  # see lua/gpu/prelude.lua for the other keys of a lock


def residents(host: str, device: str) -> Key:
    return Key(f"gpu:residents:{host}:{device}")


def model_sizes(host: str) -> Key:
    return Key(f"gpu:sizes:{host}")


def model_download(model: str) -> Key:
    return Key(f"model_download:{model}")


def simulated_gpu(host: str, device: str) -> Key:
    return Key(f"gpu:simulated:{host}:{device}")


def orders(worker: str) -> Key:
    return Key(f"worker:orders:{worker}")


def monitor_action(what: str) -> Key:
    return Key(f"monitor:acted:{what}")


def wake(hub: str) -> Key:
    return Key(f"events-hub:{hub}")


def access_token(digest: str) -> Key:
    return Key(f"access_token:{digest}")


def llm_answer(digest: str) -> Key:
    return Key(f"llm:answer:{digest}")
