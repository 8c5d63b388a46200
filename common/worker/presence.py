"""Which workers live: each parent shows itself every half second, and everybody can read it without searching."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from common.state import keys
from common.state.client import Arg, Call, script

TTL_S = 15
REMEMBERED_S = 3600
"""For this long, a worker that has died is still listed."""


class Unclaimed(BaseModel):
    """A delivery that its process has not claimed for some seconds."""

    task_id: str
    pid: int
    """0 while no process of the worker is ready to take it."""
    seconds: float


class Presence(BaseModel):
    """What a worker's parent says of itself."""

    name: str
    service: str
    pid: int
    started_at: datetime
    active: list[str]
    """The tasks that it has taken."""
    children: list[int]
    """The pids of the processes that run them."""
    rss: int
    gpu_host: str
    """The name that its host's cards are locked under."""
    unclaimed: list[Unclaimed] = []
    """What its processes have been given and have not claimed yet."""
    replaced: list[Unclaimed] = []
    """Deliveries of the last quarter of an hour whose process was killed because it did not claim them."""
    programs: dict[str, str] = {}
    """The version and path of each program that it runs, or the error why it cannot."""

    @property
    def host(self) -> str:
        return host_of(self.name)


@dataclass(frozen=True, slots=True)
class Seen:
    """A worker as it was last seen; `presence` is None when it is gone."""

    name: str
    age_us: int
    presence: Presence | None


def publish_call(presence: Presence) -> Call[bool]:
    key = keys.worker(presence.name)
    arguments: list[Arg] = [presence.name, presence.model_dump_json(), TTL_S, REMEMBERED_S]
    return Call(script("present"), [key, keys.WORKERS], arguments, bool)


def depart_call(name: str) -> Call[bool]:
    return Call(script("depart"), [keys.worker(name), keys.WORKERS], [name], bool)


def workers() -> Call[list[Seen]]:
    return Call(script("workers"), [keys.WORKERS], [], parse)


def parse(flat: list[str]) -> list[Seen]:
    rows = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    return [Seen(name, int(age), Presence.model_validate_json(text) if text else None) for name, age, text in rows]


def alive(seen: list[Seen], service: str) -> list[Presence]:
    """Return the living workers of a service."""
    return [each.presence for each in seen if each.presence and each.presence.service == service]


def worker_name_of(presence: Presence, pid: int) -> str:
    """Return the name that a child of this worker claims tasks under."""
    return f"{presence.service}@{presence.host}/{pid}"


def host_of(worker: str) -> str:
    """Return the host in a worker's name, `<service>@<host>/<pid>`."""
    return worker.partition("@")[2].rpartition("/")[0]
