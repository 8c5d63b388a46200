"""The format of broker messages (Celery protocol 2 on Redis), validated before they are used."""

from collections.abc import Container
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, Json, TypeAdapter, ValidationError

from common.state.context import TaskId


class Arguments(BaseModel):
    """The only argument of a delivery: the task's context, of which the claim reads only the id."""

    task_id: TaskId


class Headers(BaseModel):
    id: TaskId
    task: str
    retries: int = 0
    eta: None = None
    expires: None = None
    timelimit: Annotated[list[float | None], Field(max_length=2)] | None = None


class DeliveryInfo(BaseModel):
    exchange: str
    routing_key: str


class Properties(BaseModel):
    body_encoding: Literal["base64"]
    delivery_tag: Annotated[str, Field(min_length=1)]
    delivery_info: DeliveryInfo


class Envelope(BaseModel):
    """What kombu pops from a queue."""

    model_config = ConfigDict(strict=True)

    body: Base64Bytes
    content_type: Annotated[Literal["application/json"], Field(alias="content-type")]
    content_encoding: Annotated[Literal["utf-8"], Field(alias="content-encoding")]
    headers: Headers
    properties: Properties


class Body(NamedTuple):
    args: Annotated[list[Arguments], Field(min_length=1, max_length=1)]
    kwargs: dict[str, Any]
    embedded: dict[str, Any] | None


BODY: TypeAdapter[Json[Body]] = TypeAdapter(Json[Body])


class Unreadable(ValueError):
    """A message that no worker can run."""


def read_envelope(message: bytes, known: Container[str]) -> Headers:
    """Return the headers of a message for one of the known tasks.

    Raises:
        Unreadable: it is not one of Baton's messages; the text says why.
    """
    try:
        envelope = Envelope.model_validate_json(message)
        body = BODY.validate_python(envelope.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Unreadable(": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))) from error
    if envelope.headers.task not in known:
        raise Unreadable(f"headers.task: no task is named {envelope.headers.task}")
    if body.args[0].task_id != envelope.headers.id:
        raise Unreadable("headers.id: the body belongs to another task")
    return envelope.headers
