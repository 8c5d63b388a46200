"""Settings of the ffmpeg service."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from common.settings import GIB, MIB, Seconds, Section
from services.ffmpeg.execution.cpu_rates import CpuPerSecond

EIGHT_K = 8_192 * 4_320
DecoderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]


class FfmpegSettings(Section):
    binary: Annotated[
        str | None,
        Field(description="None is the newer of `ffmpeg` on PATH and the one of imageio-ffmpeg; at least 5.1"),
    ] = None
    threads: Annotated[int, Field(ge=0, description="per decoder, filter and encoder; 0 lets ffmpeg choose")] = 0
    extra_decoders: Annotated[
        tuple[DecoderName, ...],
        Field(description="additional decoders that may read files, by ffmpeg's names, e.g. `cinepak`"),
    ] = ()
    max_pixels: Annotated[int, Field(gt=0, description="width x height of an input; the default allows 8K")] = EIGHT_K
    max_duration: Annotated[Seconds, Field(description="maximum length of the part of an input that is read")] = (
        timedelta(hours=12)
    )
    max_output_bytes: Annotated[int, Field(gt=0, description="maximum of all files that a task writes")] = 20 * GIB
    max_output_files: Annotated[
        int, Field(gt=0, description="maximum number of frames or segments that a task writes")
    ] = 20_000
    stall_timeout: Annotated[Seconds, Field(description="ffmpeg is ended if it writes nothing for this long")] = (
        timedelta(seconds=120)
    )
    cpu_floor: Annotated[Seconds, Field(description="CPU time that each ffmpeg may use regardless of its output")] = (
        timedelta(seconds=120)
    )
    cpu_per_second: Annotated[
        CpuPerSecond,
        Field(description="additional CPU seconds per second of output; large pictures get more"),
    ] = CpuPerSecond()
    wall_floor: Annotated[Seconds, Field(description="time that each ffmpeg may take regardless of its output")] = (
        timedelta(minutes=30)
    )
    wall_per_second: Annotated[
        float, Field(gt=0, description="additional seconds per second of output; large pictures get more")
    ] = 600.0
    max_memory: Annotated[int, Field(ge=64 * MIB, description="bytes of memory that each ffmpeg may use")] = 8 * GIB
