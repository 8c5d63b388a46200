"""Opening a file of a user's with FFmpeg's libraries: only files that hold their media themselves.

Playlists (HLS, DASH, concat, IMF) are left out, because they name other files, which would then be read: an HLS
playlist called `film.mp4` could show any file of the worker. So are image sequences and devices.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import FileMissing, NotMedia

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
"""In a second: the unit of a container's times."""


def open_medium(path: Path, **options: str) -> InputContainer:
    """Open a medium, with more options of FFmpeg's; who calls closes it.

    Raises:
        FileMissing: there is no such file.
        NotMedia: it is no audio or video.
    """
    import av

    with unreadable_is_not_media(path):
        return av.open(
            f"file:{path.absolute()}",
            options={**options, **GUARDS},
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
    except (av.FFmpegError, ValueError) as error:  # a ValueError is a header that no real file has
        raise NotMedia(f"{path.name} is not audio or video that can be read. Check that it plays.") from error


def origin_of(container: InputContainer) -> float:
    """Return the stamp of a medium's beginning, in seconds."""
    return (container.start_time or 0) / MICROSECONDS


def duration_of(container: InputContainer) -> float | None:
    """Return the seconds that a medium's header promises, None where it promises none."""
    header = container.duration
    return header / MICROSECONDS if header and header > 0 else None
