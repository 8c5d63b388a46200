"""Which models are loaded where, as everybody sees it. Data and calls only: who loads them is in `residency`."""

from datetime import timedelta

from pydantic import BaseModel

from common.state import keys
from common.state.client import Call, script

UNLOAD = "unload "
"""Said on a resident's channel, with its name after it; its process lets go when nobody uses it."""
TTL = timedelta(days=1)


class Resident(BaseModel):
    """A model on a device. Stamps are microseconds on Redis's clock."""

    name: str
    model: str = ""
    """The id of the model: `<engine>/<name>`, without what only this loading of it has, such as its compute type."""
    worker: str
    pid: int
    channel: str
    mib: int
    device_mib: int = 0
    """What its device has in all."""
    loaded_us: int
    used_us: int

    @property
    def field(self) -> str:
        return f"{self.name}@{self.worker}"


def residents_on(host: str, device: str) -> Call[list[Resident]]:
    """Return the models on a device, of the processes that live."""
    return Call(script("gpu/residents"), [keys.residents(host, device)], [], parse)


def parse(flat: list[str]) -> list[Resident]:
    return [Resident.model_validate_json(text) for text in flat[1::2]]
