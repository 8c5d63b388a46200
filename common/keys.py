"""The name of every Redis key. `docs/architecture.md` holds the same table, with who writes each."""

from common.context import Status

INDEX = "tasks:index"
DISPATCH = "tasks:dispatch"
WAIT_LIMITS = "tasks:wait_limits"
REMOVED = "tasks:removed"
OUTBOX = "callbacks:outbox"
LEADER = "monitor:leader"
DEAD_LETTERS = "broker:dead_letters"
MONITOR_CONFIG = "monitor:config"
MONITOR_ACTIONS = "monitor:actions"
WORKERS = "workers"
GPU_LOCKS = "gpu:locks"
WAKE_CHANNEL = "baton:wake"

CLOCK_STEPS = "monitor:clock_steps"
CLOCK_READING = "monitor:clock_reading"

# These have no TTL while their task is not finished: its record may not depend on Redis's clock.
RECORDS = ("workflow_state:*", "task_control:*", "transcript_edits:*")
# The few that live as long as the system; every other key must have a TTL.
OF_THE_MONITOR = (MONITOR_CONFIG, CLOCK_STEPS, CLOCK_READING)
IMMORTAL = (INDEX, DISPATCH, WAIT_LIMITS, OUTBOX, *OF_THE_MONITOR, "tasks:index:*", "tasks:waiting:*")


def state(task_id: str) -> str:
    return f"workflow_state:{task_id}"


def control(task_id: str) -> str:
    return f"task_control:{task_id}"


def events(task_id: str) -> str:
    return f"events:{task_id}"


def transcript_edits(task_id: str) -> str:
    return f"transcript_edits:{task_id}"


def index(status: Status | None) -> str:
    return f"tasks:index:{status}" if status else INDEX


def named(task_name: str) -> str:
    return f"{INDEX}:name:{task_name}"


def waiting(queue: str) -> str:
    return f"tasks:waiting:{queue}"


def idempotency(digest: str) -> str:
    return f"idempotency:{digest}"


def message(message_id: str) -> str:
    return f"callbacks:message:{message_id}"


def deliveries(task_id: str) -> str:
    return f"callbacks:deliveries:{task_id}"


def worker(name: str) -> str:
    return f"worker:{name}"


def gpu_lock(host: str, device: str) -> str:
    return f"gpu_lock:{host}:{device}"


def gpu_lock_history(host: str, device: str) -> str:
    return f"{gpu_lock(host, device)}:history"  # lua/gpu/prelude.lua tells what else is beside a lock


def residents(host: str, device: str) -> str:
    return f"gpu:residents:{host}:{device}"


def model_sizes(host: str) -> str:
    return f"gpu:sizes:{host}"


def model_download(model: str) -> str:
    return f"model_download:{model}"


def simulated_gpu(host: str, device: str) -> str:
    return f"gpu:simulated:{host}:{device}"


def orders(worker: str) -> str:
    return f"worker:orders:{worker}"


def acted(what: str) -> str:
    return f"monitor:acted:{what}"


def poke(hub: str) -> str:
    return f"events-hub:{hub}"


def access_token(digest: str) -> str:
    return f"access_token:{digest}"


def llm_answer(digest: str) -> str:
    return f"llm:answer:{digest}"
