"""The callback part of a submission."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from typing_extensions import override

from api_gateway.callbacks.secret import SECRET_PATTERN, is_secret
from common.net.policy import redact_url
from common.state.messages import TYPES
from common.state.record import Callback

RESERVED_HEADERS = ("host", "content-length", "content-type", "transfer-encoding", "connection")

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^([!-~]([ -~]*[!-~])?)?$", max_length=4096)]


def refuse_own_headers(headers: dict[str, str]) -> dict[str, str]:
    """Refuse headers that Baton sets itself."""
    for name in headers:
        if name.lower() in RESERVED_HEADERS or name.lower().startswith("webhook-"):
            raise ValueError(f"{name} is set by Baton itself")
    return headers


def signing_secret(text: str) -> str:
    if not is_secret(text):
        raise ValueError("not a Standard Webhooks secret: whsec_ and base64 of 24 to 64 bytes")
    return text


SigningSecret = Annotated[str, StringConstraints(pattern=SECRET_PATTERN), AfterValidator(signing_secret)]


class CallbackRequest(BaseModel):
    """Where to report the end of the task: a URL, or an object with options."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[
        str, Field(min_length=1, max_length=4096, description="kept byte for byte", json_schema_extra={"format": "uri"})
    ]
    headers: Annotated[
        dict[HeaderName, HeaderValue], Field(max_length=20, repr=False), AfterValidator(refuse_own_headers)
    ] = {}
    events: list[Literal["task.completed", "task.failed", "task.cancelled"]] | None = None
    thin: Annotated[bool, Field(description="the body identifies the task and its end, without input and output")] = (
        False
    )
    secret: Annotated[
        SigningSecret | None,
        Field(
            repr=False,
            description="signs this callback instead of `callbacks.secret`; never shown again",
            json_schema_extra={"writeOnly": True},
        ),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def from_url(cls, value: Any) -> Any:
        return {"url": value} if isinstance(value, str) else value

    @classmethod
    @override
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        url = {"type": "string", "format": "uri", "minLength": 1, "maxLength": 4096}
        return {"anyOf": [url, handler(core)]}

    def target(self, base_url: str) -> Callback:
        return Callback(**self.model_dump(), base_url=base_url)


def without_secrets(target: Callback | None) -> dict[str, Any] | None:
    """Return the callback as the record shows it: without the secrets in its query and headers."""
    if not target:
        return None
    return {
        "url": redact_url(target.url),
        "headers": sorted(target.headers),
        "events": target.events or [*TYPES.values()],
        "thin": target.thin,
    }
