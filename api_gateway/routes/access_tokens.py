"""Access tokens for clients that cannot send a header: a video player, a download link, an EventSource."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api_gateway.dependencies import Held
from api_gateway.http.json_body import StrictJsonRoute
from api_gateway.http.problems import error_responses
from common.errors import BodyTooComplex, BodyTooLarge, InvalidInput, MalformedBody, UnsupportedMediaType

NO_STORE = {"Cache-Control": {"schema": {"type": "string"}}}
router = APIRouter(tags=["access"], route_class=StrictJsonRoute)


class TokenRequest(BaseModel):
    """The path to open."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[
        str,
        StringConstraints(pattern=r"^/v1/[^?#]+$", max_length=2_000),
        Field(description="as in the URL, without the query"),
    ]


class AccessToken(BaseModel):
    """`expires_in` is seconds."""

    token: str
    path: str
    expires_in: Annotated[int, Field(gt=0)]


@router.post(
    "/access-tokens",
    status_code=201,
    summary="Open one path without a key, for a few minutes",
    responses={
        201: {"headers": NO_STORE},
        **error_responses(InvalidInput, MalformedBody, UnsupportedMediaType, BodyTooLarge, BodyTooComplex),
    },
)
async def give(body: TokenRequest, gateway: Held, response: Response) -> AccessToken:
    """Add `?access_token=` to a GET or HEAD of exactly this path; the rest of the query is free.

    A stream that was opened with it stays open when it expires.
    """
    response.headers["Cache-Control"] = "no-store"
    tokens = gateway.access_tokens
    token = await tokens.create(body.path)
    return AccessToken(token=token, path=body.path, expires_in=int(tokens.ttl.total_seconds()))
