"""Settings of the subtitle service."""

from typing import Annotated

from pydantic import Field

from common.settings import MIB, Section


class SubtitleSettings(Section):
    max_input_bytes: Annotated[
        int, Field(gt=0, description="maximum of a transcript, subtitle or diarization file")
    ] = 64 * MIB
    max_cues: Annotated[int, Field(gt=0, description="cues, segments or turns per file")] = 200_000
