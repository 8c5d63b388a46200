"""What a server's refusals and failures mean, as Baton's errors; the API key is removed from all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from common.errors import BatonError
from common.net.retry_after import parse_retry_after
from services.llm.errors import (
    ContentFiltered,
    ContextTooLong,
    KeyRefused,
    LlmModelMissing,
    ProviderBusy,
    ProviderUnreachable,
    QuotaExhausted,
    RequestRefused,
)
from services.llm.providers import Provider

if TYPE_CHECKING:
    import openai

REASON_CHARACTERS = 300
SERVER_FAULT = 500
STATUS: dict[int, type[BatonError]] = {
    401: KeyRefused,
    402: QuotaExhausted,
    403: KeyRefused,
    404: LlmModelMissing,
    408: ProviderBusy,
    409: ProviderBusy,
    429: ProviderBusy,
    503: ProviderBusy,
    529: ProviderBusy,
}
CODES: dict[str, type[BatonError]] = {
    "insufficient_quota": QuotaExhausted,
    "billing_hard_limit_reached": QuotaExhausted,
    "insufficient_balance": QuotaExhausted,
    "content_filter": ContentFiltered,
    "content_policy_violation": ContentFiltered,
    "data_inspection_failed": ContentFiltered,
    "context_length_exceeded": ContextTooLong,
    "exceed_context_size_error": ContextTooLong,
    "string_above_max_length": ContextTooLong,
}
"""The `code` or `type` in the body of an error, at OpenAI, Azure, DashScope, DeepSeek and llama.cpp."""
WORDS: tuple[tuple[re.Pattern[str], type[BatonError]], ...] = (
    (re.compile(r"context (?:length|window|size)|prompt is too long", re.IGNORECASE), ContextTooLong),
    (re.compile(r"content management policy|content[ _]filter|content exists risk", re.IGNORECASE), ContentFiltered),
)
"""For servers that send no code."""


@cache
def library() -> Any:
    """Load openai once per process."""
    import openai

    return openai


class Failures:
    """Creates the errors of one provider."""

    def __init__(self, name: str, model: str, provider: Provider) -> None:
        self.where = {"provider": name, "model": model}
        self.provider = provider

    @contextmanager
    def translate(self) -> Iterator[None]:
        """Translate the library's errors."""
        import httpx2  # a dependency of openai

        openai = library()
        try:
            yield
        except openai.APIStatusError as error:
            raise self.of_status(error) from None
        except openai.APIConnectionError as error:  # also a timeout
            cause = error.__cause__ or error
            raise self.unreachable(f"{type(cause).__name__}: {cause}") from None
        except httpx2.HTTPError as error:  # inside a stream, where the library does not translate them
            raise self.unreachable(f"{type(error).__name__}: {error}") from None
        except TimeoutError:
            limit = self.provider.timeout.total_seconds()
            raise self.unreachable(f"no complete answer within {limit:g} s (its `timeout`)") from None
        # truncated, not JSON, or nested too deep
        except (openai.APIResponseValidationError, ValueError, RecursionError) as error:
            raise self.unreachable(f"the answer is not JSON: {error}") from None
        except openai.APIError as error:  # an error inside a stream
            raise self.of_body(error.body, error.message) from None

    def of_status(self, error: openai.APIStatusError) -> BatonError:
        """Return the error for a status, with the server's message."""
        default = ProviderUnreachable if error.status_code >= SERVER_FAULT else RequestRefused
        kind, message = STATUS.get(error.status_code, default), message_of(error)
        if error.status_code < SERVER_FAULT:
            kind = kind_of_body(error.body, message) or kind
        detail: dict[str, Any] = {"status": error.status_code}
        if (wait := requested_pause(error.response.headers)) is not None:
            detail["retry_after"] = wait.total_seconds()
        return self.make(kind, message, **detail)

    def of_body(self, body: object, message: str) -> BatonError:
        """Return the error for a body that reports one under a status of success, or inside a stream."""
        code = body.get("code") if isinstance(body, Mapping) else None
        status = int(str(code)) if str(code).isdecimal() else 0
        kind = kind_of_body(body, message) or STATUS.get(status)
        if kind is None:
            kind = RequestRefused if 400 <= status < SERVER_FAULT else ProviderUnreachable  # noqa: PLR2004 - a client's fault, as in HTTP
        return self.make(kind, f"the server reports an error in its answer: {message}")

    def check(self, answer: Any) -> None:
        """Raise the error for an answer that is not a chat completion.

        Raises:
            RequestRefused: it is a stream, which was not requested.
            ProviderUnreachable, or what its body names: it is something else, or reports an error.
        """
        if isinstance(answer, str):
            if answer.lstrip().startswith(("data:", "event:", ":")):
                raise self.make(RequestRefused, "the server answers with a stream only")
            raise self.unreachable(f"the answer is not a chat completion: {' '.join(answer.split()) or '(nothing)'}")
        reported = getattr(answer, "error", None)
        if reported and not getattr(answer, "choices", None):
            message = reported.get("message") if isinstance(reported, Mapping) else reported
            raise self.of_body(reported, str(message or reported))

    def unreachable(self, reason: str) -> BatonError:
        return self.make(ProviderUnreachable, reason)

    def make(self, kind: type[BatonError], reason: str, **detail: Any) -> BatonError:
        return kind(**self.where, **detail, reason=self.excerpt(reason))

    def excerpt(self, text: str) -> str:
        """Return the beginning of the server's message, with the key removed, in whatever form it is written."""
        key = self.provider.api_key
        secret = key.get_secret_value() if key else ""
        for written in {secret, repr(secret)[1:-1]} - {""}:
            text = text.replace(written, "***")
        return text[:REASON_CHARACTERS]


def message_of(error: openai.APIStatusError) -> str:
    """Return the server's message, or the whole body of an error in a form that the library does not know."""
    known = error.body is None or error.message != f"Error code: {error.status_code}"
    return error.message if known else f"{error.message}: {error.body}"


def kind_of_body(body: object, message: str) -> type[BatonError] | None:
    """Return the error that the body of a refusal names by a code, a type or its words; None if it names none."""
    if isinstance(body, Mapping):
        for code in (body.get("code"), body.get("type")):
            if kind := CODES.get(str(code)):
                return kind
    return next((kind for pattern, kind in WORDS if pattern.search(message)), None)


def requested_pause(headers: Mapping[str, str]) -> timedelta | None:
    """Return the pause that the server requests: `retry-after-ms` as OpenAI and Azure send it, or `retry-after`."""
    precise = headers.get("retry-after-ms", "")
    if precise.isdecimal():
        return parse_retry_after(str(-(-int(precise) // 1000)))
    return parse_retry_after(headers.get("retry-after"))
