"""A provider of a language model, as the settings describe it."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from common.settings import Seconds, Section
from services.llm.server_dialect import Answers

Price = Annotated[float | None, Field(ge=0, description="of a million tokens; None is not known")]


def strip_newline(key: SecretStr) -> SecretStr:
    """Return the key without the end of the line that a file of secrets leaves at it."""
    return SecretStr(key.get_secret_value().strip())


class Provider(Section):
    """One OpenAI-compatible endpoint and the model that is asked there."""

    base_url: Annotated[str, Field(pattern=r"^https?://", description="up to and with /v1")]
    model: str
    api_key: Annotated[
        Annotated[SecretStr, AfterValidator(strip_newline)] | None,
        Field(description="better in the environment; local servers need none"),
    ] = None
    proxy: Annotated[
        Annotated[SecretStr, AfterValidator(strip_newline)] | None,
        Field(description="an HTTP proxy on the way there, http://user:password@host:port; HTTP_PROXY is not read"),
    ] = None
    max_concurrency: Annotated[int, Field(ge=1, le=64, description="requests at the same time, of a worker")] = 4
    requests_per_minute: Annotated[int, Field(ge=0, description="of a worker; 0 is no limit")] = 0
    timeout: Annotated[Seconds, Field(gt=timedelta(0), description="of one request")] = timedelta(minutes=2)
    tries: Annotated[int, Field(ge=1, le=20, description="of one request, when the server is busy or broken")] = 5
    longest_wait: Annotated[Seconds, Field(description="a longer Retry-After ends the attempt")] = timedelta(minutes=1)
    max_output_tokens: Annotated[int | None, Field(gt=0, description="None leaves it to the server")] = None
    answers: Annotated[
        Answers, Field(description="how the server is asked for JSON; one that refuses is asked in a simpler way")
    ] = "json_schema"
    uses_gpu: Annotated[bool, Field(description="it computes on our card: take its lock while asking")] = False
    input_price: Price = None
    output_price: Price = None


OLLAMA = Provider(base_url="http://127.0.0.1:11434/v1", model="qwen3:8b", max_concurrency=1, uses_gpu=True)
