"""Open user files with FFmpeg's libraries: only formats that contain their media.

Playlists (HLS, DASH, concat, IMF) are excluded, because they refer to other files, which would then be read: an HLS
playlist named `film.mp4` could expose any file of the worker. Image sequences and devices are excluded too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import FileMissing, NotMedia
from common.media.decoders import whitelist

if TYPE_CHECKING:
    from av.container import InputContainer

MEDIA_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,"
    "matroska,webm,"
    "avi,asf,flv,live_flv,mpeg,mpegts,mpegvideo,mxf,nut,ogg,rm,wtv,dv,ivf,gif,h264,hevc,obu,m4v,vc1,"
    "wav,w64,flac,mp3,aac,loas,ac3,eac3,aiff,amr,amrnb,amrwb,ape,au,caf,dsf,dts,dtshd,tak,truehd,tta,voc,wv"
)
GUARDS = {"protocol_whitelist": "file", "format_whitelist": MEDIA_FORMATS}
OPEN_TIMEOUT_S = 60.0
READ_TIMEOUT_S = 60.0
MICROSECONDS = 1_000_000
"""Microseconds per second: the unit of container times."""


def open_medium(path: Path, **options: str) -> InputContainer:
    """Open a medium with additional FFmpeg options; the caller closes it.

    Raises:
        FileMissing: there is no such file.
        NotMedia: the file is not audio or video.
    """
    import av

    with unreadable_is_not_media(path):
        return av.open(
            f"file:{path.absolute()}",
            options={"codec_whitelist": whitelist(), **options, **GUARDS},
            metadata_errors="replace",
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
        )


@contextmanager
def unreadable_is_not_media(path: Path) -> Iterator[None]:
    import av

    try:
        yield
    except FileNotFoundError as error:
        raise FileMissing(f"No such file: {path.name}.") from error
    except (av.FFmpegError, ValueError) as error:  # ValueError: a header that no real file has
        raise NotMedia(f"{path.name} is not audio or video that can be read. Check that it plays.") from error


def origin_of(container: InputContainer) -> float:
    """Return the timestamp of the medium's beginning, in seconds."""
    return (container.start_time or 0) / MICROSECONDS


def duration_of(container: InputContainer) -> float | None:
    """Return the duration in the medium's header in seconds, or None if it has none."""
    header = container.duration
    return header / MICROSECONDS if header and header > 0 else None
