"""Receiving a file: whatever comes in whatever pieces, the file is exact or not there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_gateway.tasks.uploads import LONGEST_NAME_BYTES, FilePart, Upload, multipart_boundary, safe_name
from common.errors import BatonError, BodyTooLarge, InvalidInput, MalformedBody
from common.files.storage import Storage

BOUNDARY = "b0undary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
MIB = 1 << 20


def form(content: bytes, disposition: str = 'form-data; name="file"; filename="a.mp4"') -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\nContent-Type: video/mp4\r\n\r\n"
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def pieces(body: bytes, size: int) -> list[bytes]:
    return [body[begin : begin + size] for begin in range(0, len(body), size)]


async def stream_chunks(chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def receive(share: Path, chunks: Sequence[bytes], content_type: str = "", limit: int = 10 * MIB) -> Path:
    storage = Storage(share)
    storage.prepare()
    return asyncio.run(Upload(storage, limit).receive(stream_chunks(chunks), content_type, None))


def list_inputs(share: Path) -> list[Path]:
    return list((share / "inputs").iterdir())


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
@pytest.mark.parametrize("content", [b"film", b"\r\n--b0undar", b"\r\n--b0undary", b"--\r\n" * 9, bytes(range(256))])
def test_a_multipart_file_is_exact_in_pieces_of_any_size(tmp_path: Path, content: bytes, size: int) -> None:
    if content == b"\r\n--b0undary":
        content += b"x"  # else it would end the part
    assert receive(tmp_path, pieces(form(content), size), MULTIPART).read_bytes() == content


@given(content=st.binary(min_size=1, max_size=300), size=st.integers(1, 50))
def test_any_bytes_pass_through_a_form(content: bytes, size: int) -> None:
    part = FilePart(BOUNDARY.encode())
    assert b"".join(part.feed(chunk) for chunk in pieces(form(content), size)) == content
    assert (part.done, part.name) == (True, "a.mp4")


def test_a_raw_body_is_the_file(tmp_path: Path) -> None:
    content = bytes(3 * MIB) + b"end"
    assert receive(tmp_path, pieces(content, 65_536)).read_bytes() == content


def test_nothing_is_left_but_the_file(tmp_path: Path) -> None:
    path = receive(tmp_path, [b"x"])
    assert [entry.name for entry in path.parent.iterdir()] == ["upload"]


@pytest.mark.parametrize(
    ("chunks", "content_type", "error"),
    [
        ([b"12345", b"67890", b"1"], "", BodyTooLarge),
        ([form(b"12345678901")], MULTIPART, BodyTooLarge),
        ([], "", InvalidInput),
        ([form(b"")], MULTIPART, InvalidInput),
        ([form(b"film")[:-12]], MULTIPART, InvalidInput),
        ([form(b"film", 'form-data; name="file"')], MULTIPART, InvalidInput),
        ([b"rubbish"], MULTIPART, MalformedBody),
        ([b"x"], "multipart/form-data", MalformedBody),
        ([b"x"], "multipart/form-data; boundary=", MalformedBody),
    ],
)
def test_what_cannot_be_taken_leaves_nothing(
    tmp_path: Path, chunks: list[bytes], content_type: str, error: type[BatonError]
) -> None:
    with pytest.raises(error):
        receive(tmp_path, chunks, content_type, limit=10)
    assert list_inputs(tmp_path) == []


def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.prepare()

    async def break_off() -> AsyncIterator[bytes]:
        yield bytes(2 * MIB)
        assert list_inputs(tmp_path)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        asyncio.run(Upload(storage, 10 * MIB).receive(break_off(), "", None))
    assert list_inputs(tmp_path) == []


@pytest.mark.parametrize("kind", ["", "video/mp4", "application/octet-stream", "text/plain; boundary=x", "rubbish;;;"])
def test_any_other_type_is_the_file_itself(kind: str) -> None:
    assert multipart_boundary(kind) is None


@given(name=st.text())
def test_any_name_is_safe_in_a_path_a_shell_and_a_header(name: str) -> None:
    kept = safe_name(name)
    assert kept
    assert kept == kept.strip(" .")
    assert len(kept.encode()) <= LONGEST_NAME_BYTES
    assert all(character.isalnum() or character in "._-() " for character in kept)


def test_a_long_name_keeps_its_ending_and_stays_visible() -> None:
    assert safe_name("x" * 300 + ".mp4").endswith("x.mp4")
    assert safe_name("日" * 300 + ".mp4").endswith("日.mp4")
    assert safe_name("x" * 50 + "." + "y" * (LONGEST_NAME_BYTES - 1))[0] == "y"
