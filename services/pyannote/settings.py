"""Settings of the pyannote service."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from common.settings import Seconds, Section


class PyannoteSettings(Section):
    model: Annotated[str, Field(description="where a task names none")] = "community-1"
    max_duration: Annotated[Seconds, Field(description="of the audio that a task reads")] = timedelta(hours=12)
    stall_timeout: Annotated[
        Seconds, Field(gt=timedelta(0), description="no step for this long: the process ends itself")
    ] = timedelta(minutes=15)
