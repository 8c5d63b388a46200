"""From a request to a recorded task: checked against the contract, its files and its callback, then written once."""

import asyncio
import json
from datetime import timedelta
from hashlib import sha256
from pathlib import PurePosixPath
from secrets import token_hex
from typing import Annotated, Any, Literal, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    create_model,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from typing_extensions import override

from common.clock import utcnow
from common.context import InputParams, Stage, TaskId, WorkflowContext
from common.contract import Catalog, Contract, media_files
from common.errors import BatonError, InvalidInput, QueueFull, TaskIdConflict
from common.media import MediaFile
from common.messages import TYPES
from common.outgoing import TargetPolicy, redacted
from common.record import Callback
from common.redis import AsyncRedis
from common.state import Created, StateStore, Submission
from common.storage import Storage

DEFAULT_PRIORITY = 5
RESERVED_HEADERS = ("host", "content-length", "content-type", "transfer-encoding", "connection")


HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^([!-~]([ -~]*[!-~])?)?$", max_length=4096)]


def not_ours(headers: dict[str, str]) -> dict[str, str]:
    """Refuse the headers that we set ourselves."""
    for name in headers:
        if name.lower() in RESERVED_HEADERS or name.lower().startswith("webhook-"):
            raise ValueError(f"{name} is set by Baton itself")
    return headers


class CallbackRequest(BaseModel):
    """Where to report the end of the task: a URL, or an object that says more."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[
        str, Field(min_length=1, max_length=4096, description="kept byte for byte", json_schema_extra={"format": "uri"})
    ]
    headers: Annotated[dict[HeaderName, HeaderValue], Field(max_length=20), AfterValidator(not_ours)] = {}
    events: list[Literal["task.completed", "task.failed", "task.cancelled"]] | None = None

    @model_validator(mode="before")
    @classmethod
    def from_url(cls, value: Any) -> Any:
        return {"url": value} if isinstance(value, str) else value

    @classmethod
    @override
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        url = {"type": "string", "format": "uri", "minLength": 1, "maxLength": 4096}
        return {"anyOf": [url, handler(core)]}


NEWER_OPTIONS = ("max_wait",)
"""Left out of the digest when unused: a request sent again after an upgrade is still the same."""


class TaskRequest(BaseModel):
    """What every submission has, whatever its task."""

    model_config = ConfigDict(extra="forbid")

    task_name: str
    input_data: Any
    task_id: Annotated[TaskId | None, Field(description="chosen by the client: posting it again is safe")] = None
    callback: CallbackRequest | None = None
    priority: Annotated[int, Field(strict=True, ge=0, le=9, description="9 is most urgent")] = DEFAULT_PRIORITY

    max_wait: Annotated[
        float | None,
        Field(gt=0, description="seconds the task may wait for a worker, and again for a device; then it fails"),
    ] = None

    @property
    def target(self) -> Callback | None:
        return Callback.model_validate(self.callback.model_dump()) if self.callback else None


def request_model(catalog: Catalog) -> Any:
    """Return the union of all submissions, told apart by `task_name`, as /docs shows it."""
    models = tuple(request_for(contract) for contract in catalog.values())
    return Annotated[Union[models], Field(discriminator="task_name")]  # noqa: UP007 - the members are made at run time


def request_for(contract: Contract) -> type[TaskRequest]:
    name = "".join(part.title() for part in contract.name.replace(".", "_").split("_"))
    fields: dict[str, Any] = {"task_name": (Literal[contract.name], ...), "input_data": (contract.input, ...)}
    return create_model(f"{name}Request", __base__=TaskRequest, __doc__=contract.summary, **fields)


class Submitter:
    """Checks what a contract alone cannot know, and records the task."""

    def __init__(
        self,
        redis: AsyncRedis,
        store: StateStore,
        storage: Storage,
        catalog: Catalog,
        *,
        callbacks: TargetPolicy,
        inputs: TargetPolicy,
    ) -> None:
        self.redis = redis
        self.store = store
        self.storage = storage
        self.catalog = catalog
        self.callbacks = callbacks
        self.inputs = inputs

    async def submit(self, request: TaskRequest, idempotency_key: str | None) -> tuple[Created, WorkflowContext]:
        """Record a task, or find the one that the same request made before.

        Raises:
            InvalidInput: a file or URL may not be read; the error names its field.
            CallbackNotAllowed: the callback URL points to a forbidden place.
            TaskIdConflict: the id or the key belongs to another request.
            QueueFull: too many tasks wait.
        """
        await self.check_files(request.input_data)
        if request.target:
            await self.callbacks.check_async(request.target.url)
        context = self.context(request)
        submission = Submission(
            context=context,
            contract=self.catalog[request.task_name],
            digest=digest(request),
            priority=request.priority,
            callback=request.target,
            max_wait=timedelta(seconds=request.max_wait) if request.max_wait is not None else None,
            idempotency=sha256(idempotency_key.encode()).hexdigest() if idempotency_key else None,
        )
        created = await self.redis.commit(self.store.create(submission))
        asked_for_another = request.task_id not in {None, created.task_id}  # by an Idempotency-Key that is known
        if created.outcome == "conflict" or asked_for_another:
            raise TaskIdConflict(task_id=created.task_id)
        if created.outcome == "full":
            raise QueueFull
        return created, context

    def context(self, request: TaskRequest) -> WorkflowContext:
        task_id, now = request.task_id or f"task_{token_hex(12)}", utcnow()
        params = InputParams(
            task_name=request.task_name,
            input_data=request.input_data.model_dump(mode="json"),
            callback=shown(request.target),
        )
        return WorkflowContext(
            workflow_id=task_id,
            task_id=task_id,
            task_name=request.task_name,
            created_at=now,
            updated_at=now,
            input_params=params,
            shared_storage_path=PurePosixPath(self.storage.workspace(task_id)),
            stages={request.task_name: Stage()},
        )

    async def check_files(self, data: BaseModel) -> None:
        for field, media in media_files(data):
            try:
                await self.check_file(media)
            except BatonError as error:
                errors = [{"field": f"input_data.{field}", "message": error.message, "type": error.code}]
                raise InvalidInput(f"input_data.{field}: {error.message}", errors=errors) from error

    async def check_file(self, media: MediaFile) -> None:
        if media.kind != "url":
            await asyncio.to_thread(self.storage.find, media)
        elif not media.lower().startswith("s3://"):
            await self.inputs.check_async(media)


def digest(request: TaskRequest) -> str:
    """Return what makes two requests the same: everything but the id. Newer options count only where they are used."""
    unused = {name for name in NEWER_OPTIONS if getattr(request, name) is None}
    body = request.model_dump(mode="json", exclude={"task_id", *unused})
    return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def shown(target: Callback | None) -> dict[str, Any] | None:
    """Return the callback as the record shows it: without the secrets in its query and headers."""
    if not target:
        return None
    return {
        "url": redacted(target.url),
        "headers": sorted(target.headers),
        "events": target.events or [*TYPES.values()],
    }
