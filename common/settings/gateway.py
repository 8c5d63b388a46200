"""Gateway settings: listening, authentication, callbacks."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from common.settings.section import KIB, MIB, HostPattern, KeyHash, Port, Seconds, Section


class GatewaySettings(Section):
    host: str = "127.0.0.1"
    port: Port = 8000
    public_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^\s?#]+$",
            description="public URL of the gateway, prefix of the links in callbacks; else they are relative",
        ),
    ] = None
    allowed_hosts: Annotated[
        list[HostPattern],
        Field(description="without API keys: public host names that are answered, and whose pages may send requests"),
    ] = []
    max_body_bytes: Annotated[
        int, Field(gt=0, description="maximum of a JSON request; uploads have their own limit")
    ] = 4 * MIB
    max_json_values: Annotated[
        int, Field(gt=0, description="maximum number of members and items of a JSON request in total")
    ] = 20_000
    max_head_bytes: Annotated[int, Field(gt=0, description="maximum of the request line and headers; more: 431")] = (
        64 * KIB
    )
    head_timeout: Annotated[
        Seconds, Field(gt=timedelta(0), description="time limit for the headers of a request; then 408")
    ] = timedelta(seconds=20)
    body_timeout: Annotated[
        Seconds, Field(gt=timedelta(0), description="maximum time without a byte of a request body; then 408")
    ] = timedelta(minutes=1)
    max_connections: Annotated[int, Field(gt=0, description="per process; more: 503")] = 4096
    max_wait: Annotated[Seconds, Field(description="upper bound of `Prefer: wait`")] = timedelta(seconds=60)
    openai_wait: Annotated[
        Seconds,
        Field(description="longest wait for an answer in /v1/audio; a client that sends a shorter timeout waits less"),
    ] = timedelta(hours=1)
    openai_answer_within: Annotated[
        Seconds, Field(description="the same for a client that does not send its timeout; n8n's is 300 s")
    ] = timedelta(seconds=280)
    openai_on_disconnect: Annotated[
        Literal["keep", "cancel"], Field(description="what happens to a task in /v1/audio when its client disconnects")
    ] = "keep"
    openai_reuse: Annotated[
        bool,
        Field(
            description="a repeated upload in /v1/audio or /asr with the same parameters and key returns the first task"
        ),
    ] = True
    whisper_asr: Annotated[
        bool, Field(description="offer the API of whisper-asr-webservice, which Bazarr uses: /asr and /detect-language")
    ] = True
    whisper_asr_wait: Annotated[
        Seconds, Field(gt=timedelta(0), description="longest wait for an answer of /asr; the client may wait less")
    ] = timedelta(hours=6)
    sse_ping: Annotated[Seconds, Field(ge=timedelta(seconds=1))] = timedelta(seconds=10)
    sse_backlog: Annotated[
        int, Field(ge=16, description="number of events a slow client may lag behind before it is disconnected")
    ] = 256

    sse_per_task: Annotated[int, Field(gt=0, description="maximum number of event streams per task; more: 429")] = 500
    sse_per_client: Annotated[int, Field(gt=0, description="the same per API key, or per address without keys")] = 1000
    sse_total: Annotated[int, Field(gt=0, description="the same per process")] = 2000

    @property
    def loopback(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class AuthSettings(Section):
    api_keys: Annotated[list[KeyHash], Field(description="hashes; `baton key` makes a key and its hash")] = []
    allow_anonymous: Annotated[bool, Field(description="serve addresses other than loopback without a key")] = False
    token_ttl: Annotated[
        Seconds,
        Field(ge=timedelta(seconds=1), description="lifetime of an access token, which opens one path without a key"),
    ] = timedelta(minutes=5)


class CallbackSettings(Section):
    secret: Annotated[
        SecretStr | None,
        Field(
            description="Standard Webhooks signing secret, `whsec_…`; also encrypts headers at rest; None signs nothing"
        ),
    ] = None
    old_secrets: Annotated[
        list[SecretStr], Field(description="previous secrets; they decrypt the targets of pending callbacks")
    ] = []
    allowed_hosts: Annotated[
        list[str], Field(description="private hosts or networks that callbacks may reach, e.g. n8n")
    ] = []
    allow_private: Annotated[
        bool, Field(description="callbacks may reach every private address (never link-local)")
    ] = False
    allow_public: Annotated[
        bool, Field(description="callbacks may reach public addresses; if off, only what allowed_hosts lists")
    ] = True
    timeout: Annotated[Seconds, Field(description="per try")] = timedelta(seconds=15)
    concurrency: Annotated[int, Field(gt=0, description="concurrent tries per gateway process")] = 64
    per_receiver: Annotated[int, Field(gt=0, description="concurrent tries per receiver (scheme, host and port)")] = 8
    failures_allowed: Annotated[
        int,
        Field(gt=0, description="consecutive tries without an answer, after which a receiver gets one try at a time"),
    ] = 5
