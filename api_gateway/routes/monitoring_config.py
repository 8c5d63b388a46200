"""The monitor's settings, read and changed at run time."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel

from api_gateway.dependencies import Held
from api_gateway.http.json_body import StrictJsonRoute
from api_gateway.http.problems import error_responses, unknown_task
from api_gateway.monitor.config import SettingSource
from common.errors import (
    BodyTooComplex,
    BodyTooLarge,
    CallbackNotAllowed,
    InvalidInput,
    MalformedBody,
    UnknownTask,
    UnsupportedMediaType,
)
from common.settings import MonitorSettings

ERRORS = (
    InvalidInput,
    CallbackNotAllowed,
    UnknownTask,
    MalformedBody,
    UnsupportedMediaType,
    BodyTooLarge,
    BodyTooComplex,
)
EXAMPLE = {"timeout_levels": {"warning": 600}, "per_task": {"faster_whisper.transcribe_audio": {"hard_timeout": 14400}}}

router = APIRouter(prefix="/monitoring", tags=["monitoring"], route_class=StrictJsonRoute)
reading = APIRouter(prefix="/monitoring", tags=["monitoring"])


class MonitorConfig(BaseModel):
    """The effective values, in seconds, and where each comes from, by its path."""

    config: MonitorSettings
    sources: dict[str, SettingSource]
    ignored: str | None
    """Why the changes made at run time are not applied, if so."""


Change = Annotated[dict[str, Any], Body(examples=[EXAMPLE])]


@reading.get("/config", summary="The monitor's settings, with their source")
async def config(gateway: Held) -> MonitorConfig:
    held = gateway.monitoring
    await held.refresh()
    return MonitorConfig(config=held.current, sources=held.sources(), ignored=held.ignored)


@router.patch("/config", summary="Change the monitor's settings without a restart", responses=error_responses(*ERRORS))
async def change(gateway: Held, wanted: Change) -> MonitorConfig:
    """Send the values to change, nested as in `config/baton.yaml`; null restores the value of the file.

    Changes reach every gateway within a round of the monitor, and survive a restart.
    """
    if isinstance(tasks := wanted.get("per_task"), dict):
        for name in tasks.keys() - gateway.catalog.keys():
            raise unknown_task(gateway.catalog, name)
    if isinstance(url := wanted.get("alert_url"), str):
        await gateway.callback_policy.check_async(url)
    await gateway.monitoring.change(wanted)
    return await config(gateway)
