"""The common start of each task of the service: settings, provider, and input read within its limits."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from pydantic import ValidationError

from common.captions.encodings import decode
from common.media.fields import MediaFile
from common.media.languages import primary_language
from common.worker.job import Job
from services.llm.cache import Cache
from services.llm.concurrency import StopCheck, Work, run_all
from services.llm.contracts import LinesInput, LlmInput
from services.llm.engine import Endpoint
from services.llm.errors import NotALineFile, ProviderUnknown, TranscriptTooLarge
from services.llm.settings import LlmSettings
from services.llm.sources import Source, read


class TaskSetup:
    """Connects a job to the modules of the service, which do not know about jobs."""

    def __init__(self, params: LlmInput, job: Job) -> None:
        self.params = params
        self.job = job
        self.settings = job.settings.section(LlmSettings)
        self.cache = Cache(job.process.redis, self.settings.cache_ttl)

    def endpoint(self) -> Endpoint:
        """Return the provider that the task names, not connected yet.

        Raises:
            ProviderUnknown: it is not configured.
        """
        name, known = self.params.provider or self.settings.default_provider, self.settings.providers
        if name not in known:
            raise ProviderUnknown(provider=name, near=get_close_matches(name, known), known=sorted(known))
        return Endpoint(name, known[name], model=self.params.model, max_answer_bytes=self.settings.max_answer_bytes)

    @property
    def language(self) -> str | None:
        """Return the language of the lines, if the request names it by a code."""
        return primary_language(getattr(self.params, "source_language", None))

    def max_fallback(self, params: LinesInput) -> float:
        return self.settings.max_fallback if params.max_fallback is None else params.max_fallback

    def ask(self, endpoint: Endpoint, work: Work) -> None:
        """Run all requests to a provider concurrently, in a separate event loop."""
        with self.card_for(endpoint), self.job.process.soft_limit.poll() as wished:
            asyncio.run(run_requests(endpoint, work, StopCheck(self.job, wished)))

    @contextmanager
    def card_for(self, endpoint: Endpoint) -> Iterator[None]:
        """Hold the GPU if the provider runs on it."""
        if not endpoint.provider.uses_gpu:
            yield
            return
        with self.job.lease():
            yield

    def source(self, media: MediaFile) -> Source:
        """Return the lines of a Transcript or of subtitles.

        Raises:
            NotALineFile: it is neither.
            EncodingUnknown: no encoding is clearly ahead; convert the file with `subtitle.convert`.
            TranscriptTooLarge: it exceeds `llm.max_input_bytes`.
        """
        path = self.job.fetch(media)
        if path.stat().st_size > self.settings.max_input_bytes:
            raise TranscriptTooLarge(size=path.stat().st_size, limit=self.settings.max_input_bytes)
        text = decode(path.read_bytes(), language=self.language).text
        try:
            found = read(text.replace("\r\n", "\n").replace("\r", "\n"))
        except ValidationError as error:
            raise NotALineFile(file=path.name) from error
        if len({line.id for line in found.transcript.segments}) < len(found.transcript.segments):
            raise NotALineFile("Two segments of the transcript have the same id. Give each its own.", file=path.name)
        return found


async def run_requests(endpoint: Endpoint, work: Work, look: StopCheck) -> None:
    async with endpoint:
        await run_all(work, look)
