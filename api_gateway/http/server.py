"""Serve the app with uvicorn, with the limits of the settings."""

import uvicorn
from fastapi import FastAPI

from api_gateway.http.connection_limits import protocol_for
from common.settings import GatewaySettings

SHUTDOWN_GRACE_S = 5


def serve(app: FastAPI, settings: GatewaySettings, *, grace_s: int = SHUTDOWN_GRACE_S) -> None:
    """Serve until a signal ends the process."""
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        http=protocol_for(settings),
        limit_concurrency=settings.max_connections,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=grace_s,
        server_header=False,
    )
