"""OpenAI's route for one model, by each name that its audio endpoints accept."""

from fastapi import APIRouter, Request

from api_gateway.dependencies import Held
from api_gateway.model_registry import ModelView
from api_gateway.openai.errors import OpenAIRoute, UnknownModel, error_responses
from api_gateway.openai.model_names import resolve
from common.errors import StateUnavailable, Unauthorized
from services.faster_whisper.models import ENGINE

NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
"""Documented by hand: for a declared parameter FastAPI documents a 422, which OpenAI's form does not have."""

router = APIRouter(tags=["openai"], route_class=OpenAIRoute)


@router.get(
    "/models/{name}",
    summary="A model by one of OpenAI's names",
    openapi_extra={"parameters": [NAME]},
    responses=error_responses(UnknownModel, Unauthorized, StateUnavailable),
)
async def read_model(request: Request, gateway: Held) -> ModelView:
    """Return the model that a name without an engine stands for; its `id` is the name that was asked for."""
    name: str = request.path_params["name"]
    chosen = resolve(name)
    listed = await gateway.models.list_models()
    for model in listed:
        if model.engine == ENGINE and (model.name == chosen or (chosen is None and is_configured(model))):
            return model.model_copy(update={"id": name})
    raise UnknownModel(f"The model {name!r} does not exist. GET /v1/models lists all models.", param="model")


def is_configured(model: ModelView) -> bool:
    return any(setting.endswith((".gpu_model", ".cpu_model")) for setting in model.default_for)
