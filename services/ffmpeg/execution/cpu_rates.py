"""CPU time that each ffmpeg task may use per second of its output."""

from typing import Annotated

from pydantic import Field

from common.settings import Section

Rate = Annotated[float, Field(gt=0)]


class CpuPerSecond(Section):
    """CPU seconds per second of output, by task; pictures over 1920 x 1080 get proportionally more."""

    extract_audio: Rate = 5.0
    extract_keyframes: Rate = 60.0
    detect_shots: Rate = 60.0
    split_audio_segments: Rate = 5.0
    cut: Rate = 120.0
    transcode: Rate = 600.0
    burn_subtitles: Rate = 20.0
    mux_subtitles: Rate = 5.0
    normalize_audio: Rate = 15.0
