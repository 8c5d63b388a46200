"""Submission: from a request to a recorded task. Contract, files and callback are checked, then it is written once."""

import asyncio
import json
from datetime import timedelta
from hashlib import sha256
from pathlib import PurePosixPath
from secrets import token_hex
from typing import Annotated, Any, Literal, Union

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model
from pydantic_core import to_json

from api_gateway.callbacks.encryption import TargetCipher
from api_gateway.callbacks.request import CallbackRequest, without_secrets
from common.clock import utcnow
from common.contract import Catalog, Contract, media_files
from common.errors import BatonError, CallbackSecretRefused, InvalidInput, QueueFull, ShareUnavailable, TaskIdConflict
from common.files.storage import Storage
from common.media.fields import MediaFile
from common.net.policy import TargetPolicy
from common.state.client import AsyncRedis
from common.state.context import InputParams, Stage, TaskId, WorkflowContext
from common.state.record import Callback
from common.state.store import Created, StateStore, Submission

DEFAULT_PRIORITY = 5
MOST_METADATA_BYTES = 16 * 1024
LONGEST_WAIT_S = 366 * 24 * 3600


def check_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(metadata, allow_nan=False)
    except ValueError as error:
        raise ValueError("a number in it, such as 1e309, is too large") from error
    if len(to_json(metadata)) > MOST_METADATA_BYTES:
        raise ValueError(f"metadata exceeds {MOST_METADATA_BYTES} bytes; keep the rest on your side, by the task_id")
    return metadata


class TaskSubmission(BaseModel):
    """Fields of every submission, whatever its task."""

    model_config = ConfigDict(extra="forbid")

    task_name: str
    input_data: Any
    task_id: Annotated[TaskId | None, Field(description="chosen by the client: posting it again is safe")] = None
    callback: CallbackRequest | None = None
    priority: Annotated[int, Field(strict=True, ge=0, le=9, description="9 is most urgent")] = DEFAULT_PRIORITY
    max_wait: Annotated[
        float | None,
        Field(
            gt=0,
            le=LONGEST_WAIT_S,
            description="seconds the task may wait for a worker, and again for a device; then it fails",
        ),
    ] = None
    metadata: Annotated[
        Annotated[dict[str, Any], AfterValidator(check_metadata)] | None,
        Field(description="belongs to the client; returned unchanged in the record and the callback; at most 16 KiB"),
    ] = None


def request_model(catalog: Catalog) -> Any:
    """Return the union of all submissions, discriminated by `task_name`, as /docs shows it."""
    models = tuple(request_for(contract) for contract in catalog.values())
    return Annotated[Union[models], Field(discriminator="task_name")]  # noqa: UP007 - the members are made at run time


def request_for(contract: Contract) -> type[TaskSubmission]:
    name = "".join(part.title() for part in contract.name.replace(".", "_").split("_"))
    fields: dict[str, Any] = {"task_name": (Literal[contract.name], ...), "input_data": (contract.input, ...)}
    return create_model(f"{name}Request", __base__=TaskSubmission, __doc__=contract.summary, **fields)


class Submitter:
    """Checks what a contract alone cannot, and records the task."""

    def __init__(
        self,
        redis: AsyncRedis,
        store: StateStore,
        storage: Storage,
        catalog: Catalog,
        *,
        callbacks: TargetPolicy,
        inputs: TargetPolicy,
        cipher: TargetCipher,
        public_url: str | None,
    ) -> None:
        self.redis = redis
        self.store = store
        self.storage = storage
        self.catalog = catalog
        self.callbacks = callbacks
        self.inputs = inputs
        self.cipher = cipher
        self.base_url = (public_url or "").rstrip("/")

    async def submit(self, request: TaskSubmission, idempotency_key: str | None) -> tuple[Created, WorkflowContext]:
        """Record a task, or find the one that the same request created before.

        Raises:
            InvalidInput: a file or URL may not be read; the error names its field.
            CallbackNotAllowed: the callback URL points to a forbidden address.
            CallbackSecretRefused: the callback has a secret that could not be stored encrypted.
            TaskIdConflict: the id or the key belongs to another request.
            QueueFull: too many tasks are pending.
        """
        await self.check_files(request.input_data)
        target = await self.checked_target(request.callback) if request.callback else None
        context = self.context(request, target)
        submission = Submission(
            context=context,
            contract=self.catalog[request.task_name],
            digest=digest(request),
            priority=request.priority,
            callback=self.cipher.encrypt(target) if target else None,
            max_wait=timedelta(seconds=request.max_wait) if request.max_wait is not None else None,
            idempotency=sha256(idempotency_key.encode()).hexdigest() if idempotency_key else None,
        )
        created = await self.redis.commit(self.store.create(submission))
        asked_for_another = request.task_id not in {None, created.task_id}  # found through a known Idempotency-Key
        if created.outcome == "conflict" or asked_for_another:
            raise TaskIdConflict(task_id=created.task_id)
        if created.outcome == "full":
            raise QueueFull
        return created, context

    async def checked_target(self, callback: CallbackRequest) -> Callback:
        await self.callbacks.check_async(callback.url)
        if callback.secret and not self.cipher.encrypts:
            raise CallbackSecretRefused
        return callback.target(self.base_url)

    def context(self, request: TaskSubmission, target: Callback | None) -> WorkflowContext:
        task_id, now = request.task_id or f"task_{token_hex(12)}", utcnow()
        params = InputParams(
            task_name=request.task_name,
            input_data=request.input_data.model_dump(mode="json"),
            callback=without_secrets(target),
            metadata=request.metadata,
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
            except ShareUnavailable:
                raise
            except BatonError as error:
                errors = [{"field": f"input_data.{field}", "message": error.message, "type": error.code}]
                raise InvalidInput(f"input_data.{field}: {error.message}", errors=errors) from error

    async def check_file(self, media: MediaFile) -> None:
        if media.kind != "url":
            await asyncio.to_thread(self.storage.find, media)
        elif not media.lower().startswith("s3://"):
            await self.inputs.check_async(media)


def digest(request: TaskSubmission) -> str:
    """Return what makes two requests the same: everything but the id. Newer members count only if they are given, so
    that a request is still the same after an upgrade.
    """
    body = request.model_dump(mode="json", exclude={"task_id"})
    later = [(body, "metadata"), (body, "max_wait")] + [
        (body["callback"], name) for name in ("thin", "secret") if body["callback"]
    ]
    for members, name in later:
        if not members[name]:
            del members[name]
    return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
