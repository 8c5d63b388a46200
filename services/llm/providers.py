"""A configured provider of a language model."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from common.settings import Seconds, Section
from services.llm.server_dialect import Answers

Price = Annotated[float | None, Field(ge=0, description="per million tokens; None is unknown")]


def strip_newline(key: SecretStr) -> SecretStr:
    """Return the key without the trailing newline of a secrets file."""
    return SecretStr(key.get_secret_value().strip())


class Provider(Section):
    """One OpenAI-compatible endpoint and its model."""

    base_url: Annotated[str, Field(pattern=r"^https?://", description="up to and including /v1")]
    model: str
    api_key: Annotated[
        Annotated[SecretStr, AfterValidator(strip_newline)] | None,
        Field(description="preferably in the environment; local servers need none"),
    ] = None
    proxy: Annotated[
        Annotated[SecretStr, AfterValidator(strip_newline)] | None,
        Field(description="HTTP proxy for this provider, http://user:password@host:port; HTTP_PROXY is not read"),
    ] = None
    max_concurrency: Annotated[int, Field(ge=1, le=64, description="concurrent requests per worker")] = 4
    requests_per_minute: Annotated[int, Field(ge=0, description="of a worker; 0 is no limit")] = 0
    timeout: Annotated[Seconds, Field(gt=timedelta(0), description="per request")] = timedelta(minutes=2)
    tries: Annotated[int, Field(ge=1, le=20, description="tries per request if the server is busy or failing")] = 5
    longest_wait: Annotated[Seconds, Field(description="a longer Retry-After ends the attempt")] = timedelta(minutes=1)
    max_output_tokens: Annotated[int | None, Field(gt=0, description="None leaves it to the server")] = None
    answers: Annotated[
        Answers, Field(description="how JSON is requested; if the server refuses, simpler ways are tried")
    ] = "json_schema"
    uses_gpu: Annotated[bool, Field(description="it runs on our GPU: hold the GPU lock during requests")] = False
    input_price: Price = None
    output_price: Price = None


OLLAMA = Provider(base_url="http://127.0.0.1:11434/v1", model="qwen3:8b", max_concurrency=1, uses_gpu=True)
