"""The multipart body of a request: its file is streamed to the shared volume, its fields are kept."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, TypeVar

from python_multipart.multipart import parse_options_header
from typing_extensions import override

from api_gateway.synchronous.errors import MissingParameter
from api_gateway.synchronous.wav import HEADER_BYTES, wav_header
from api_gateway.tasks.uploads import FilePart, Upload, multipart_boundary, safe_name
from common.errors import InvalidInput, MalformedBody

MOST_BYTES = 64 * 1024
"""Of all fields and their names together."""
MOST_FIELDS = 200
NAME = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")

T = TypeVar("T")
Fields = list[tuple[str, str]]


class Form(FilePart):
    """The parts of the body, in any order."""

    def __init__(self, boundary: bytes, file_field: str) -> None:
        super().__init__(boundary)
        self.file_field = file_field
        self.fields: Fields = []
        self.part_name = ""
        self.text = bytearray()
        self.kept = 0

    @override
    def end_headers(self) -> None:
        _, options = parse_options_header(self.headers.get(b"content-disposition", b""))
        self.part_name = decode_utf8(options.get(b"name", b""))
        self.count(len(self.part_name))
        self.begin_file(options.get(b"filename") if self.part_name == self.file_field else None)

    @override
    def on_data(self, data: bytes, start: int, end: int) -> None:
        if self.wanted:
            super().on_data(data, start, end)
            return
        self.count(end - start)
        self.text += data[start:end]

    @override
    def end(self) -> None:
        if not self.wanted:
            self.fields.append((self.part_name, decode_utf8(bytes(self.text))))
            self.text.clear()
        super().end()

    def count(self, size: int) -> None:
        self.kept += size
        if self.kept > MOST_BYTES or len(self.fields) >= MOST_FIELDS:
            raise MalformedBody(
                f"The form fields exceed {MOST_BYTES} bytes, or there are more than {MOST_FIELDS}. Send fewer."
            )


def decode_utf8(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody("A field of the form is not UTF-8.") from error


async def receive(
    upload: Upload,
    body: AsyncIterator[bytes],
    content_type: str,
    read: Callable[[Fields], T],
    *,
    file_field: str = "file",
    raw: bool = False,
) -> T:
    """Store the file, and return what `read` makes of the fields. If an error is raised, nothing is left behind.

    `file_field` is the name of the file's part. `raw` says that the file is signed 16-bit PCM, mono, 16 kHz, without a
    header; it is stored as WAV.

    Raises:
        MalformedBody, BodyTooLarge, StorageFull: see `Upload`.
        MissingParameter: there is no file.
        InvalidInput: the file is empty.
    """
    boundary = multipart_boundary(content_type)
    if boundary is None:
        raise MalformedBody(f"Send the body as multipart/form-data, with the audio as its part `{file_field}`.")
    form = Form(boundary, file_field)
    async with upload.open_part() as file:
        if raw:
            file.seek(HEADER_BYTES)
        await upload.copy(body, form, file)
        if not form.done:
            raise MissingParameter(
                f"There is no complete `{file_field}`. Send it as a part with a filename.", param=file_field
            )
        if not upload.size:
            raise InvalidInput("The file is empty.", param=file_field)
        if raw:
            file.seek(0)
            await asyncio.to_thread(upload.write, file, wav_header(upload.size))
        parameters = read(form.fields)
    upload.name = form.name or ""
    stored = safe_name(form.name) + (".wav" if raw else "")
    await asyncio.to_thread(upload.part.replace, upload.folder / stored)
    return parameters


def nest_fields(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Parse field names as OpenAI's clients write them: `a=1`, `a[]=1` and `a[]=2`, `a[b]=1`. A repeated name makes a
    list.
    """
    found: dict[str, Any] = {}
    for name, text in fields:
        parts = NAME.fullmatch(name)
        base, key = (parts[1], parts[2]) if parts else (name, None)
        if key:
            inner = found.setdefault(base, {})
            found[base] = {**inner, key: text} if isinstance(inner, dict) else text
        elif key == "":
            found[base] = [*as_list(found.get(base, [])), text]
        else:
            found[base] = [*as_list(found[base]), text] if base in found else text
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
