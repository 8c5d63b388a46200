"""The openai library: requests to one endpoint within its limits, with Baton's errors."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Self, cast

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from common.errors import BatonError
from services.llm.contracts import Usage
from services.llm.errors import ProviderBusy, ProviderUnreachable, RequestRefused
from services.llm.provider_errors import Failures, library
from services.llm.providers import Provider
from services.llm.rate_limit import limiter_of
from services.llm.replies import Reply, TokenCount, reply_of, reply_of_stream, tokens_of
from services.llm.server_dialect import Dialect, JsonSchema, Messages

if TYPE_CHECKING:
    import openai

MILLION = 1_000_000
KEYLESS = "none"
"""The library requires a key; a server that needs none ignores it."""

log = structlog.get_logger()
backoff = wait_exponential_jitter(multiplier=0.5, max=20)


class Endpoint:
    """A provider. It is open inside `async with`, in one event loop at a time."""

    def __init__(self, name: str, provider: Provider, *, model: str | None, max_answer_bytes: int) -> None:
        self.name = name
        self.provider = provider
        self.model = model or provider.model
        self.max_answer_bytes = max_answer_bytes
        self.usage = Usage(cost=0.0 if prices(provider) else None)
        self.dialect = Dialect(provider.answers)
        self.failures = Failures(name, self.model, provider)
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
            KeyRefused, QuotaExhausted, LlmModelMissing, RequestRefused: a repetition would not help.
            ContextTooLong, ContentFiltered: a repetition with other text may help.
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
                return await self.once(dialect.messages(messages), dialect.options(schema, temperature, longest))
            except RequestRefused as refused:
                if (simpler := dialect.adapt_to(refused.detail["reason"])) == dialect:
                    raise
                self.dialect = simpler
                log.warning("request_form_refused", form=asdict(simpler), **refused.detail)

    async def once(self, messages: Messages, options: dict[str, Any]) -> Reply:
        if self.provider.requests_per_minute:
            await limiter_of(self.name).wait(self.provider.requests_per_minute)
        self.usage.requests += 1
        # the library's own timeout applies to each read, so a server that sends byte by byte would never reach it
        with self.failures.translate():
            async with asyncio.timeout(self.provider.timeout.total_seconds()):
                reply, tokens = await self.send(messages, options)
        self.count(tokens)
        return reply

    async def send(self, messages: Messages, options: dict[str, Any]) -> tuple[Reply, TokenCount]:
        create = self.client.chat.completions.create
        answer: Any = await create(model=self.model, messages=cast("Any", messages), **options)
        if options.get("stream"):
            return await reply_of_stream(answer)
        self.failures.check(answer)
        return reply_of(answer), tokens_of(answer)

    def pause(self, state: RetryCallState) -> float:
        """Return the pause that the server requests, or else a growing one."""
        requested = retry_after(state)
        return backoff(state) if requested is None else requested

    def gives_up(self, state: RetryCallState) -> bool:
        too_long = (retry_after(state) or 0.0) > self.provider.longest_wait.total_seconds()
        return too_long or stop_after_attempt(self.provider.tries)(state)

    def count(self, tokens: TokenCount) -> None:
        self.usage.input_tokens += tokens.input_tokens
        self.usage.output_tokens += tokens.output_tokens
        if price := prices(self.provider):
            used = (self.usage.input_tokens, self.usage.output_tokens)
            self.usage.cost = round(sum(p * n for p, n in zip(price, used, strict=True)) / MILLION, 6)


def prices(provider: Provider) -> tuple[float, float] | None:
    if provider.input_price is None or provider.output_price is None:
        return None
    return provider.input_price, provider.output_price


def retry_after(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    return error.detail.get("retry_after") if isinstance(error, BatonError) else None
