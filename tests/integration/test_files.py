"""Files over HTTP: streamed both ways, whole or not there at all, and never from outside share."""

import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.support.stack import Stack
from tests.support.waiting import wait_until

MIB = 1 << 20
LIMIT = 400 * MIB
BOUNDARY = "the-boundary"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.fixture(scope="module")
def file_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("files"), BATON_STORAGE__MAX_UPLOAD_BYTES=str(LIMIT)) as own:
        own.gateway()
        (own.folder / "secret.txt").write_text("secret")
        (own.share / "models" / "tiny").mkdir()
        (own.share / "models" / "tiny" / "model.bin").write_bytes(b"weights")
        (own.share / "films").mkdir()
        (own.share / "films" / "a b.mp4").write_bytes(bytes(range(256)))
        (own.share / "outward").symlink_to(own.folder)
        yield own


def upload(stack: Stack, content: Any, name: str = "film.mp4", **headers: str) -> httpx.Response:
    return stack.http.post("/v1/files", params={"name": name}, content=content, headers=headers)


def inputs(stack: Stack) -> set[str]:
    return {str(path.relative_to(stack.share)) for path in (stack.share / "inputs").rglob("*")}


def problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["code"] == code


# ---- up ----


def test_a_raw_upload_comes_back_byte_for_byte_by_id_path_and_url(file_stack: Stack) -> None:
    content = bytes(range(256)) * 1_000
    answer = upload(file_stack, content)
    told = answer.json()
    assert answer.status_code == 201
    assert (told["name"], told["size"], told["sha256"]) == ("film.mp4", len(content), sha256(content).hexdigest())
    assert told["path"] == f"inputs/{told['id']}/film.mp4"
    for url in (told["url"], f"/v1/files/{told['id']}", f"/v1/files/{told['path']}"):
        assert file_stack.http.get(url).content == content


def test_a_multipart_upload_is_the_file_alone(file_stack: Stack) -> None:
    files: dict[str, tuple[str | None, str | bytes]] = {
        "note": (None, "just text"),
        "file": ("clip.mkv", b"first"),
        "other": (None, "more text"),
    }
    told = file_stack.http.post("/v1/files", files=files).json()
    assert (told["name"], told["size"]) == ("clip.mkv", 5)
    assert file_stack.http.get(told["url"]).content == b"first"


def test_an_uploaded_file_is_an_input(shared_stack: Stack) -> None:
    file_id = upload(shared_stack, b"12345").json()["id"]
    task_id = shared_stack.submit("testing.size", {"media": file_id})
    assert shared_stack.wait_for(task_id)["stages"]["testing.size"]["output"] == {"size": 5}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("..", "upload"),
        (".hidden", "hidden"),
        ("a\0b.mp4", "a_b.mp4"),
        ("a\r\nSet-Cookie: x", "a__Set-Cookie_ x"),
        ("$(rm -rf).mp4", "_(rm -rf).mp4"),
        ("日本語 🎬.mp4", "日本語 _.mp4"),
        ("", "upload"),
        ("-rf", "-rf"),
    ],
)
def test_a_name_is_made_harmless(file_stack: Stack, name: str, kept: str) -> None:
    told = upload(file_stack, b"x", name).json()
    assert told["name"] == kept
    assert file_stack.http.get(told["url"]).content == b"x"
    assert (file_stack.share / told["path"]).parent.parent == file_stack.share / "inputs"


@pytest.mark.parametrize("path", ["/v1/files", "/v1/audio/transcriptions"])
def test_a_second_file_is_refused_and_none_is_stored(file_stack: Stack, path: str) -> None:
    before = sorted((file_stack.share / "inputs").iterdir())
    files = [("file", ("a.mkv", b"first")), ("file", ("b.mkv", b"second"))]
    answer = file_stack.http.post(path, files=files, data={"model": "whisper-1"})
    assert answer.status_code in {400, 422}
    assert "more than one file" in answer.text
    assert sorted((file_stack.share / "inputs").iterdir()) == before


def test_a_name_in_a_multipart_body_is_made_harmless_too(file_stack: Stack) -> None:
    body = part('form-data; name="file"; filename="../../../x/\xff\x00evil.mp4"', b"x")
    told = file_stack.http.post("/v1/files", content=body, headers=MULTIPART).json()
    assert told["path"] == f"inputs/{told['id']}/{told['name']}"
    assert told["name"].endswith("evil.mp4")


def part(disposition: str, content: bytes, end: str = "--") -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode("latin-1")
    return head + content + f"\r\n--{BOUNDARY}{end}\r\n".encode()


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 422, "invalid_input"),
        (b"x", {"Content-Type": "multipart/form-data"}, 400, "malformed_body"),
        (b"no boundary here", MULTIPART, 400, "malformed_body"),
        (b"", MULTIPART, 422, "invalid_input"),
        (part('form-data; name="file"', b"no filename"), MULTIPART, 422, "invalid_input"),
        (part('form-data; name="file"; filename="a"', b""), MULTIPART, 422, "invalid_input"),
        (part('form-data; name="file"; filename="a"', b"cut off")[:-20], MULTIPART, 422, "invalid_input"),
    ],
)
def test_a_bad_upload_leaves_nothing_behind(
    file_stack: Stack, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    before = inputs(file_stack)
    problem(file_stack.http.post("/v1/files", content=body, headers=headers), status, code)
    assert inputs(file_stack) == before


def blocks(size: int) -> Iterator[bytes]:
    block = bytes(MIB)
    for _ in range(size // MIB):
        yield block


def test_a_large_upload_streams_through_flat_memory(file_stack: Stack) -> None:
    gateway = psutil.Process(file_stack.processes[0].pid)
    upload(file_stack, blocks(20 * MIB))  # what is allocated once is allocated now
    before = gateway.memory_info().rss
    highest = before

    def watch_memory() -> Iterator[bytes]:
        nonlocal highest
        for block in blocks(300 * MIB):
            yield block
            highest = max(highest, gateway.memory_info().rss)

    told = upload(file_stack, watch_memory()).json()
    assert told["size"] == 300 * MIB
    assert highest - before < 40 * MIB
    file_stack.http.delete(f"/v1/files/{told['id']}")


@pytest.mark.parametrize("headers", [{}, MULTIPART], ids=["raw", "multipart"])
def test_an_upload_over_the_limit_leaves_nothing_behind(small_stack: Stack, headers: dict[str, str]) -> None:
    content = bytes(3 * MIB)
    body = part('form-data; name="file"; filename="a"', content) if headers else content
    answer = small_stack.http.post("/v1/files", content=body, headers=headers)
    problem(answer, 413, "body_too_large")
    assert "storage.max_upload_bytes" in answer.json()["detail"]
    problem(small_stack.http.post("/v1/files", content=iter([body]), headers=headers), 413, "body_too_large")
    assert inputs(small_stack) == set()


@pytest.fixture(scope="module")
def small_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("small"), BATON_STORAGE__MAX_UPLOAD_BYTES=str(2 * MIB)) as own:
        own.gateway()
        yield own


def test_a_disk_under_its_floor_takes_no_upload(stack: Stack) -> None:
    stack.gateway(BATON_STORAGE__MIN_FREE_BYTES=str(1 << 60))
    problem(upload(stack, b"x"), 507, "storage_full")
    assert inputs(stack) == set()


@pytest.mark.parametrize("kind", ["application/octet-stream", f"multipart/form-data; boundary={BOUNDARY}"])
def test_a_cut_connection_leaves_nothing_behind(file_stack: Stack, kind: str) -> None:
    before = inputs(file_stack)
    with socket.create_connection(("127.0.0.1", file_stack.port)) as client:
        head = f"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {50 * MIB}\r\n\r\n"
        client.sendall(head.encode())
        client.sendall(part('form-data; name="file"; filename="a"', bytes(5 * MIB))[:-20])
        wait_until(lambda: inputs(file_stack) != before)
    wait_until(lambda: inputs(file_stack) == before)
    assert "Traceback" not in file_stack.read_log("gateway")


# ---- down ----


def test_a_download_says_what_it_is_and_is_never_shown_as_a_page(file_stack: Stack) -> None:
    answer = file_stack.http.get("/v1/files/films/a b.mp4")
    assert answer.content == bytes(range(256))
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''a%20b.mp4"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["accept-ranges"] == "bytes"


def test_head_gives_the_headers_alone(file_stack: Stack) -> None:
    got, head = (file_stack.http.request(method, "/v1/files/films/a b.mp4") for method in ("GET", "HEAD"))
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "256")
    assert head.headers["etag"] == got.headers["etag"]


@pytest.mark.parametrize(
    ("wanted", "begin", "end"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=250-", 250, 256), ("bytes=-6", 250, 256)],
)
def test_a_range_is_served(file_stack: Stack, wanted: str, begin: int, end: int) -> None:
    answer = file_stack.http.get("/v1/files/films/a b.mp4", headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (206, bytes(range(begin, end)))
    assert answer.headers["content-range"] == f"bytes {begin}-{end - 1}/256"


def test_a_range_of_another_version_gives_the_whole_file(file_stack: Stack) -> None:
    headers = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert file_stack.http.get("/v1/files/films/a b.mp4", headers=headers).status_code == 200
    headers["If-Range"] = file_stack.http.head("/v1/files/films/a b.mp4").headers["etag"]
    assert file_stack.http.get("/v1/files/films/a b.mp4", headers=headers).status_code == 206


@pytest.mark.parametrize("wanted", ["bytes=256-", "bytes=1000-2000", "bytes=5-2", "lines=1-2", "bytes", "bytes=x"])
def test_a_range_that_cannot_be_is_a_problem(file_stack: Stack, wanted: str) -> None:
    answer = file_stack.http.get("/v1/files/films/a b.mp4", headers={"Range": wanted})
    problem(answer, 416, "range_not_satisfiable")
    assert answer.headers.get("content-range", "bytes */256") == "bytes */256"


@pytest.mark.parametrize("path", ["", "films", "films/", "inputs", "missing.mp4", "a" * 300, "file_0", "a/" * 1_500])
def test_no_folder_is_listed_and_no_missing_file_is_found(file_stack: Stack, path: str) -> None:
    problem(file_stack.http.get(f"/v1/files/{path}"), 404, "file_not_found")
    assert file_stack.http.head(f"/v1/files/{path}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "films/../../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "%2e%2e%2fsecret.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "outward/secret.txt",
        "share/../../secret.txt",
        "films%00/../../secret.txt",
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_nothing_outside_share_is_reached(file_stack: Stack, path: str, method: str) -> None:
    assert send_raw(file_stack, method, f"/v1/files/{path}") in {422, 404}
    assert (file_stack.folder / "secret.txt").read_text() == "secret"


def send_raw(stack: Stack, method: str, target: str) -> int:
    """Send a request target as it stands, which an HTTP client would tidy up, and return the status."""
    with socket.create_connection(("127.0.0.1", stack.port)) as client:
        client.sendall(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = client.makefile("rb").read()
    assert b"secret\n" not in answer
    assert b"root:" not in answer
    return int(answer.split()[1])


def test_models_are_not_handed_out(file_stack: Stack) -> None:
    problem(file_stack.http.get("/v1/files/models/tiny/model.bin"), 422, "unsafe_path")


@pytest.mark.parametrize("name", [".part", ".partial/audio.wav"])
def test_what_is_not_whole_yet_is_not_there(file_stack: Stack, name: str) -> None:
    path = file_stack.share / "workflows" / "t" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half")
    problem(file_stack.http.get(f"/v1/files/workflows/t/{name}"), 404, "file_not_found")


# ---- away ----


def test_an_upload_is_removed_by_its_id_or_its_path(file_stack: Stack) -> None:
    before = inputs(file_stack)
    for key in ("id", "path"):
        told = upload(file_stack, b"x").json()
        assert file_stack.http.delete(f"/v1/files/{told[key]}").status_code == 204
        problem(file_stack.http.delete(f"/v1/files/{told[key]}"), 404, "file_not_found")
    assert inputs(file_stack) == before


@pytest.mark.parametrize("path", ["films/a b.mp4", "models/tiny/model.bin"])
def test_only_uploads_are_removed_here(file_stack: Stack, path: str) -> None:
    problem(file_stack.http.delete(f"/v1/files/{path}"), 422, "unsafe_path")
    assert Path(file_stack.share / path).exists()
