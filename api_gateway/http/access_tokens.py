"""Access tokens: replace an API key in one URL for a few minutes, where a browser cannot send headers."""

from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from common.state import keys
from common.state.client import AsyncRedis, translate_errors

STATE = "access_token"
"""Where a request has its token afterwards: `request.state.access_token`."""
KEY_STATE = "api_key"
"""The same for a key in the URL, which two routes accept."""
PARAMETERS = (STATE.encode(), KEY_STATE.encode())
RANDOM_BYTES = 32


class AccessTokens:
    """Redis stores only the hash of a token, so that read access to Redis gives no access here."""

    def __init__(self, redis: AsyncRedis, ttl: timedelta) -> None:
        self.redis = redis
        self.ttl = ttl

    async def create(self, path: str) -> str:
        """Return a new token for this path, for use in a URL."""
        token = token_urlsafe(RANDOM_BYTES)
        with translate_errors():
            await self.redis.client.set(key_of(token), unquote(path), px=self.ttl)
        return token

    async def opens(self, token: str, path: str) -> bool:
        """Return whether a token was issued for this (decoded) path and is still valid."""
        with translate_errors():
            return await self.redis.client.get(key_of(token)) == path


def key_of(token: str) -> str:
    return keys.access_token(sha256(token.encode()).hexdigest())


class AccessTokenMiddleware:
    """Removes the token, or a key, from the query string before anything else reads it.

    Routes need not know about it, and no access log shows it: uvicorn writes its log from this scope, afterwards.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for name in PARAMETERS if scope["type"] == "http" else ():
            if name in scope["query_string"]:
                secret, scope["query_string"] = split_parameter(scope["query_string"], name)
                scope.setdefault("state", {})[name.decode()] = secret
        await self.app(scope, receive, send)


def split_parameter(query: bytes, wanted: bytes) -> tuple[str, bytes]:
    """Return the value of a parameter and the rest of the query; of several values only the last."""
    found, rest = b"", []
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if name == wanted:
            found = value
        else:
            rest.append(part)
    return found.decode("latin-1"), b"&".join(rest)
