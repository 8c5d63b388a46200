"""Submit a task."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.background import BackgroundTask

from api_gateway.dependencies import Held
from api_gateway.gateway import Gateway
from api_gateway.http.json_body import StrictJsonRoute
from api_gateway.http.openapi import links
from api_gateway.http.problems import error_responses
from api_gateway.tasks.completion import APPLIED, wanted_wait
from api_gateway.tasks.submission import TaskSubmission, request_model
from common.contract import Catalog
from common.errors import (
    BodyTooComplex,
    BodyTooLarge,
    CallbackNotAllowed,
    CallbackSecretRefused,
    InvalidInput,
    MalformedBody,
    QueueFull,
    TaskIdConflict,
    UnknownTask,
    UnsupportedMediaType,
)
from common.state.context import Status, WorkflowContext
from common.state.record import Record
from common.state.store import Created

GOES_ON = {
    "/v1/tasks/{task_id}": ("get", "delete"),
    **{
        f"/v1/tasks/{{task_id}}/{part}": ("get",)
        for part in ("status", "result", "events", "transcript", "wait-reason", "deliveries")
    },
    **{f"/v1/tasks/{{task_id}}/{action}": ("post",) for action in ("cancel", "retry")},
}
LOCATION = {"Location": {"description": "of the task", "schema": {"type": "string"}}}
REFUSALS = error_responses(
    MalformedBody,
    UnknownTask,
    TaskIdConflict,
    BodyTooComplex,
    BodyTooLarge,
    UnsupportedMediaType,
    InvalidInput,
    CallbackNotAllowed,
    CallbackSecretRefused,
    QueueFull,
)


class Links(BaseModel):
    """Further URLs, relative to the gateway."""

    self: str
    status: str
    result: str
    events: str
    cancel: str

    @classmethod
    def of(cls, task_id: str) -> "Links":
        base = f"/v1/tasks/{task_id}"
        parts = ("status", "result", "events", "cancel")
        return cls(self=base, **{part: f"{base}/{part}" for part in parts})


class Accepted(BaseModel):
    """A recorded task."""

    task_id: str
    task_name: str
    status: Status
    queue: str
    queue_position: int | None
    """Number of tasks of the queue ahead of it; null if it is not pending."""
    links: Links


def router(catalog: Catalog) -> APIRouter:
    """Return the route with its body typed by the contracts."""
    routes = APIRouter(tags=["tasks"], route_class=StrictJsonRoute)
    model = request_model(catalog)

    @routes.post(
        "/tasks",
        status_code=202,
        summary="Submit a task",
        response_model=Accepted,
        responses={
            200: {
                "model": WorkflowContext | Accepted,
                "description": "Finished within `Prefer: wait`, or already known",
                "headers": LOCATION,
            },
            202: {"headers": LOCATION, "links": links(GOES_ON, task_id="task_id")},
            **REFUSALS,
        },
    )
    async def submit(
        gateway: Held,
        body: model,  # type: ignore[valid-type]  # made from the contracts
        prefer: Annotated[str | None, Header(description="`wait=30` answers 200 if done sooner")] = None,
        idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
    ) -> Response:
        return await accept(gateway, body, prefer, idempotency_key)

    return routes


async def accept(gateway: Gateway, body: TaskSubmission, prefer: str | None, idempotency_key: str | None) -> Response:
    """Record the task and respond; it is published after the response, so no callback arrives before it."""
    created, context, publish = await gateway.submit(body, idempotency_key)
    new = created.outcome == "created"
    wait = wanted_wait(prefer, gateway.settings.gateway.max_wait)
    if not wait:
        record = None if new else await gateway.redis.run(gateway.store.get(created.task_id))
        return answer(202 if new else 200, await describe_accepted(gateway, created, context, record), publish)
    await publish()
    record = await gateway.completion.wait(created.task_id, wait)
    if record and record.control.status.final:
        return answer(200, record.context, None, **APPLIED)
    return answer(202, await describe_accepted(gateway, created, context, record), None)


async def describe_accepted(
    gateway: Gateway, created: Created, context: WorkflowContext, record: Record | None = None
) -> Accepted:
    """Describe a task that was just recorded, or the current state of an existing one."""
    queue = gateway.catalog[context.task_name].queue
    return Accepted(
        task_id=created.task_id,
        task_name=context.task_name,
        status=record.control.status if record else Status.PENDING,
        queue=queue,
        queue_position=await gateway.wait_reasons.position(queue, created.task_id) if record else created.position,
        links=Links.of(created.task_id),
    )


def answer(status: int, body: BaseModel, after: BackgroundTask | None, **headers: str) -> Response:
    task_id = getattr(body, "task_id", "")
    headers["Location"] = f"/v1/tasks/{task_id}"
    return Response(to_json(body), status, headers, "application/json", background=after)
