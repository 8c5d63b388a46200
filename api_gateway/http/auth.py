"""API keys: sent as `X-API-Key` or `Authorization: Bearer`, stored as hashes, compared in constant time."""

import hmac
from base64 import b64decode
from hashlib import sha256
from typing import Annotated
from urllib.parse import unquote_plus

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, APIKeyQuery, HTTPAuthorizationCredentials, HTTPBearer

from api_gateway.http.access_tokens import KEY_STATE, STATE
from common.errors import Unauthorized
from common.settings import AuthSettings

HEADER = APIKeyHeader(name="X-API-Key", auto_error=False)
BEARER = HTTPBearer(auto_error=False)
PARAMETER = APIKeyQuery(name=KEY_STATE, auto_error=False)
"""For the OpenAPI document: `AccessTokenMiddleware` has removed it from the query by then."""
READING = frozenset({"GET", "HEAD"})


def key_hash(key: str) -> str:
    """Return the hash stored in `auth.api_keys`. Keys are long and random, so one round of SHA-256 is sufficient."""
    return f"sha256:{sha256(key.encode()).hexdigest()}"


def is_valid_key(settings: AuthSettings, key: str) -> bool:
    hashed = key_hash(key)
    return any([hmac.compare_digest(hashed, stored) for stored in settings.api_keys])  # noqa: C419 - compare them all


async def key_of(request: Request) -> str:
    """Return the key that a request sends in its headers, or ''."""
    bearer = await BEARER(request)
    return await HEADER(request) or (bearer.credentials if bearer else "")


def key_in_url(request: Request) -> str:
    """Return the key in the URL of a request, or '': `?api_key=`, or the password in `http://any:<key>@host/`."""
    parameter: str = getattr(request.state, KEY_STATE, "")
    return unquote_plus(parameter) or password_of(request.headers.get("authorization", ""))


def password_of(authorization: str) -> str:
    """Return the password of HTTP's Basic authorization, as which clients send the password of a URL."""
    kind, _, encoded = authorization.partition(" ")
    try:
        text = b64decode(encoded, validate=True).decode() if kind.lower() == "basic" else ""
    except ValueError:
        return ""
    return text.partition(":")[2]


async def require_key_or_url_key(
    request: Request,
    _header: Annotated[str | None, Security(HEADER)],
    _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
    _parameter: Annotated[str | None, Security(PARAMETER)],
) -> None:
    """Require a valid key in the headers or, for clients that cannot send it there, in the URL.

    Raises:
        Unauthorized: there is no key, or an unknown one.
    """
    settings: AuthSettings = request.app.state.gateway.settings.auth
    key = await key_of(request) or key_in_url(request)
    if settings.api_keys and not is_valid_key(settings, key):
        raise Unauthorized


async def require_key(
    request: Request,
    _header: Annotated[str | None, Security(HEADER)],
    _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
) -> None:
    """Require a valid key, or an access token for the path; if no keys are configured, accept every request.

    Raises:
        Unauthorized: there is no key, or an unknown one.
        StateUnavailable: there is a token, and Redis does not answer.
    """
    settings: AuthSettings = request.app.state.gateway.settings.auth
    key = await key_of(request)
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
