"""Probes and metrics."""

import asyncio
import os
from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from api_gateway.dependencies import Held
from api_gateway.gateway import Gateway
from common.errors import StateUnavailable

router = APIRouter(tags=["health"])
metrics = APIRouter(tags=["health"])


class Live(BaseModel):
    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Whether tasks are accepted; `checks` names what is missing. A warning does not make the gateway unready."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, str]
    warnings: list[str] = []


@router.get("/health/live", summary="The process runs")
async def live() -> Live:
    return Live()


@router.get("/health/ready", summary="Tasks are accepted", responses={503: {"model": Ready}})
async def ready(gateway: Held, response: Response) -> Ready:
    checks = {
        "redis": await redis_check(gateway),
        "share": await asyncio.to_thread(share_check, gateway),
        "loops": loops_check(gateway),
    }
    fine = all(check == "ok" for check in checks.values())
    response.status_code = 200 if fine else 503
    return Ready(status="ready" if fine else "not_ready", checks=checks, warnings=receiver_warnings(gateway))


async def redis_check(gateway: Gateway) -> str:
    try:
        await gateway.redis.require_writable()
    except StateUnavailable as error:
        return error.message
    return "ok"


def share_check(gateway: Gateway) -> str:
    root = gateway.storage.root
    return "ok" if os.access(root, os.R_OK | os.W_OK | os.X_OK) else f"{root} cannot be written; check storage.share"


def loops_check(gateway: Gateway) -> str:
    failed = ", ".join(sorted(gateway.loops.failed | gateway.monitor.failed))
    return (
        f"{failed} failed unexpectedly and will be restarted: see the stack trace in the gateway's log"
        if failed
        else "ok"
    )


def receiver_warnings(gateway: Gateway) -> list[str]:
    """Return how many callback receivers do not answer. Their names need a key: this route is open to all."""
    count = len(gateway.callback_sender.receivers.failing)
    if not count:
        return []
    subject = "1 callback receiver does" if count == 1 else f"{count} callback receivers do"
    return [f"{subject} not answer. GET /v1/monitoring/receivers lists them."]


@metrics.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
async def render(gateway: Held) -> Response:
    return Response(await gateway.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")
