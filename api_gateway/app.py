"""The FastAPI app: routes, error handling, middleware, background loops."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI

from api_gateway import dashboard
from api_gateway.gateway import Gateway
from api_gateway.http import problems
from api_gateway.http.access_tokens import AccessTokenMiddleware
from api_gateway.http.auth import require_key, require_key_or_url_key
from api_gateway.http.body_limit import BodyLimit
from api_gateway.http.openapi import DocumentedApi
from api_gateway.http.same_origin import SameOriginOnly
from api_gateway.routes import (
    access_tokens,
    catalog,
    deliveries,
    events,
    files,
    health,
    monitoring,
    monitoring_config,
    monitoring_dead_letters,
    monitoring_events,
    monitoring_locks,
    openai_audio,
    openai_models,
    submissions,
    tasks,
    transcript,
    whisper_asr,
)
from api_gateway.routes import models as model_routes
from api_gateway.runtime import gc_tuning as garbage
from common.contract import Catalog
from common.errors import StateUnavailable, Unauthorized
from common.models.spec import ModelFamily
from common.settings import Settings

UPLOADS = {
    files.UPLOADS,
    openai_audio.TRANSCRIPTIONS,
    openai_audio.TRANSLATIONS,
    whisper_asr.ASR,
    whisper_asr.DETECT,
}
DESCRIPTION = """One GPU box as a media-AI service: post a task, follow it live, get the result by polling, by
events or by a signed webhook. Errors are `application/problem+json` with a stable `code`."""


def create_app(settings: Settings, known: Catalog, models: Iterable[ModelFamily] = ()) -> FastAPI:
    """Return the app; it does not connect to anything before it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.gateway = Gateway(settings, known, models)
        async with app.state.gateway.running():
            garbage.tune_gc()
            yield

    app = DocumentedApi(
        title="Baton",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    add_middleware(app, settings)
    problems.install(app)
    add_routes(app, known, settings)
    dashboard.install(app)
    return app


def add_middleware(app: FastAPI, settings: Settings) -> None:
    """Add the middleware; what is added last runs first."""
    app.add_middleware(BodyLimit, limit=settings.gateway.max_body_bytes, unlimited=UPLOADS)
    app.add_middleware(AccessTokenMiddleware)
    if not settings.auth.api_keys:
        app.add_middleware(SameOriginOnly, own_name=settings.gateway.host, allowed=settings.gateway.allowed_hosts)


def add_routes(app: FastAPI, known: Catalog, settings: Settings) -> None:
    """Add public routes, then those that require a key. OpenAI's routes document errors in OpenAI's format."""
    app.include_router(health.router)
    keyed = [Depends(require_key)]
    told = problems.error_responses(Unauthorized, StateUnavailable)
    for router in (
        submissions.router(known),
        tasks.router,
        events.router,
        transcript.reading,
        transcript.router,
        deliveries.router,
        catalog.router,
        files.router,
        model_routes.router,
        access_tokens.router,
        monitoring.router,
        monitoring_dead_letters.router,
        monitoring_events.router,
        monitoring_locks.reading,
        monitoring_locks.router,
        monitoring_config.reading,
        monitoring_config.router,
    ):
        app.include_router(router, prefix="/v1", dependencies=keyed, responses=told)
    app.include_router(openai_audio.router, prefix="/v1", dependencies=keyed)
    app.include_router(openai_models.router, prefix="/v1", dependencies=keyed)
    if settings.gateway.whisper_asr:
        app.include_router(whisper_asr.router, dependencies=[Depends(require_key_or_url_key)])
    app.include_router(health.metrics, dependencies=keyed, responses=told)
