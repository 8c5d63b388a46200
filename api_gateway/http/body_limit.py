"""Middleware that refuses a JSON body that is too large, by its length or while it arrives."""

from collections.abc import Container

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_gateway.http.problems import problem
from common.errors import BodyTooLarge


class BodyLimit:
    """Plain ASGI, so that streams remain streams. Uploads are exempt: they have their own limit."""

    def __init__(self, app: ASGIApp, *, limit: int, unlimited: Container[str]) -> None:
        self.app = app
        self.limit = limit
        self.unlimited = unlimited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self.unlimited:
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self.limit:
            await self.refuse(scope, receive, send)
            return
        await self.count(scope, receive, send)

    async def count(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the body on and count it; over the limit, answer the request here and drop the app's answer."""
        read = 0
        refused = False

        async def receive_counted() -> Message:
            nonlocal read, refused
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.limit and not refused:
                refused = True
                await self.refuse(scope, receive, send)
            return {"type": "http.disconnect"} if refused else message

        async def unless_refused(message: Message) -> None:
            if not refused:
                await send(message)

        await self.app(scope, receive_counted, unless_refused)

    async def refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"The body exceeds {self.limit} bytes. Send a smaller one, or raise gateway.max_body_bytes."
        answer = problem(BodyTooLarge.status, BodyTooLarge.code, detail, {"Connection": "close"})
        await answer(scope, receive, send)
