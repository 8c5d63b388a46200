"""The name of a downloaded file: as its server or its URL has it, made harmless."""

import re
from email.message import Message
from pathlib import Path, PurePosixPath

import httpx

NAMELESS = "input"
# What is left out would mean something: a folder, an option, a protocol or a pattern to ffmpeg, a hidden file.
UNSAFE = re.compile(r"[^\w.()+, -]+")
MAX_STEM_BYTES = 150
MAX_SUFFIX_LENGTH = 16


def name_of(response: httpx.Response) -> str:
    """Return the name in Content-Disposition, else the last part of the URL's path, safe for any file system."""
    return safe(disposition(response.headers.get("content-disposition", "")) or PurePosixPath(response.url.path).name)


def disposition(header: str) -> str:
    """Return the `filename` of a Content-Disposition header (RFC 6266), or an empty string."""
    message = Message()
    message["Content-Disposition"] = re.sub(r"[\r\n]", " ", header)
    try:
        return message.get_filename("")
    except ValueError:  # a number in RFC 2231's continuations that is none
        return ""


def safe(name: str) -> str:
    last = re.split(r"[/\\]", name)[-1]
    cleaned = Path(UNSAFE.sub("_", last).strip(" .-"))
    suffix = cleaned.suffix if len(cleaned.suffix) <= MAX_SUFFIX_LENGTH and cleaned.suffix.isascii() else ""
    stem = cleaned.name.removesuffix(suffix).encode("utf-8", "ignore")[:MAX_STEM_BYTES].decode("utf-8", "ignore")
    return (stem or NAMELESS) + suffix


def unused_path(path: Path) -> Path:
    """Return the path, or the next of its kind (`a-2.mp4`) where a file has it already."""
    number = 2
    candidate = path
    while candidate.exists():
        candidate = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return candidate
