"""Storage settings: Redis, the shared volume, and the model hub."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from common.settings.section import GIB, Seconds, Section


class RedisSettings(Section):
    url: Annotated[SecretStr, Field(description="redis://[:password@]host:port/db")] = SecretStr(
        "redis://127.0.0.1:6379/0"
    )
    socket_timeout: Annotated[
        Seconds, Field(description="timeout of one command; a stalled Redis is an error after this")
    ] = timedelta(seconds=5)


class StorageSettings(Section):
    share: Annotated[Path, Field(description="the shared volume")] = Path("share")
    max_upload_bytes: Annotated[int, Field(gt=0)] = 20 * GIB
    max_download_bytes: Annotated[int, Field(gt=0)] = 20 * GIB
    download_timeout: Annotated[Seconds, Field(description="time limit for a whole input")] = timedelta(hours=1)
    min_free_bytes: Annotated[int, Field(ge=0, description="below this, uploads are refused and tasks wait")] = 1 * GIB
    allowed_hosts: Annotated[list[str], Field(description="private hosts or networks that inputs may come from")] = []
    allow_public: Annotated[
        bool, Field(description="inputs may come from public addresses; if off, only from what allowed_hosts lists")
    ] = True
    s3_endpoint: Annotated[str | None, Field(pattern=r"^https?://", description="for s3:// inputs; None is AWS")] = None
    s3_region: str = "us-east-1"
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None


class ModelSettings(Section):
    offline: Annotated[bool, Field(description="never download a model")] = False
    hub_endpoint: Annotated[
        str | None, Field(pattern=r"^https?://", description="a mirror; None is HF_ENDPOINT, or else huggingface.co")
    ] = None
    hub_token: Annotated[SecretStr | None, Field(description="for gated models; None is HF_TOKEN")] = None
    test_models: Annotated[Path, Field(description="the tiny models that ship with Baton, for demo and tests only")] = (
        Path("tests/fixtures/models")
    )
