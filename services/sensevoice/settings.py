"""Settings of the sensevoice service."""

import os
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from common.settings import Seconds, Section

LEFT_TO_OTHERS = 2


class SenseVoiceSettings(Section):
    model: Annotated[str, Field(description="default if a task names none")] = "SenseVoiceSmall"
    intra_op_threads: Annotated[
        int, Field(ge=0, description="threads of ONNX Runtime; 0 is the number of cores minus two, but at least one")
    ] = 0
    max_duration: Annotated[Seconds, Field(description="maximum length of audio per task")] = timedelta(hours=12)
    chunk_length: Annotated[Seconds, Field(ge=timedelta(seconds=1), description="long audio is cut at pauses")] = (
        timedelta(minutes=1)
    )
    stall_timeout: Annotated[
        Seconds, Field(gt=timedelta(0), description="the process ends itself if nothing is decoded for this long")
    ] = timedelta(minutes=5)

    @property
    def threads(self) -> int:
        """Number of threads within an operation. Operations run one by one."""
        return self.intra_op_threads or max((os.cpu_count() or 1) - LEFT_TO_OTHERS, 1)
