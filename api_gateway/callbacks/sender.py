"""Send one callback: signed, its target byte for byte, its answer read only in part."""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from string import punctuation
from urllib.parse import quote

import httpx
from standardwebhooks.webhooks import Webhook

from api_gateway.callbacks.encryption import TargetCipher
from api_gateway.callbacks.secret import is_secret
from common.clock import utcnow
from common.errors import NotStartable
from common.net.retry_after import parse_retry_after
from common.settings import CallbackSettings
from common.state.messages import Message

MOST_OF_ANSWER = 500
REST_OF_ANSWER_S = 1.0
TARGET = re.compile(r"[^:/?#]+://[^/?#]*([^#]*)")  # what follows the authority, as httpx splits it
# compressed bytes would not be readable in the log, and could be a decompression bomb
FIXED = {"Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "Baton"}


@dataclass(frozen=True, slots=True)
class ReceiverResponse:
    """The receiver's answer."""

    status_code: int
    text: str
    """The beginning of its body."""
    retry_after: timedelta | None


class CallbackClient:
    """Posts messages; its client enforces the target policy."""

    def __init__(self, settings: CallbackSettings, client: httpx.AsyncClient) -> None:
        """Raise NotStartable if the secret is not valid."""
        self.client = client
        self.timeout_s = settings.timeout.total_seconds()
        self.signer = signer(settings)
        self.cipher = TargetCipher(settings)

    async def post(self, message: Message) -> ReceiverResponse:
        """Send the message once. Redirects are not followed.

        Raises:
            httpx.HTTPError: there was no answer.
            TimeoutError: there was none in time.
            CallbackNotAllowed: the target may not be reached.
            TargetUnreadable: the target was encrypted with a secret that is not in the settings.
        """
        target = self.cipher.decrypt(message.target)
        headers = httpx.Headers(FIXED)
        headers.update(
            {
                **target.headers,
                **self.signature_headers(message, Webhook(target.secret) if target.secret else self.signer),
            }
        )
        request = self.client.build_request("POST", target.url, content=message.body.encode(), headers=headers)
        request.extensions["target"] = request_target(target.url)
        async with asyncio.timeout(self.timeout_s):
            response = await self.send_request(request)
        try:
            text = await read_beginning(response)
        finally:
            await response.aclose()
        return ReceiverResponse(response.status_code, text, parse_retry_after(response.headers.get("retry-after")))

    async def send_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self.client.send(request, stream=True, follow_redirects=False)
        except UnicodeError as error:  # httpx parses the target of a redirect, although it does not follow it
            raise httpx.RemoteProtocolError("The answer redirects to a host name that is not valid") from error

    def signature_headers(self, message: Message, signer: Webhook | None) -> dict[str, str]:
        """Return the Standard Webhooks headers; a signature only if there is a secret."""
        now = utcnow()
        headers = {"webhook-id": message.id, "webhook-timestamp": str(int(now.timestamp()))}
        if signer:
            headers["webhook-signature"] = signer.sign(message.id, now, message.body)
        return headers


def signer(settings: CallbackSettings) -> Webhook | None:
    if settings.secret is None:
        return None
    secret = settings.secret.get_secret_value()
    if is_secret(secret):
        return Webhook(secret)
    raise NotStartable(
        'callbacks.secret is not a Standard Webhooks secret. Create one: echo "whsec_$(openssl rand -base64 32)"'
    )


def request_target(url: str) -> bytes:
    """Return path and query exactly as the client wrote them: a signed resume URL must not be changed.

    Only characters that are not allowed in a request line, such as a space, are percent-encoded.
    """
    found = TARGET.match(url)
    target = found[1] if found else ""
    return quote(target if target.startswith("/") else f"/{target}", safe=punctuation).encode()


async def read_beginning(response: httpx.Response) -> str:
    """Return the beginning of the answer's text. The status was the answer: a slow or broken body changes nothing."""
    read = b""
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(REST_OF_ANSWER_S):
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) >= MOST_OF_ANSWER:
                    break
    return read[:MOST_OF_ANSWER].decode("utf-8", errors="replace")
