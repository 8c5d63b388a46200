"""API keys: sent as `X-API-Key` or `Authorization: Bearer`, kept as hashes, compared in constant time."""

import hmac
from hashlib import sha256
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api_gateway.http.access_tokens import STATE
from common.errors import Unauthorized
from common.settings import AuthSettings

HEADER = APIKeyHeader(name="X-API-Key", auto_error=False)
BEARER = HTTPBearer(auto_error=False)
READING = frozenset({"GET", "HEAD"})


def key_hash(key: str) -> str:
    """Return what `auth.api_keys` holds. Keys are long and random, so one round of SHA-256 is enough."""
    return f"sha256:{sha256(key.encode()).hexdigest()}"


def is_valid_key(settings: AuthSettings, key: str) -> bool:
    hashed = key_hash(key)
    return any([hmac.compare_digest(hashed, stored) for stored in settings.api_keys])  # noqa: C419 - compare them all


async def require_key(
    request: Request,
    header: Annotated[str | None, Security(HEADER)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
) -> None:
    """Let a request pass that shows a known key, or no key but an access token for its path; any when no keys are set.

    Raises:
        Unauthorized: there is no key, or not a known one.
        StateUnavailable: there is a token, and Redis does not answer.
    """
    settings: AuthSettings = request.app.state.gateway.settings.auth
    key = header or (bearer.credentials if bearer else "")
    if not settings.api_keys or is_valid_key(settings, key) or (not key and await let_in(request)):
        return
    raise Unauthorized


async def let_in(request: Request) -> bool:
    """Tell whether a token opens this request: it only reads, and only the path that it was given for."""
    token: str = getattr(request.state, STATE, "")
    if not token or request.method not in READING:
        return False
    opens: bool = await request.app.state.gateway.access_tokens.opens(token, request.scope["path"])
    return opens
