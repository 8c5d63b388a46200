"""Loaded models as published in Redis. Data and calls only; `residency` does the loading."""

from datetime import timedelta

from pydantic import BaseModel

from common.gpu import scripts
from common.state import keys
from common.state.scripts import ScriptCall

UNLOAD = "unload "
"""Message on a resident's channel, followed by its name: the process unloads the model once nobody uses it."""
TTL = timedelta(days=1)


class Resident(BaseModel):
    """A model on a device. Timestamps are microseconds on Redis's clock."""

    name: str
    model: str = ""
    """Model id: `<engine>/<name>`, without what only this instance has, such as its compute type."""
    worker: str
    pid: int
    channel: str
    mib: int
    device_mib: int = 0
    """Total memory of the device."""
    loaded_us: int
    used_us: int

    @property
    def field(self) -> str:
        return f"{self.name}@{self.worker}"


def residents_on(host: str, device: str) -> ScriptCall[list[Resident]]:
    """Return the models on a device that belong to living processes."""
    return scripts.read_residents(residents=keys.residents(host, device)).then(parse)


def parse(flat: list[str]) -> list[Resident]:
    return [Resident.model_validate_json(text) for text in flat[1::2]]
