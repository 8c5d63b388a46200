"""Model registry of the gateway: known models, what is on disk, what is loaded. Only workers load models."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api_gateway.monitor.system_reader import DeviceModels, SystemReader
from common.clock import from_us
from common.gpu.residents import UNLOAD, Resident
from common.models.errors import ModelNotFound
from common.models.events import Download
from common.models.spec import KnownModels, ModelSpec
from common.models.storage_paths import FolderState, ModelPaths
from common.settings import Settings
from common.state import keys
from common.state.client import AsyncRedis, translate_errors
from common.state.context import Status

OURS = "baton"
LOCAL = "local"


class LoadedModel(BaseModel):
    """A model on a device, in a worker's process."""

    host: str
    device: str
    worker: str
    variant: Annotated[str, Field(description="how it was loaded, such as its compute type")]
    memory_mib: int
    loaded_at: datetime
    last_used: datetime

    @classmethod
    def of(cls, place: DeviceModels, resident: Resident) -> "LoadedModel":
        return cls(
            host=place.host,
            device=place.device,
            worker=resident.worker,
            variant=resident.name.removeprefix(resident.model).strip("/"),
            memory_mib=resident.mib,
            loaded_at=from_us(resident.loaded_us),
            last_used=from_us(resident.used_us),
        )


class ModelView(BaseModel):
    """OpenAI's model object, extended."""

    id: Annotated[str, Field(description="<engine>/<name>")]
    object: Literal["model"] = "model"
    created: Annotated[int, Field(description="when it was stored here, Unix seconds; 0 if it is not here")] = 0
    owned_by: str
    engine: str
    name: str
    repository: Annotated[str | None, Field(description="on the hub; null: never downloaded")] = None
    status: Literal["present", "downloading", "missing", "damaged"]
    download: Download | None = None
    size: Annotated[int | None, Field(description="bytes on disk")] = None
    default: Annotated[bool, Field(description="used if a task names no model")] = False
    default_for: Annotated[list[str], Field(description="the settings that name it")] = []
    test_model: Annotated[
        bool, Field(description="tiny model for the demo and the tests: not representative of its engine")
    ] = False
    loaded: list[LoadedModel] = []


@dataclass(frozen=True, slots=True)
class OnDisk:
    """State of a model's folder; `size` in bytes, `created` in Unix seconds."""

    found: FolderState
    size: int | None = None
    created: int = 0


class ModelRegistry:
    """Reads model states, and requests unloading."""

    def __init__(
        self, redis: AsyncRedis, system: SystemReader, places: ModelPaths, known: KnownModels, settings: Settings
    ) -> None:
        self.redis = redis
        self.system = system
        self.places = places
        self.known = known
        self.defaults = known.defaults(settings)

    async def list_models(self) -> list[ModelView]:
        """Return every named model, and unnamed ones that are loaded."""
        loaded, downloads = await self.loaded_models(), await self.downloads()
        disk = await asyncio.to_thread(lambda: {spec.id: self.disk_state(spec) for spec in self.known.values()})
        named = [
            self.view(spec, disk[spec.id], downloads.get(spec.id), loaded.pop(spec.id, []))
            for spec in self.known.values()
        ]
        return named + [view_of_folder(model, places) for model, places in sorted(loaded.items())]

    async def get_model(self, model: str) -> ModelView:
        """Return one model.

        Raises:
            ModelNotFound: there is none with this id.
        """
        found = next((view for view in await self.list_models() if view.id == model), None)
        if found is None:
            raise ModelNotFound(model=model)
        return found

    async def unload(self, model: str) -> list[LoadedModel]:
        """Ask every process that holds a model to unload it; return these processes."""
        asked = []
        for place in await self.system.residents():
            for resident in place.models:
                if resident.model == model:
                    with translate_errors():
                        await self.redis.client.publish(resident.channel, UNLOAD + resident.name)
                    asked.append(LoadedModel.of(place, resident))
        return asked

    async def loaded_models(self) -> dict[str, list[LoadedModel]]:
        """Return where each model is loaded, by model id."""
        found: dict[str, list[LoadedModel]] = defaultdict(list)
        for place in await self.system.residents():
            for resident in place.models:
                found[resident.model].append(LoadedModel.of(place, resident))
        return found

    async def downloads(self) -> dict[str, Download]:
        """Return the progress of each download, by model id."""
        if not self.known:
            return {}
        with translate_errors():
            texts = await self.redis.client.mget([keys.model_download(model) for model in self.known])
        found = {
            model: Download.model_validate_json(text) for model, text in zip(self.known, texts, strict=True) if text
        }
        return {model: download for model, download in found.items() if not await self.has_ended(download.task_id)}

    async def has_ended(self, task_id: str) -> bool:
        """Return whether a task has ended: a task that was killed could not report the end of its download."""
        with translate_errors():
            status = await self.redis.client.hget(keys.control(task_id), "status")
        return status is None or Status(status).final

    def disk_state(self, spec: ModelSpec) -> OnDisk:
        found = self.places.find(spec)
        if found == "missing":
            return OnDisk(found)
        return OnDisk(found, self.places.size(spec), int(self.places.folder(spec).stat().st_mtime))

    def view(self, spec: ModelSpec, disk: OnDisk, download: Download | None, loaded: list[LoadedModel]) -> ModelView:
        coming = download if disk.found == "missing" else None
        owner = OURS if spec.test_model else spec.repository.partition("/")[0] or LOCAL
        return ModelView(
            id=spec.id,
            created=disk.created,
            owned_by=owner,
            engine=spec.engine,
            name=spec.name,
            repository=spec.repository or None,
            status="downloading" if coming else disk.found,
            download=coming,
            size=disk.size,
            default=spec.id in self.defaults,
            default_for=self.defaults.get(spec.id, []),
            test_model=spec.test_model,
            loaded=loaded,
        )


def view_of_folder(model: str, loaded: list[LoadedModel]) -> ModelView:
    """Describe a model that was put under share/models by hand; it is known only while it is loaded."""
    engine, _, name = model.partition("/")
    return ModelView(id=model, owned_by=LOCAL, engine=engine, name=name, status="present", loaded=loaded)
