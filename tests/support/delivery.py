"""Deliveries to a worker app in this process, with the real task interface and record, but without a broker."""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from common.clock import utcnow
from common.state.context import InputParams, Stage, WorkflowContext
from common.state.record import Record
from common.state.store import Submission
from common.worker.app import WorkerApp
from common.worker.interface import attempt
from common.worker.job import Job
from common.worker.task import RegisteredTask
from tests.support.testing_service import CONTRACTS, ECHO, EchoInput, EchoOutput

BY_NAME = {contract.name: contract for contract in CONTRACTS}
Echo = Callable[[EchoInput, Job], EchoOutput]


def submit(app: WorkerApp, name: str, **given: Any) -> dict[str, Any]:
    """Record a task, and return its context as a delivery contains it."""
    now = utcnow()
    context = WorkflowContext(
        workflow_id="t",
        task_id="t",
        task_name=name,
        created_at=now,
        updated_at=now,
        input_params=InputParams(task_name=name, input_data=given),
        shared_storage_path=PurePosixPath("/share/workflows/t"),
        stages={name: Stage()},
    )
    app.process.redis.run(app.process.store.create(Submission(context, BY_NAME[name], digest="")))
    return context.model_dump(mode="json")


def record(app: WorkerApp) -> Record:
    found = app.process.redis.run(app.process.store.get("t"))
    assert found
    return found


def run(app: WorkerApp, function: Echo) -> WorkflowContext:
    """Run a function as one attempt."""
    submit(app, ECHO.name)
    claimed = app.process.redis.run(app.process.store.claim("t", ECHO.queue, app.process.name))
    assert isinstance(claimed, Record)
    return attempt(app.process, RegisteredTask(ECHO, function), claimed)
