"""Models: list them, download one, unload one, follow their events."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Header, Path, Response
from pydantic import BaseModel
from pydantic_core import to_json

from api_gateway.dependencies import Held
from api_gateway.gateway import Gateway
from api_gateway.http.openapi import links
from api_gateway.http.problems import error_responses
from api_gateway.http.sse import STREAM_ID, documented_stream, endless_stream, sse_response
from api_gateway.http.stream_limits import ClientId
from api_gateway.model_registry import LoadedModel, ModelView
from api_gateway.routes.submissions import GOES_ON, LOCATION, Accepted, answer, describe_accepted
from api_gateway.runtime.event_hub import EventFrame
from api_gateway.tasks.completion import wanted_wait
from api_gateway.tasks.submission import TaskSubmission
from common.errors import InvalidInput, QueueFull, TaskIdConflict, TooManyStreams
from common.models.contract import DOWNLOAD_MODEL
from common.models.errors import ModelNotDownloadable, ModelNotFound
from common.models.events import STREAM, ModelEventKind
from common.models.spec import ModelSpec

EVENTS: dict[int | str, dict[str, Any]] = {
    200: documented_stream(
        "`initial_state`, which is the list, then `progress`, `downloaded` and `failed` of downloads, "
        "`loaded` and `unloaded` of devices, and `ping`. It has no end.",
        ("initial_state", *get_args(ModelEventKind)),
    ),
}
Engine = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,50}$")]
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9._/-]{1,200}$")]

router = APIRouter(prefix="/models", tags=["models"])


class ModelPage(BaseModel):
    """OpenAI's list of models."""

    object: Literal["list"] = "list"
    data: list[ModelView]


class Unloading(BaseModel):
    """The processes that were asked to unload a model. `unloaded` is true if no process holds it."""

    id: str
    unloaded: bool
    asked: list[LoadedModel]


@router.get("", summary="Every model: whether it is here, and where it is loaded")
async def models(gateway: Held) -> ModelPage:
    return ModelPage(data=await gateway.models.list_models())


@router.get(
    "/events",
    summary="Follow all models live (SSE)",
    response_class=Response,
    responses={**EVENTS, **error_responses(InvalidInput, TooManyStreams)},
)
async def follow(
    gateway: Held, client: ClientId, last_event_id: Annotated[str, Header(pattern=STREAM_ID)] = ""
) -> Response:
    frames = endless_stream(gateway.hub, STREAM, "initial_state", lambda: models(gateway), last_event_id)
    return sse_response(gateway.settings.gateway, gateway.stream_limits.count_stream(STREAM, client), frames)


@router.get("/{engine}/{name}", summary="One model", responses=error_responses(ModelNotFound, InvalidInput))
async def read(engine: Engine, name: Name, gateway: Held) -> ModelView:
    return await gateway.models.get_model(f"{engine}/{name}")


@router.post(
    "/{engine}/{name:path}/download",
    status_code=202,
    summary="Download a model, as a task",
    response_model=Accepted,
    responses={
        200: {"model": ModelView, "description": "It is here already"},
        202: {"headers": LOCATION, "links": links(GOES_ON, task_id="task_id")},
        **error_responses(ModelNotFound, ModelNotDownloadable, TaskIdConflict, InvalidInput, QueueFull),
    },
)
async def download(engine: Engine, name: Name, gateway: Held) -> Response:
    """Download it to share/models. Until it has arrived, further requests return the same task."""
    view = await gateway.models.get_model(f"{engine}/{name}")
    if view.status == "present":
        return Response(to_json(view), media_type="application/json")
    spec = gateway.models.known.get(view.id)
    if spec is None or f"{engine}.{DOWNLOAD_MODEL}" not in gateway.catalog or not spec.repository:
        raise ModelNotDownloadable(model=view.id)
    return await submit_download(gateway, spec)


async def submit_download(gateway: Gateway, spec: ModelSpec) -> Response:
    """Record the task that downloads a model, under its fixed id; a finished one is replaced."""
    contract = gateway.catalog[f"{spec.engine}.{DOWNLOAD_MODEL}"]
    task_id = f"{DOWNLOAD_MODEL}.{spec.engine}.{spec.name}"
    record = await gateway.redis.run(gateway.store.get(task_id))
    if record:
        await gateway.remove(record)
    given = contract.input.model_validate({"model": spec.name})
    request = TaskSubmission(task_name=contract.name, input_data=given, task_id=task_id)
    created, context, publish = await gateway.submit(request)
    known = None if created.outcome == "created" else await gateway.redis.run(gateway.store.get(task_id))
    return answer(202, await describe_accepted(gateway, created, context, known), publish)


@router.post(
    "/{engine}/{name:path}/unload",
    status_code=202,
    summary="Make every process unload a model",
    responses={
        200: {"model": Unloading, "description": "No process holds it (any more)"},
        202: {"description": "Its processes were asked; one that uses it unloads it when its task ends or yields"},
        **error_responses(ModelNotFound, InvalidInput),
    },
)
async def unload(
    engine: Engine,
    name: Name,
    gateway: Held,
    response: Response,
    prefer: Annotated[str | None, Header(description="`wait=30` answers 200 if it is unloaded sooner")] = None,
) -> Unloading:
    """Request unloading; the next task that needs the model loads it again."""
    model = (await gateway.models.get_model(f"{engine}/{name}")).id
    wait = wanted_wait(prefer, gateway.settings.gateway.max_wait) or timedelta(0)
    async with gateway.hub.listen(STREAM) as news:
        asked = await gateway.models.unload(model)
        unloaded = not asked or await unloaded_within(gateway, model, wait, news)
    response.status_code = 200 if unloaded else 202
    return Unloading(id=model, unloaded=unloaded, asked=asked)


async def unloaded_within(
    gateway: Gateway, model: str, wait: timedelta, news: asyncio.Queue[EventFrame | None]
) -> bool:
    """Return whether a model is unloaded everywhere, checking again at each event until the time is up."""
    try:
        async with asyncio.timeout(wait.total_seconds()):
            while model in await gateway.models.loaded_models():
                await news.get()
    except TimeoutError:
        return False
    return True
