"""HTTP transport that limits the size of an answer."""

from collections.abc import AsyncIterator

import httpx2  # noqa: TID253 - the engine imports this module only where it connects
from typing_extensions import override


class AnswerTooLong(httpx2.TransportError):
    """The server sent more than is allowed."""


class CappedTransport(httpx2.AsyncHTTPTransport):
    """Ends an answer's body after `limit` bytes. Nothing is decompressed, so that a few bytes cannot become many."""

    def __init__(self, limit: int, *, proxy: str | None = None) -> None:
        super().__init__(proxy=proxy)
        self.limit = limit

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["Accept-Encoding"] = "identity"
        response = await super().handle_async_request(request)
        response.stream = CappedStream(response.stream, self.limit)
        return response


class CappedStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream | httpx2.AsyncByteStream, limit: int) -> None:
        self.stream = stream
        self.limit = limit

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        taken = 0
        async for piece in self.stream:  # type: ignore[union-attr]  # an asynchronous transport gives this kind
            taken += len(piece)
            if taken > self.limit:
                raise AnswerTooLong(f"the answer is longer than {self.limit} bytes (llm.max_answer_bytes)")
            yield piece

    @override
    async def aclose(self) -> None:
        await self.stream.aclose()  # type: ignore[union-attr]  # the same
