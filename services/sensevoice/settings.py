"""Settings of the sensevoice service."""

import os
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from common.settings import Seconds, Section

LEFT_TO_OTHERS = 2


class SenseVoiceSettings(Section):
    model: Annotated[str, Field(description="where a task names none")] = "SenseVoiceSmall"
    intra_op_threads: Annotated[
        int, Field(ge=0, description="of ONNX Runtime; 0 is the cores less two, but at least one")
    ] = 0
    max_duration: Annotated[Seconds, Field(description="of the audio that a task reads")] = timedelta(hours=12)
    chunk_length: Annotated[Seconds, Field(ge=timedelta(seconds=1), description="long audio is cut at silences")] = (
        timedelta(minutes=1)
    )
    stall_timeout: Annotated[
        Seconds, Field(gt=timedelta(0), description="nothing decoded for this long: the process ends itself")
    ] = timedelta(minutes=5)

    @property
    def threads(self) -> int:
        """How many threads compute within an operation. Operations are done one by one."""
        return self.intra_op_threads or max((os.cpu_count() or 1) - LEFT_TO_OTHERS, 1)
