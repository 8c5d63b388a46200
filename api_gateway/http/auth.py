"""API keys: sent as `X-API-Key` or `Authorization: Bearer`, stored as hashes, compared in constant time."""

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
    """Return the hash stored in `auth.api_keys`. Keys are long and random, so one round of SHA-256 is sufficient."""
    return f"sha256:{sha256(key.encode()).hexdigest()}"


def is_valid_key(settings: AuthSettings, key: str) -> bool:
    hashed = key_hash(key)
    return any([hmac.compare_digest(hashed, stored) for stored in settings.api_keys])  # noqa: C419 - compare them all


async def require_key(
    request: Request,
    header: Annotated[str | None, Security(HEADER)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
) -> None:
    """Require a valid key, or an access token for the path; if no keys are configured, accept every request.

    Raises:
        Unauthorized: there is no key, or an unknown one.
        StateUnavailable: there is a token, and Redis does not answer.
    """
    settings: AuthSettings = request.app.state.gateway.settings.auth
    key = header or (bearer.credentials if bearer else "")
    if not settings.api_keys or is_valid_key(settings, key) or (not key and await is_authorized_by_token(request)):
        return
    raise Unauthorized


async def is_authorized_by_token(request: Request) -> bool:
    """Return whether a token authorizes this request: it only permits reading, and only its own path."""
    token: str = getattr(request.state, STATE, "")
    if not token or request.method not in READING:
        return False
    opens: bool = await request.app.state.gateway.access_tokens.opens(token, request.scope["path"])
    return opens
