"""Limits of open event streams in this process: per task, per client, in total."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Request

from api_gateway.http.auth import BEARER, HEADER, key_hash
from common.errors import TooManyStreams
from common.settings import GatewaySettings


class StreamLimits:
    """Counts the open streams."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.limits = {
            "stream": ("gateway.sse_per_task", settings.sse_per_task),
            "client": ("gateway.sse_per_client", settings.sse_per_client),
            "all": ("gateway.sse_total", settings.sse_total),
        }
        self.open: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def count_stream(self, stream: str, client: str) -> Iterator[None]:
        """Count a stream while the block runs.

        Raises:
            TooManyStreams: a limit is reached; the message names its setting.
        """
        places = (("stream", stream), ("client", client), ("all", ""))
        for place in places:
            setting, most = self.limits[place[0]]
            if self.open[place] >= most:
                raise TooManyStreams(
                    f"{most} event streams are open already ({setting}). Close one, or try again later."
                )
        self.open.update(places)
        try:
            yield
        finally:
            self.open.subtract(places)
            self.open += Counter()  # removes zero counts


async def client_of(request: Request) -> str:
    """Return what identifies a client: its key, or its address if it has none."""
    bearer = await BEARER(request)
    key = await HEADER(request) or (bearer.credentials if bearer else "")
    return key_hash(key) if key else (request.client.host if request.client else "")


ClientId = Annotated[str, Depends(client_of)]
