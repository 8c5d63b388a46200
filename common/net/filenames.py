"""File names of downloads, from the response or the URL, made safe."""

import re
from email.message import Message
from pathlib import Path, PurePosixPath

import httpx

NAMELESS = "input"
# The characters removed could mean a folder, an option, a protocol or pattern of ffmpeg, or a hidden file.
UNSAFE = re.compile(r"[^\w.()+, -]+")
MAX_STEM_BYTES = 150
MAX_SUFFIX_LENGTH = 16


def filename_of(response: httpx.Response) -> str:
    """Return the name in Content-Disposition, or else the last part of the URL path, safe on any file system."""
    return safe_name(
        disposition(response.headers.get("content-disposition", "")) or PurePosixPath(response.url.path).name
    )


def disposition(header: str) -> str:
    """Return the `filename` of a Content-Disposition header (RFC 6266), or an empty string."""
    message = Message()
    message["Content-Disposition"] = re.sub(r"[\r\n]", " ", header)
    try:
        return message.get_filename("")
    except ValueError:  # a continuation number (RFC 2231) that is not a number
        return ""


def safe_name(name: str) -> str:
    last = re.split(r"[/\\]", name)[-1]
    cleaned = Path(UNSAFE.sub("_", last).strip(" .-"))
    suffix = cleaned.suffix if len(cleaned.suffix) <= MAX_SUFFIX_LENGTH and cleaned.suffix.isascii() else ""
    stem = cleaned.name.removesuffix(suffix).encode("utf-8", "ignore")[:MAX_STEM_BYTES].decode("utf-8", "ignore")
    return (stem or NAMELESS) + suffix


def unused_path(path: Path) -> Path:
    """Return the path, or a numbered variant (`a-2.mp4`) if it is taken."""
    number = 2
    candidate = path
    while candidate.exists():
        candidate = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return candidate
