"""Interpret ffmpeg's last messages: which error a failure is, and whether the input was damaged."""

import re
from collections.abc import Iterable
from signal import SIGKILL, SIGXCPU

from common.errors import BatonError, CodecNotAllowed, FileMissing, NotMedia, StorageFull, TooManyPixels
from services.ffmpeg.errors import (
    CodecUnsupported,
    FfmpegFailed,
    FfmpegKilled,
    MediaDamaged,
    MediaTooDemanding,
)
from services.ffmpeg.execution.process import ProcessResult
from services.ffmpeg.execution.resource_limits import ResourceLimits, cpu_limit_error

TOLD_LINES = 8

SIGNS: tuple[tuple[str, type[BatonError]], ...] = (
    ("No space left on device", StorageFull),
    ("Disk quota exceeded", StorageFull),
    (r"Cannot allocate memory|malloc of size \d+ failed", MediaTooDemanding),
    ("exceeds specified max pixel count", TooManyPixels),
    ("No such filter", CodecUnsupported),
    ("Unknown encoder", CodecUnsupported),
    ("Encoder not found", CodecUnsupported),
    ("no decoder found", CodecUnsupported),
    ("Decoder not found", CodecUnsupported),
    ("codec not currently supported in container", CodecUnsupported),
    ("Could not find tag for codec", CodecUnsupported),
    ("are supported for WebM", CodecUnsupported),
    ("No such file or directory", FileMissing),
    ("Error opening input", NotMedia),
    ("Format not on whitelist", NotMedia),
    (r"^file:/.*: (Invalid argument|Invalid data found when processing input|End of file)$", NotMedia),
    ("Invalid data found when processing input", MediaDamaged),
)
"""Patterns in order of reliability: the first one found anywhere in the last messages decides.

Before version 6, ffmpeg does not print "Error opening input": it prints the input's name, and why. Inputs have absolute
names, outputs relative ones.
"""

NOT_ALLOWED = re.compile(r"Codec \(([^)\n]+)\) not on whitelist")
DAMAGE = ("partial file", "File ended prematurely", "Packet corrupt")
"""What demuxers print at an early end of file, although ffmpeg then exits with 0."""

ADDRESS = re.compile(r" @ 0x[0-9a-f]+")
FOLDERS = re.compile(r"(?:file:)?(?<![\w.])/(?:[^/\n'\"]*/)+")


def error_of(ending: ProcessResult, effort: ResourceLimits) -> BatonError | None:
    """Return what went wrong, None if nothing did."""
    if ending.code == -SIGXCPU:
        return cpu_limit_error(effort)
    text = "\n".join(ending.lines)
    if ending.code and (refused := NOT_ALLOWED.search(text)):
        return codec_not_allowed(refused[1])
    otherwise = FfmpegKilled if ending.code == -SIGKILL else FfmpegFailed
    kind = next((kind for sign, kind in SIGNS if re.search(sign, text, re.MULTILINE)), otherwise)
    if ending.code == 0 and kind is not StorageFull:  # a full disk at the very end leaves the exit code at 0
        return None
    return kind(exit_code=ending.code, ffmpeg=last_messages(ending.lines))


def codec_not_allowed(decoder: str) -> CodecNotAllowed:
    return CodecNotAllowed(
        f"The file needs the decoder {decoder}, which is not allowed by default. "
        f"Convert the file, or add {decoder} to ffmpeg.extra_decoders.",
        decoder=decoder,
    )


def is_damaged(ending: ProcessResult) -> bool:
    return any(sign in line for line in ending.lines for sign in DAMAGE)


def last_messages(lines: Iterable[str]) -> list[str]:
    """Return the last distinct lines, without memory addresses and folders of this host."""
    unique = dict.fromkeys(FOLDERS.sub("", ADDRESS.sub("", line)) for line in lines)
    return list(unique)[-TOLD_LINES:]
