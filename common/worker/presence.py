"""Worker presence: each parent publishes its state every half second, readable without a search."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from common.state import keys
from common.state import work_scripts as scripts
from common.state.scripts import ScriptCall

TTL_S = 15
REMEMBERED_S = 3600
"""How long a worker that has died is still listed."""


class Unclaimed(BaseModel):
    """A delivery that its process has not claimed for some seconds."""

    task_id: str
    pid: int
    """0 while no process of the worker is ready to take it."""
    seconds: float


class Growth(BaseModel):
    """A process whose memory was larger after each of its latest tasks than after any of those before them."""

    pid: int
    tasks: int
    before: int
    """Bytes after the first of these tasks."""
    now: int


class Presence(BaseModel):
    """The published state of a worker's parent."""

    name: str
    service: str
    pid: int
    started_at: datetime
    active: list[str]
    """Ids of the tasks it has taken."""
    children: list[int]
    """Pids of its task processes."""
    rss: int
    memory: dict[int, int] = {}
    """Resident memory of its task processes in bytes, by pid."""
    growing: list[Growth] = []
    """Task processes whose memory grows from task to task."""
    gpu_host: str
    """The name under which its host's GPUs are locked."""
    unclaimed: list[Unclaimed] = []
    """Deliveries that its processes have received but not claimed yet."""
    replaced: list[Unclaimed] = []
    """Deliveries of the last 15 minutes whose process was killed because it did not claim them."""
    programs: dict[str, str] = {}
    """Version and path of each program it runs, or the error that prevents it."""

    @property
    def host(self) -> str:
        return host_of(self.name)


@dataclass(frozen=True, slots=True)
class LastSeen:
    """A worker when it was last seen; `presence` is None if it is gone."""

    name: str
    age_us: int
    presence: Presence | None


def publish_call(presence: Presence) -> ScriptCall[bool]:
    return scripts.publish_presence(
        worker=keys.worker(presence.name),
        workers=keys.WORKERS,
        name=presence.name,
        presence=presence.model_dump_json(),
        ttl_s=TTL_S,
        remembered_s=REMEMBERED_S,
    ).then(bool)


def depart_call(name: str) -> ScriptCall[bool]:
    return scripts.remove_presence(worker=keys.worker(name), workers=keys.WORKERS, name=name).then(bool)


def workers() -> ScriptCall[list[LastSeen]]:
    return scripts.read_workers(workers=keys.WORKERS).then(parse)


def parse(flat: list[str]) -> list[LastSeen]:
    rows = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    return [LastSeen(name, int(age), Presence.model_validate_json(text) if text else None) for name, age, text in rows]


def living_workers(seen: list[LastSeen], service: str) -> list[Presence]:
    """Return the living workers of a service."""
    return [each.presence for each in seen if each.presence and each.presence.service == service]


def worker_name_of(presence: Presence, pid: int) -> str:
    """Return the name under which a child of this worker claims tasks."""
    return f"{presence.service}@{presence.host}/{pid}"


def host_of(worker: str) -> str:
    """Return the host in a worker's name, `<service>@<host>/<pid>`."""
    return worker.partition("@")[2].rpartition("/")[0]
