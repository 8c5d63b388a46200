"""The openai library: requests to one endpoint within its limits, with Baton's errors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self, cast

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from common.errors import BatonError
from common.net.retry_after import parse_retry_after
from services.llm.contracts import Usage
from services.llm.errors import KeyRefused, LlmModelMissing, ProviderBusy, ProviderUnreachable, RequestRefused
from services.llm.providers import Provider
from services.llm.rate_limit import limiter_of
from services.llm.server_dialect import Dialect, JsonSchema

if TYPE_CHECKING:
    import openai

MILLION = 1_000_000
REASON_CHARACTERS = 300
KEYLESS = "none"
"""The library requires a key; a server that needs none ignores it."""

Messages = list[dict[str, str]]
log = structlog.get_logger()
backoff = wait_exponential_jitter(multiplier=0.5, max=20)


@cache
def library() -> Any:
    """Load openai once per process."""
    import openai

    return openai


@dataclass(frozen=True, slots=True)
class Reply:
    """The model's answer."""

    text: str
    finish_reason: str


class Endpoint:
    """A provider. It is open inside `async with`, in one event loop at a time."""

    def __init__(self, name: str, provider: Provider, *, model: str | None, max_answer_bytes: int) -> None:
        self.name = name
        self.provider = provider
        self.model = model or provider.model
        self.max_answer_bytes = max_answer_bytes
        self.usage = Usage(cost=0.0 if prices(provider) else None)
        self.dialect = Dialect(provider.answers)
        self.slots: asyncio.Semaphore
        self.inside: AsyncExitStack
        self.client: openai.AsyncOpenAI

    async def __aenter__(self) -> Self:
        import httpx2  # a dependency of openai

        from services.llm.transport import CappedTransport  # noqa: PLC0415 - it needs httpx2

        self.slots, self.inside = asyncio.Semaphore(self.provider.max_concurrency), AsyncExitStack()
        key, proxy = self.provider.api_key, self.provider.proxy
        capped = CappedTransport(self.max_answer_bytes, proxy=proxy.get_secret_value() if proxy else None)
        http = httpx2.AsyncClient(transport=capped, follow_redirects=False)
        self.client = await self.inside.enter_async_context(
            library().AsyncOpenAI(
                base_url=self.provider.base_url,
                api_key=key.get_secret_value() if key else KEYLESS,
                timeout=self.provider.timeout.total_seconds(),
                max_retries=0,  # our retries are rate-limited, counted, and end with the task
                http_client=http,
            )
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.inside.aclose()

    async def ask(
        self,
        messages: Messages,
        *,
        schema: JsonSchema = None,
        temperature: float | None = None,
        max_output_tokens: int | None = None,
    ) -> Reply:
        """Send a request, and repeat it while the server is busy or failing.

        Raises:
            KeyRefused, LlmModelMissing, RequestRefused: a repetition would not help.
            ProviderBusy, ProviderUnreachable: the server did not answer in any of the tries.
        """
        longest = max_output_tokens or self.provider.max_output_tokens
        async with self.slots:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type((ProviderBusy, ProviderUnreachable)),
                wait=self.pause,
                stop=self.gives_up,
                reraise=True,
            ):
                with attempt:
                    return await self.ask_adapting(messages, schema, temperature, longest)
        raise AssertionError("tenacity ends with an answer or an error")

    async def ask_adapting(
        self, messages: Messages, schema: JsonSchema, temperature: float | None, longest: int | None
    ) -> Reply:
        """Send a request once; and again in another dialect if the server does not support this one."""
        while True:
            dialect = self.dialect
            try:
                return await self.once(messages, dialect.options(schema, temperature, longest))
            except RequestRefused as refused:
                if (simpler := dialect.adapt_to(refused.detail["reason"])) == dialect:
                    raise
                self.dialect = simpler
                log.warning("provider_asked_otherwise", answers=simpler.answers, limit=simpler.limit, **refused.detail)

    async def once(self, messages: Messages, options: dict[str, Any]) -> Reply:
        if self.provider.requests_per_minute:
            await limiter_of(self.name).wait(self.provider.requests_per_minute)
        self.usage.requests += 1
        # the library's own timeout applies to each read, so a server that sends byte by byte would never reach it
        with library_errors(self):
            async with asyncio.timeout(self.provider.timeout.total_seconds()):
                answer = await self.client.chat.completions.create(
                    model=self.model, messages=cast("Any", messages), **options
                )
        self.count(answer)
        return reply_of(answer)

    def pause(self, state: RetryCallState) -> float:
        """Return the pause that the server requests, or else a growing one."""
        told = retry_after(state)
        return backoff(state) if told is None else told

    def gives_up(self, state: RetryCallState) -> bool:
        too_long = (retry_after(state) or 0.0) > self.provider.longest_wait.total_seconds()
        return too_long or stop_after_attempt(self.provider.tries)(state)

    def count(self, answer: Any) -> None:
        used = getattr(answer, "usage", None)
        self.usage.input_tokens += count_of(getattr(used, "prompt_tokens", None))
        self.usage.output_tokens += count_of(getattr(used, "completion_tokens", None))
        if price := prices(self.provider):
            tokens = (self.usage.input_tokens, self.usage.output_tokens)
            self.usage.cost = round(sum(p * n for p, n in zip(price, tokens, strict=True)) / MILLION, 6)


def prices(provider: Provider) -> tuple[float, float] | None:
    if provider.input_price is None or provider.output_price is None:
        return None
    return provider.input_price, provider.output_price


def count_of(told: object) -> int:
    """Return a count from the server's answer; the library checks no types."""
    return told if isinstance(told, int) and told > 0 else 0


def reply_of(answer: Any) -> Reply:
    """Return the text of an answer, or of a refusal; an answer that is not a chat completion has none."""
    choices = getattr(answer, "choices", None)
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = getattr(choice, "message", None)
    said = getattr(message, "content", None) or getattr(message, "refusal", None)
    # JSON allows a lone surrogate, but a file does not
    text = said.encode(errors="replace").decode() if isinstance(said, str) else ""
    return Reply(text, str(getattr(choice, "finish_reason", None) or "none"))


# ---- errors ----


@contextmanager
def library_errors(endpoint: Endpoint) -> Iterator[None]:
    """Translate the library's errors, with the key removed."""
    openai = library()
    where = {"provider": endpoint.name, "model": endpoint.model}
    try:
        yield
    except openai.APIStatusError as error:
        raise status_error(error, where, endpoint) from None
    except openai.APIConnectionError as error:  # also a timeout
        cause = error.__cause__ or error
        raise ProviderUnreachable(
            **where, reason=excerpt_without_key(f"{type(cause).__name__}: {cause}", endpoint)
        ) from None
    except TimeoutError:
        limit = endpoint.provider.timeout.total_seconds()
        raise ProviderUnreachable(**where, reason=f"no complete answer within {limit:g} s (its `timeout`)") from None
    # truncated, not JSON, or nested too deep
    except (openai.APIResponseValidationError, ValueError, RecursionError) as error:
        raise ProviderUnreachable(
            **where, reason=excerpt_without_key(f"the answer is not JSON: {error}", endpoint)
        ) from None


def excerpt_without_key(text: str, endpoint: Endpoint) -> str:
    """Return the beginning of the server's message, with the key removed, in whatever form it is written."""
    key = endpoint.provider.api_key
    secret = key.get_secret_value() if key else ""
    for written in {secret, repr(secret)[1:-1]} - {""}:
        text = text.replace(written, "***")
    return text[:REASON_CHARACTERS]


def status_error(error: openai.APIStatusError, where: dict[str, str], endpoint: Endpoint) -> BatonError:
    """Return the error for a status, with the server's message."""
    kind = STATUS.get(error.status_code, ProviderUnreachable if error.status_code >= 500 else RequestRefused)  # noqa: PLR2004 - the first of HTTP for a server's fault
    detail: dict[str, Any] = {
        **where,
        "status": error.status_code,
        "reason": excerpt_without_key(error.message, endpoint),
    }
    if (wait := parse_retry_after(error.response.headers.get("retry-after"))) is not None:
        detail["retry_after"] = wait.total_seconds()
    return kind(**detail)


STATUS: dict[int, type[BatonError]] = {
    401: KeyRefused,
    403: KeyRefused,
    404: LlmModelMissing,
    408: ProviderBusy,
    409: ProviderBusy,
    429: ProviderBusy,
    503: ProviderBusy,
}


def retry_after(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    return error.detail.get("retry_after") if isinstance(error, BatonError) else None
