"""Cache of answers: the same request to the same model is paid for only once."""

from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from typing import Any

from pydantic_core import from_json, to_json

from common.errors import StateUnavailable
from common.state import keys
from common.state.client import SyncRedis, translate_errors


class Cache:
    """Stored in Redis, by a digest of the request. Without Redis it is merely empty."""

    def __init__(self, redis: SyncRedis, ttl: timedelta) -> None:
        self.redis = redis
        self.ttl = ttl

    def get(self, digest: str) -> Any:
        """Return a stored answer, or None."""
        with suppress(StateUnavailable), translate_errors():
            if self.ttl and (found := self.redis.client.get(keys.llm_answer(digest))):
                return from_json(found)
        return None

    def put(self, digest: str, answer: Any) -> None:
        with suppress(StateUnavailable), translate_errors():
            if self.ttl:
                self.redis.client.set(keys.llm_answer(digest), to_json(answer), px=self.ttl)


def digest_of(*question: Any) -> str:
    return sha256(to_json(question)).hexdigest()
