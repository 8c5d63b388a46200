"""Settings of the pyannote service."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from common.settings import Seconds, Section


class PyannoteSettings(Section):
    model: Annotated[str, Field(description="default if a task names none")] = "community-1"
    max_duration: Annotated[Seconds, Field(description="maximum length of audio per task")] = timedelta(hours=12)
    stall_timeout: Annotated[
        Seconds, Field(gt=timedelta(0), description="the process ends itself if no step completes for this long")
    ] = timedelta(minutes=15)
