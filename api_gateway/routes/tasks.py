"""Read, cancel, retry and remove tasks."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api_gateway.dependencies import Awaited, FoundRecord, Held
from api_gateway.http.problems import error_responses
from api_gateway.tasks.wait_reason import WaitReason
from common.errors import ErrorRecord, InvalidInput, TaskNotFound, WrongState
from common.state.context import Progress, Status, WorkflowContext
from common.state.record import Record

router = APIRouter(tags=["tasks"])
one = error_responses(TaskNotFound, InvalidInput)
acting = error_responses(TaskNotFound, InvalidInput, WrongState)


class TaskFilter(BaseModel):
    """Filter of tasks; unknown parameters are refused, so that a typing error does not list all tasks."""

    model_config = ConfigDict(extra="forbid")

    status: Status | None = None
    task_name: str | None = None
    cursor: Annotated[str | None, Field(pattern=r"^[0-9]{1,20}$", description="`next_cursor` of the previous page")] = (
        None
    )
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class TaskPage(BaseModel):
    """Newest first. `next_cursor` is null on the last page."""

    tasks: list[WorkflowContext]
    next_cursor: str | None


class ShortStatus(BaseModel):
    task_id: str
    task_name: str
    status: Status
    attempt: int
    progress: Progress
    cancel_requested: bool


class Result(BaseModel):
    """The output of a task, or why there is none (yet). Fields without a value are omitted: n8n treats `"error": null`
    as a failure.
    """

    task_id: str
    status: Status
    output: dict[str, Any] | None = None
    error: ErrorRecord | None = None


@router.get("/tasks", summary="List tasks, newest first", responses=error_responses(InvalidInput))
async def list_tasks(gateway: Held, wanted: Annotated[TaskFilter, Query()]) -> TaskPage:
    page = await gateway.redis.run(gateway.store.list(wanted.status, wanted.cursor, wanted.limit, wanted.task_name))
    return TaskPage(tasks=[record.context for record in page.records], next_cursor=page.last_score)


@router.get("/tasks/{task_id}", summary="The whole record of a task", responses=one)
async def read(record: FoundRecord) -> WorkflowContext:
    return record.context


@router.get("/tasks/{task_id}/status", summary="Status and progress only", responses=one)
async def status(record: Awaited) -> ShortStatus:
    return short(record)


@router.get(
    "/tasks/{task_id}/result",
    summary="Output or error; 202 while it is not finished",
    response_model_exclude_none=True,
    responses={202: {"model": Result, "description": "Not finished yet"}, **one},
)
async def result(record: Awaited, response: Response) -> Result:
    final = record.control.status.final
    response.status_code = 200 if final else 202
    output = record.context.stage.output if record.control.status is Status.SUCCESS else None
    return Result(
        task_id=record.context.task_id, status=record.control.status, output=output, error=record.context.error
    )


@router.get("/tasks/{task_id}/wait-reason", summary="Why a task is waiting", responses=one)
async def why(record: FoundRecord, gateway: Held) -> WaitReason:
    return await gateway.wait_reasons.explain(record)


@router.post("/tasks/{task_id}/cancel", summary="Cancel", status_code=202, responses=acting)
async def cancel(record: FoundRecord, gateway: Held) -> ShortStatus:
    return short(await gateway.cancel(record))


@router.post(
    "/tasks/{task_id}/retry", summary="Run a failed or cancelled task again", status_code=202, responses=acting
)
async def retry(record: FoundRecord, gateway: Held) -> ShortStatus:
    """Start a new attempt, which resumes from the checkpoint of the previous one."""
    if record.control.status not in {Status.FAILED, Status.CANCELLED}:
        raise WrongState(
            f"Only a failed or cancelled task can be retried; this one is {record.control.status}.",
            task_status=record.control.status,
        )
    await gateway.redis.commit(gateway.store.requeue(record, reason="asked"))
    return short(await gateway.record(record.context.task_id))


@router.delete("/tasks/{task_id}", summary="Remove a finished task and its files", status_code=204, responses=acting)
async def delete(record: FoundRecord, gateway: Held) -> None:
    if not await gateway.remove(record):
        raise WrongState(
            f"Only a finished task can be removed; this one is {record.control.status}. Cancel it first.",
            task_status=record.control.status,
        )


def short(record: Record) -> ShortStatus:
    return ShortStatus(
        task_id=record.context.task_id,
        task_name=record.context.task_name,
        status=record.control.status,
        attempt=record.control.attempt,
        progress=record.context.stage.progress,
        cancel_requested=record.control.cancel_us is not None,
    )
