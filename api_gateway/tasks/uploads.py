"""File uploads: streamed to the shared volume as they arrive, raw or multipart, complete or not there at all."""

import asyncio
import os
import shutil
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from common.errors import BodyTooLarge, InvalidInput, MalformedBody
from common.files.disk import full_disk_is_storage_full
from common.files.storage import INPUTS, PART, Storage
from common.media.fields import FILE_ID_PREFIX

BUFFER_BYTES = 1 << 20
LONGEST_NAME_BYTES = 200
DEFAULT_NAME = "upload"


class FilePart:
    """The single file of a multipart body, as the parser delivers it piece by piece."""

    def __init__(self, boundary: bytes) -> None:
        self.name: str | None = None
        self.pending = bytearray()
        self.wanted = False
        self.done = False
        self.headers: dict[bytes, bytes] = {}
        self.field = b""
        self.value = b""
        self.parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self.begin,
                "on_header_field": self.on_field,
                "on_header_value": self.on_value,
                "on_header_end": self.end_header,
                "on_headers_finished": self.end_headers,
                "on_part_data": self.on_data,
                "on_part_end": self.end,
            },
        )

    def begin(self) -> None:
        self.headers = {}

    def on_field(self, data: bytes, start: int, end: int) -> None:
        self.field += data[start:end]

    def on_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def end_header(self) -> None:
        self.headers[self.field.lower()] = self.value
        self.field, self.value = b"", b""

    def end_headers(self) -> None:
        _, options = parse_options_header(self.headers.get(b"content-disposition", b""))
        self.begin_file(options.get(b"filename"))

    def begin_file(self, name: bytes | None) -> None:
        """Start receiving the file's bytes, if this part has a file name.

        Raises:
            InvalidInput: it is the second file; storing only the first would silently lose it.
        """
        self.wanted = name is not None and self.name is None
        if name and not self.wanted:
            raise InvalidInput("The body has more than one file. Send one file in each request.")
        if self.wanted and name is not None:
            self.name = name.decode("utf-8", errors="replace")

    def on_data(self, data: bytes, start: int, end: int) -> None:
        if self.wanted:
            self.pending += data[start:end]

    def end(self) -> None:
        self.done = self.done or self.wanted
        self.wanted = False

    def feed(self, chunk: bytes) -> bytes:
        """Return the file's bytes in this chunk of the body."""
        self.parser.write(chunk)
        data, self.pending = bytes(self.pending), bytearray()
        return data


def multipart_boundary(content_type: str) -> bytes | None:
    """Return the boundary, or None if the body is the file itself.

    Raises:
        MalformedBody: multipart without a boundary.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return None
    if not options.get(b"boundary"):
        raise MalformedBody("The multipart body has no boundary. Let your HTTP client set the Content-Type.")
    return options[b"boundary"]


class Upload:
    """One file that is being received into `share/inputs/<file id>/`."""

    def __init__(self, storage: Storage, limit: int) -> None:
        self.storage = storage
        self.limit = limit
        self.id = FILE_ID_PREFIX + token_hex(16)
        self.folder = storage.root / INPUTS / self.id
        self.part = self.folder / PART
        self.name = ""
        """As the client sent it."""
        self.size = 0
        self.digest = sha256()

    async def receive(self, body: AsyncIterator[bytes], content_type: str, name: str | None) -> Path:
        """Write the body and return the file's final path.

        Raises:
            BodyTooLarge, MalformedBody, InvalidInput, StorageFull: nothing is left behind.
        """
        boundary = multipart_boundary(content_type)
        part = FilePart(boundary) if boundary else None
        async with self.open_part() as file:
            await self.copy(body, part, file)
            if part and not part.done:
                raise InvalidInput("The multipart body has no complete file. Send one as a part with a filename.")
            if not self.size:
                raise InvalidInput("The file is empty.")
        final = self.folder / safe_name(name or (part.name if part else None))
        await asyncio.to_thread(self.part.replace, final)
        return final

    @asynccontextmanager
    async def open_part(self) -> AsyncIterator[BinaryIO]:
        """Open the temporary file; an error removes it."""
        with full_disk_is_storage_full():
            self.storage.require_space()
            await asyncio.to_thread(self.folder.mkdir, parents=True)
            try:
                with self.part.open("wb") as file:
                    yield file
                    await asyncio.to_thread(os.fsync, file.fileno())
            except BaseException:
                await asyncio.shield(asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True))
                raise

    async def copy(self, body: AsyncIterator[bytes], part: FilePart | None, file: BinaryIO) -> None:
        buffer = bytearray()
        async for chunk in body:
            buffer += self.count_bytes(parse_part(part, chunk))
            if len(buffer) >= BUFFER_BYTES:
                await asyncio.to_thread(self.write, file, bytes(buffer))
                buffer.clear()
        await asyncio.to_thread(self.write, file, bytes(buffer))

    def count_bytes(self, data: bytes) -> bytes:
        self.size += len(data)
        if self.size > self.limit:
            raise BodyTooLarge(f"The file exceeds {self.limit} bytes. Raise storage.max_upload_bytes to allow it.")
        return data

    def write(self, file: BinaryIO, data: bytes) -> None:
        self.digest.update(data)
        file.write(data)
        file.flush()


def parse_part(part: FilePart | None, chunk: bytes) -> bytes:
    if part is None:
        return chunk
    try:
        return part.feed(chunk)
    except MultipartParseError as error:
        raise MalformedBody(f"The multipart body cannot be read: {error}") from error


def safe_name(name: str | None) -> str:
    """Return the last part of a name, without characters that are special in a shell, a path or a header."""
    text = unicodedata.normalize("NFC", name or "").replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(character if character.isalnum() or character in "._-() " else "_" for character in text)
    short = kept.strip(" .").encode()[-LONGEST_NAME_BYTES:].decode(errors="ignore")
    return short.strip(" .") or DEFAULT_NAME
