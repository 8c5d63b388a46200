"""A URL input comes whole or not at all, from where it may, in the size and the time that it may take."""

import gzip
import hashlib
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpcore
import httpx
import pytest
from pydantic import SecretStr
from typing_extensions import override

from common.errors import BatonError, Cancelled, DownloadFailed, NotStartable, StorageFull, UrlNotAllowed
from common.net import fetch as fetching
from common.net.fetch import InputNotReadable, InputTooLarge, fetch, part_name
from common.net.filenames import safe_name
from common.net.s3 import SignatureV4, object_url
from common.settings import StorageSettings

BODY = bytes(range(256)) * 4000  # about 1 MB
Answer = Callable[["Visit"], None]


class Visit(BaseHTTPRequestHandler):
    """One request; the site's answer for its path decides what comes back."""

    protocol_version = "HTTP/1.1"
    server: "Site"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        self.server.answers[self.path.partition("?")[0]](self)

    def head(self, status: int = 200, *, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()

    def give(self, body: bytes = BODY, status: int = 200, **headers: str) -> None:
        self.head(status, length=len(body), **headers)
        self.wfile.write(body)

    def cut(self, sent: bytes, *, length: int = len(BODY), status: int = 200, **headers: str) -> None:
        """Promise `length` bytes, send fewer and hang up."""
        self.head(status, length=length, **headers)
        self.wfile.write(sent)
        self.close_connection = True

    @property
    def start(self) -> int:
        """The first byte that a Range asks for."""
        match = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(match[1]) if match else 0

    def resume(self, body: bytes, **headers: str) -> None:
        content_range = f"bytes {self.start}-{len(body) - 1}/{len(body)}"
        self.give(body[self.start :], 206, Content_Range=content_range, **headers)

    @override
    def log_message(self, *_args: Any) -> None:
        pass


class Site(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.over = Event()

    def url(self, path: str, answer: Answer | None = None) -> str:
        if answer:
            self.answers[path] = answer
        return f"http://127.0.0.1:{self.server_port}{path}"

    def hold(self, _visit: Visit) -> None:
        self.over.wait(30)

    @override
    def handle_error(self, *_args: Any) -> None:
        """A client that hung up is what these tests are about."""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as listening:
        Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield listening
        listening.over.set()
        listening.shutdown()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "RETRY_PAUSE", timedelta(milliseconds=1))


def get(url: str, into: Path, on_progress: fetching.OnProgress | None = None, **settings: Any) -> Path:
    settings = {
        "allowed_hosts": ["127.0.0.1"],
        "min_free_bytes": 0,
        "download_timeout": timedelta(seconds=20),
    } | settings
    return fetch(url, into, settings=StorageSettings(**settings), on_progress=on_progress or (lambda *_: None))


def failure(kind: type[BatonError], url: str, into: Path, **settings: Any) -> BatonError:
    """Expect this error, and nothing left behind."""
    with pytest.raises(kind) as caught:
        get(url, into, **settings)
    assert list(into.iterdir()) == []
    return caught.value


# ---- a whole file ----


def test_a_url_becomes_a_whole_file_named_as_in_the_url(site: Site, tmp_path: Path) -> None:
    file = get(site.url("/videos/film%20one.mp4", Visit.give) + "?token=secret", tmp_path)
    assert file == tmp_path / "film one.mp4"
    assert file.read_bytes() == BODY
    assert list(tmp_path.iterdir()) == [file]


def test_progress_begins_at_nothing_and_ends_with_everything(site: Site, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    get(site.url("/a", Visit.give), tmp_path, lambda *now: told.append(now))
    assert (0, len(BODY)) in told
    assert told[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_file_of_unknown_length_comes_whole(site: Site, tmp_path: Path) -> None:
    def send_until_close(visit: Visit) -> None:
        visit.head()
        visit.wfile.write(BODY)

    assert get(site.url("/a", send_until_close), tmp_path).read_bytes() == BODY


def test_an_encoded_body_is_decoded(site: Site, tmp_path: Path) -> None:
    url = site.url("/a", lambda visit: visit.give(gzip.compress(BODY), Content_Encoding="gzip"))
    assert get(url, tmp_path).read_bytes() == BODY
    assert site.seen[0][1]["Accept-Encoding"] == "identity"


def test_an_encoded_body_that_cannot_be_decoded_is_not_readable(site: Site, tmp_path: Path) -> None:
    url = site.url("/a", lambda visit: visit.give(b"no gzip", Content_Encoding="gzip"))
    failure(InputNotReadable, url, tmp_path)


def test_two_inputs_of_one_name_do_not_overwrite_each_other(site: Site, tmp_path: Path) -> None:
    url = site.url("/a.wav", Visit.give)
    assert [get(url, tmp_path).name for _ in range(3)] == ["a.wav", "a-2.wav", "a-3.wav"]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="talk.mp4"', "talk.mp4"),
        ("attachment; filename*=UTF-8''%E4%BD%A0%E5%A5%BD.mp4", "你好.mp4"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
        ('attachment; filename="..\\\\..\\\\boot.ini"', "boot.ini"),
        ('attachment; filename="/etc/cron.d/job"', "job"),
        ('attachment; filename=".."', "input"),
        ('attachment; filename=".hidden"', "hidden"),
        ('attachment; filename="-i"', "i"),
        ('attachment; filename="frame%05d.png"', "frame_05d.png"),
        ('attachment; filename="concat:a|b.ts"', "concat_a_b.ts"),
        ("inline", "a.bin"),
        (f"attachment; filename*{'9' * 5000}*=x; filename*0*=y", "a.bin"),
    ],
)
def test_a_name_from_the_server_never_leaves_the_folder(site: Site, tmp_path: Path, header: str, name: str) -> None:
    url = site.url("/a.bin", lambda visit: visit.give(Content_Disposition=header))
    assert get(url, tmp_path) == tmp_path / name


def test_a_very_long_name_keeps_its_suffix() -> None:
    assert safe_name("你" * 300 + ".mp4") == "你" * 50 + ".mp4"


# ---- broken connections ----


@pytest.mark.parametrize(
    "mark", [{"ETag": '"v1"'}, {"Last-Modified": format_datetime(datetime(2026, 1, 1, tzinfo=UTC), usegmt=True)}]
)
def test_a_cut_download_goes_on_where_it_broke(site: Site, tmp_path: Path, mark: dict[str, str]) -> None:
    def answer(visit: Visit) -> None:
        if visit.start < 600_000:  # two cuts, then the rest
            rest = BODY[visit.start : visit.start + 300_000]
            content_range = f"bytes {visit.start}-{len(BODY) - 1}/{len(BODY)}"
            status = 206 if visit.start else 200
            visit.cut(rest, length=len(BODY) - visit.start, status=status, Content_Range=content_range, **mark)
        else:
            visit.resume(BODY, **mark)

    assert get(site.url("/a", answer), tmp_path).read_bytes() == BODY
    asked = [headers.get("Range") for _, headers in site.seen]
    assert asked == [None, "bytes=300000-", "bytes=600000-"]
    assert [headers.get("If-Range") for _, headers in site.seen[1:]] == [*mark.values()] * 2


def test_a_cut_download_starts_again_where_the_server_cannot_go_on(site: Site, tmp_path: Path) -> None:
    def answer(visit: Visit) -> None:
        visit.cut(BODY[:1000]) if len(site.seen) == 1 else visit.give()

    assert get(site.url("/a", answer), tmp_path).read_bytes() == BODY
    assert "Range" not in site.seen[1][1]


@pytest.mark.parametrize("weak", ['W/"v1"', ""])
def test_a_weak_mark_is_not_trusted_for_going_on(site: Site, tmp_path: Path, weak: str) -> None:
    def answer(visit: Visit) -> None:
        visit.cut(BODY[:1000], ETag=weak) if len(site.seen) == 1 else visit.give()

    assert get(site.url("/a", answer), tmp_path).read_bytes() == BODY
    assert "Range" not in site.seen[1][1]


def test_a_file_that_changed_meanwhile_is_taken_anew(site: Site, tmp_path: Path) -> None:
    def answer(visit: Visit) -> None:
        visit.cut(b"old" * 1000, ETag='"v1"') if len(site.seen) == 1 else visit.give(ETag='"v2"')

    assert get(site.url("/a", answer), tmp_path).read_bytes() == BODY


@pytest.mark.parametrize("content_range", ["bytes 7-99/100", "nonsense", f"bytes {'9' * 5000}-1/1"])
def test_a_range_other_than_the_one_asked_for_starts_again(site: Site, tmp_path: Path, content_range: str) -> None:
    def answer(visit: Visit) -> None:
        if len(site.seen) == 1:
            visit.cut(BODY[:1000], ETag='"v1"')
        elif "Range" in visit.headers:
            visit.give(b"x", 206, Content_Range=content_range)
        else:
            visit.give()

    assert get(site.url("/a", answer), tmp_path).read_bytes() == BODY


def test_a_range_that_cannot_be_satisfied_starts_again(site: Site, tmp_path: Path) -> None:
    def answer(visit: Visit) -> None:
        if len(site.seen) == 1:
            visit.cut(BODY[:1000], ETag='"v1"')
        else:
            visit.give(b"", 416) if "Range" in visit.headers else visit.give()

    assert get(site.url("/a", answer), tmp_path).read_bytes() == BODY


def test_a_range_that_ends_early_is_asked_for_again(site: Site, tmp_path: Path) -> None:
    def answer(visit: Visit) -> None:
        if not visit.start:
            visit.cut(BODY[:1000], ETag='"v1"')
        elif visit.start == 1000:
            visit.give(BODY[1000:5000], 206, Content_Range=f"bytes 1000-4999/{len(BODY)}")
        else:
            visit.resume(BODY)

    assert get(site.url("/a", answer), tmp_path).read_bytes() == BODY


def test_a_server_error_in_mid_download_is_waited_out(site: Site, tmp_path: Path) -> None:
    def answer(visit: Visit) -> None:
        steps: list[Answer] = [
            lambda visit: visit.cut(BODY[:1000], ETag='"v1"'),
            lambda visit: visit.give(b"", 503),
            lambda visit: visit.resume(BODY),
        ]
        steps[len(site.seen) - 1](visit)

    assert get(site.url("/a", answer), tmp_path).read_bytes() == BODY


def test_a_download_that_never_gets_further_fails(site: Site, tmp_path: Path) -> None:
    url = site.url("/a", lambda visit: visit.cut(BODY[:1000]))
    error = failure(DownloadFailed, url + "?token=secret", tmp_path)
    assert error.retryable
    assert "secret" not in error.message
    assert len(site.seen) == fetching.FRUITLESS_TRIES + 2


# ---- what the server says ----


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_an_error_that_may_pass_is_retryable(site: Site, tmp_path: Path, status: int) -> None:
    error = failure(DownloadFailed, site.url("/a", lambda visit: visit.give(b"", status)), tmp_path)
    assert (error.retryable, error.detail["status"]) == (True, status)
    assert len(site.seen) == 1


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 410, 451])
def test_an_answer_that_stays_is_not_retried(site: Site, tmp_path: Path, status: int) -> None:
    def answer(visit: Visit) -> None:
        visit.give(b"", status)

    kind = DownloadFailed if status == 206 else InputNotReadable  # a part that nobody asked for: a confused server
    error = failure(kind, site.url("/a", answer), tmp_path)
    assert error.retryable is (status == 206)


def test_no_server_is_a_download_that_failed(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    assert failure(DownloadFailed, f"http://127.0.0.1:{port}/a", tmp_path).retryable


# ---- redirects ----


def redirect_to(target: str) -> Answer:
    return lambda visit: visit.give(b"", 302, Location=target)


def test_a_redirect_is_followed_and_names_the_file(site: Site, tmp_path: Path) -> None:
    site.url("/real/talk.mp4", Visit.give)
    assert get(site.url("/latest", redirect_to("/real/talk.mp4")), tmp_path).name == "talk.mp4"


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[::1]/", "http://2130706434/"]
)
def test_a_redirect_to_a_refused_address_is_refused(site: Site, tmp_path: Path, target: str) -> None:
    failure(UrlNotAllowed, site.url("/a", redirect_to(target)), tmp_path)


def test_a_redirect_to_another_scheme_is_not_readable(site: Site, tmp_path: Path) -> None:
    failure(InputNotReadable, site.url("/a", redirect_to("file:///etc/passwd")), tmp_path)


def test_a_redirect_to_a_name_that_cannot_be_is_not_readable(site: Site, tmp_path: Path) -> None:
    error = failure(InputNotReadable, site.url("/a", redirect_to("http://xn--localhost/")), tmp_path)
    assert "host name that cannot be read" in error.message


def test_a_redirect_loop_ends(site: Site, tmp_path: Path) -> None:
    error = failure(InputNotReadable, site.url("/a", redirect_to("/a")), tmp_path)
    assert "redirects more than 5 times" in error.message
    assert len(site.seen) == fetching.MAX_REDIRECTS + 1


def test_the_body_of_a_redirect_is_not_read(site: Site, tmp_path: Path) -> None:
    def endless(visit: Visit) -> None:
        visit.head(302, length=1 << 40, Location="/real")
        site.hold(visit)

    site.url("/real", Visit.give)
    assert get(site.url("/a", endless), tmp_path).read_bytes() == BODY


# ---- limits ----


def test_a_file_that_says_it_is_too_large_is_not_begun(site: Site, tmp_path: Path) -> None:
    error = failure(InputTooLarge, site.url("/a", Visit.give), tmp_path, max_download_bytes=1000)
    assert "storage.max_download_bytes" in error.message


def test_a_file_that_turns_out_too_large_is_stopped(site: Site, tmp_path: Path) -> None:
    def endless(visit: Visit) -> None:
        visit.head()
        while True:
            visit.wfile.write(BODY)

    failure(InputTooLarge, site.url("/a", endless), tmp_path, max_download_bytes=3_000_000)


def test_a_small_body_that_unpacks_too_large_is_stopped(site: Site, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    url = site.url("/a", lambda visit: visit.give(bomb, Content_Encoding="gzip"))
    failure(InputTooLarge, url, tmp_path, max_download_bytes=1_000_000)


def test_a_file_may_have_exactly_the_largest_size(site: Site, tmp_path: Path) -> None:
    assert get(site.url("/a", Visit.give), tmp_path, max_download_bytes=len(BODY)).read_bytes() == BODY


def stay_silent(visit: Visit) -> None:
    visit.server.hold(visit)


def stall(visit: Visit) -> None:
    visit.head(length=len(BODY))
    visit.wfile.write(BODY[:1000])
    visit.wfile.flush()
    visit.server.hold(visit)


def drip_headers(visit: Visit) -> None:
    """Headers that never end."""
    visit.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not visit.server.over.wait(0.02):
        visit.wfile.write(b"a")


slow = pytest.mark.parametrize("answer", [stay_silent, stall, drip_headers])


@slow
def test_a_slow_server_is_given_up_after_the_time_limit(site: Site, tmp_path: Path, answer: Answer) -> None:
    limit = timedelta(milliseconds=200)
    error = failure(DownloadFailed, site.url("/a", answer), tmp_path, download_timeout=limit)
    assert "storage.download_timeout (0.2 s)" in error.message


def test_a_server_that_falls_silent_is_asked_again(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "READ_TIMEOUT", timedelta(milliseconds=100))

    def answer(visit: Visit) -> None:
        stall(visit) if len(site.seen) == 1 else visit.give()

    assert get(site.url("/a", answer), tmp_path).read_bytes() == BODY


@slow
def test_a_cancel_is_heard_while_nothing_comes(site: Site, tmp_path: Path, answer: Answer) -> None:
    cancelled = Event()

    def cancel_then_answer(visit: Visit) -> None:
        cancelled.set()
        answer(visit)

    site.url("/a", cancel_then_answer)

    def on_progress(_done: int, _total: int | None) -> None:
        if cancelled.is_set():
            raise Cancelled

    with pytest.raises(Cancelled):
        get(site.url("/a"), tmp_path, on_progress)
    assert list(tmp_path.iterdir()) == []


def test_a_cancel_closes_the_connection_and_removes_the_part(site: Site, tmp_path: Path) -> None:
    hung_up = Event()

    def endless(visit: Visit) -> None:
        visit.head()
        try:
            while True:
                visit.wfile.write(BODY)
        except OSError:
            hung_up.set()

    def on_progress(done: int, _total: int | None) -> None:
        if done:
            assert list(tmp_path.glob(".*.part"))
            raise Cancelled

    with pytest.raises(Cancelled):
        get(site.url("/a", endless), tmp_path, on_progress)
    assert hung_up.wait(60)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_as_such(site: Site, tmp_path: Path) -> None:
    url = site.url("/a", Visit.give)
    (tmp_path / part_name(url)).symlink_to("/dev/full")
    failure(StorageFull, url, tmp_path)


def test_a_file_that_would_fill_the_disk_is_not_begun(site: Site, tmp_path: Path) -> None:
    error = failure(StorageFull, site.url("/a", Visit.give), tmp_path, min_free_bytes=1 << 60)
    assert "storage.min_free_bytes" in error.message


# ---- where from ----


def test_a_private_host_is_refused_unless_it_is_allowed(site: Site, tmp_path: Path) -> None:
    error = failure(UrlNotAllowed, site.url("/a", Visit.give), tmp_path, allowed_hosts=[])
    assert "storage.allowed_hosts" in error.message
    assert site.seen == []


@pytest.mark.parametrize("url", ["ftp://example.com/a", "http://user:password@example.com/a", "http:///a", "file:///a"])
def test_a_malformed_url_is_refused(tmp_path: Path, url: str) -> None:
    failure(UrlNotAllowed, url, tmp_path)


def test_a_name_that_rebinds_reaches_only_the_checked_address(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, asked, connected = socket.getaddrinfo, [], []

    def rebinding(host: str, port: Any, *_args: Any, **_kwargs: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return system("93.184.216.34" if len(asked) == 1 else "127.0.0.1", port, type=socket.SOCK_STREAM)

    def connect(_backend: httpcore.SyncBackend, host: str, *_args: Any) -> httpcore.NetworkStream:
        connected.append(host)
        raise httpcore.ConnectError("no route")

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    failure(DownloadFailed, f"http://rebind.test:{site.server_port}/a", tmp_path, allowed_hosts=[])
    assert (asked, connected) == (["rebind.test"], ["93.184.216.34"])

    failure(UrlNotAllowed, f"http://rebind.test:{site.server_port}/a", tmp_path, allowed_hosts=[])
    assert connected == ["93.184.216.34"]
    assert site.seen == []


# ---- s3 ----

KEYS: dict[str, Any] = {"s3_access_key": SecretStr("AKIAIOSFODNN7EXAMPLE"), "s3_secret_key": SecretStr("wJalrXUtnFEMI")}


def test_an_s3_object_comes_from_the_endpoint_that_the_settings_name(site: Site, tmp_path: Path) -> None:
    site.url("/films/2026/caf%C3%A9%20%231.mp4", Visit.give)
    endpoint = site.url("")
    file = get("s3://films/2026/café #1.mp4", tmp_path, allowed_hosts=[], s3_endpoint=endpoint, **KEYS)
    assert file.name == "café _1.mp4"
    assert file.read_bytes() == BODY
    assert site.seen[0][1]["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/")


def test_the_endpoint_is_no_opening_for_other_urls(site: Site, tmp_path: Path) -> None:
    url = site.url("/a", Visit.give)
    failure(UrlNotAllowed, url, tmp_path, allowed_hosts=[], s3_endpoint=site.url(""))


def test_a_resumed_s3_download_is_signed_anew_with_its_range(site: Site, tmp_path: Path) -> None:
    def answer(visit: Visit) -> None:
        visit.resume(BODY) if visit.start else visit.cut(BODY[:1000], ETag='"v1"')

    site.url("/bucket/key", answer)
    assert get("s3://bucket/key", tmp_path, s3_endpoint=site.url(""), **KEYS).read_bytes() == BODY
    assert "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date" in site.seen[1][1]["Authorization"]


def test_the_keys_do_not_follow_a_redirect_to_another_host(site: Site, tmp_path: Path) -> None:
    with Site() as other:
        Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01}).start()
        site.url("/bucket/key", redirect_to(other.url("/elsewhere", Visit.give)))
        get("s3://bucket/key", tmp_path, s3_endpoint=site.url(""), **KEYS)
        other.shutdown()
    assert "Authorization" in site.seen[0][1]
    assert "Authorization" not in other.seen[0][1]


def test_a_public_bucket_needs_no_keys(site: Site, tmp_path: Path) -> None:
    site.url("/bucket/key", Visit.give)
    get("s3://bucket/key", tmp_path, s3_endpoint=site.url(""))
    assert "Authorization" not in site.seen[0][1]


@pytest.mark.parametrize(
    "reference",
    [
        "s3://",
        "s3://bucket",
        "s3://bucket/",
        "s3:///key",
        "s3://../key",
        "s3://b/..",
        "s3://b/a/../../c/d",
        "s3://b@c/d",
    ],
)
def test_an_s3_reference_names_a_bucket_and_a_key(tmp_path: Path, reference: str) -> None:
    failure(UrlNotAllowed, reference, tmp_path)


def test_an_endpoint_that_is_no_url_is_the_operators_error(tmp_path: Path) -> None:
    failure(NotStartable, "s3://bucket/key", tmp_path, s3_endpoint="http://:9000")


def test_aws_is_addressed_by_host_and_an_own_endpoint_by_path() -> None:
    aws: dict[str, Any] = {"endpoint": None, "region": "eu-west-1"}
    assert object_url("s3://films/a b", **aws) == "https://films.s3.eu-west-1.amazonaws.com/a%20b"
    assert object_url("s3://my.films/a", **aws) == "https://s3.eu-west-1.amazonaws.com/my.films/a"
    assert object_url("s3://films/a", endpoint="http://minio:9000/", region="") == "http://minio:9000/films/a"


@pytest.mark.parametrize(
    ("target", "headers", "signature"),
    [
        ("/test.txt", {"Range": "bytes=0-9"}, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("/?lifecycle", {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/?max-keys=2&prefix=J", {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_the_signature_is_that_of_awss_published_examples(target: str, headers: dict[str, str], signature: str) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    auth = SignatureV4("AKIAIOSFODNN7EXAMPLE", secret, "us-east-1", lambda: datetime(2013, 5, 24, tzinfo=UTC))
    request = next(
        auth.auth_flow(httpx.Request("GET", f"https://examplebucket.s3.amazonaws.com{target}", headers=headers))
    )
    assert request.headers["x-amz-content-sha256"] == hashlib.sha256(b"").hexdigest()
    assert request.headers["Authorization"].endswith(f"Signature={signature}")
