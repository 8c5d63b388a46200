"""The ffmpeg program: the common part of all commands, and how they are run."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from common.media.decoders import whitelist
from common.media.demux import MEDIA_FORMATS
from services.ffmpeg.errors import MediaDamaged
from services.ffmpeg.execution import process
from services.ffmpeg.execution.failures import error_of, is_damaged, last_messages
from services.ffmpeg.execution.formats import PROTOCOLS
from services.ffmpeg.execution.media_limits import OnSeconds, ProgressMonitor
from services.ffmpeg.execution.program import find_program
from services.ffmpeg.execution.resource_limits import ResourceLimits
from services.ffmpeg.settings import FfmpegSettings

COMMON = ("-nostdin", "-hide_banner", "-nostats", "-progress", "pipe:1", "-stats_period", "0.25", "-y")


@cache
def builder() -> ModuleType:
    """Return `ffmpeg-python`, which builds the commands."""
    import ffmpeg

    module: ModuleType = ffmpeg
    return module


@dataclass(frozen=True)
class Ffmpeg:
    """Builds inputs that can only be the file they name, and runs commands within the configured limits."""

    settings: FfmpegSettings
    allow_damaged: bool = False
    limits: ResourceLimits | None = None
    """Resource limits of each command; None: those of a transcoding of unknown length."""

    @property
    def effort(self) -> ResourceLimits:
        return self.limits or ResourceLimits(self.settings)

    def input(self, source: Path, *, formats: str = MEDIA_FORMATS, **options: Any) -> Any:
        """Return `source` as an input. `file:` makes colons and a leading dash in its name harmless."""
        guards = {
            "protocol_whitelist": PROTOCOLS,
            "format_whitelist": formats,
            "codec_whitelist": whitelist(self.settings.extra_decoders),
        }
        return builder().input(f"file:{source.absolute()}", **guards, **options)

    def video(self, source: Path, **options: Any) -> Any:
        """Return an input whose pictures will be decoded."""
        limits: dict[str, Any] = {"max_pixels": self.settings.max_pixels, "threads": self.settings.threads}
        return self.input(source, **limits, **options)

    def run(
        self, output: Any, folder: Path, on_progress: OnSeconds, *, loglevel: str = "error", damage_matters: bool = True
    ) -> process.ProcessResult:
        """Run a command in `folder`, to which its relative names refer, and return how it ended.

        Raises:
            BatonError: the meaning of ffmpeg's messages; an exceeded limit; or what `on_progress` raised.
        """
        head = [find_program(self.settings.binary).path, *COMMON, "-loglevel", loglevel]
        watch = ProgressMonitor(self.effort, folder, on_progress)
        ending = process.run(output.compile(cmd=head), folder, watch, watch.begin)
        if error := error_of(ending, self.effort):
            raise error
        if damage_matters and not self.allow_damaged and is_damaged(ending):
            raise MediaDamaged(seconds_read=ending.seconds, ffmpeg=last_messages(ending.lines))
        watch(ending.seconds)
        return ending

    def output(self, streams: Any, name: str, options: Mapping[str, Any]) -> Any:
        """Return a command that writes `streams` to the file `name` of the folder in which it will run."""
        chosen = streams if isinstance(streams, list) else [streams]
        return builder().output(*chosen, f"file:{name}", threads=self.settings.threads, **options)

    def discard(self, stream: Any) -> Any:
        """Return a command that decodes `stream` and discards the result."""
        return builder().output(stream, "-", f="null")

    def merge_outputs(self, *outputs: Any) -> Any:
        """Return one command that writes all of `outputs`."""
        return builder().merge_outputs(*outputs)
