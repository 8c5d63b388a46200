"""Download URL inputs, with limits on their origin, size and duration."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep

import httpx

from common.errors import BatonError, DownloadFailed, NotStartable, StorageFull, UrlNotAllowed
from common.files.disk import full_disk_is_storage_full
from common.net import s3
from common.net.filenames import filename_of, unused_path
from common.net.guarded_client import client
from common.net.policy import TargetPolicy, redact_url
from common.settings import StorageSettings

OnProgress = Callable[[int, int | None], None]
"""Receives bytes done and bytes total (None: unknown), also while no bytes arrive; may raise to abort."""

SETTING = "storage.allowed_hosts"
MAX_REDIRECTS = 5
FRUITLESS_TRIES = 3  # consecutive tries without a new byte
RETRY_PAUSE = timedelta(milliseconds=500)
CONNECT_TIMEOUT = timedelta(seconds=10)
READ_TIMEOUT = timedelta(seconds=30)
PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-\d+/")


class InputNotReadable(BatonError):
    """The input URL does not return a file. Open it yourself, and check whether it needs a login or has expired."""

    code = "input_not_readable"
    status = 422


class InputTooLarge(BatonError):
    """The input is over the limit. Use a smaller file, or raise `storage.max_download_bytes`."""

    code = "input_too_large"
    status = 413


@dataclass(frozen=True)
class FetchSource:
    """The origin of an input."""

    label: str
    """The URL as errors and logs may show it."""
    url: str
    policy: TargetPolicy
    auth: httpx.Auth | None = None


def fetch(url: str, into: Path, *, settings: StorageSettings, on_progress: OnProgress) -> Path:
    """Download an `http(s)://` or `s3://` URL into a folder and return the complete file.

    A dropped connection is resumed if the server supports it. A failure leaves nothing behind.

    Raises:
        UrlNotAllowed: the URL, or a redirect, leads to a place that inputs may not come from.
        InputNotReadable: the server refuses, and would refuse again.
        InputTooLarge: over `storage.max_download_bytes`.
        DownloadFailed: no connection, a transient error, or over `storage.download_timeout`.
        StorageFull: there is no room for it.
    """
    source = source_of(url, settings)
    download = FileDownload(source, into / part_name(url), settings, on_progress)
    try:
        with full_disk_is_storage_full(), client(source.policy, watch=download.check) as http:
            download.run(http)
        return download.part.replace(unused_path(into / download.name))
    finally:
        download.part.unlink(missing_ok=True)


def part_name(url: str) -> str:
    return f".{sha256(url.encode()).hexdigest()[:16]}.part"


def source_of(url: str, settings: StorageSettings) -> FetchSource:
    if url.lower().startswith(s3.SCHEME):
        return s3_source(url, settings)
    policy = TargetPolicy(settings.allowed_hosts, SETTING, UrlNotAllowed, allow_public=settings.allow_public)
    policy.host_of(url)
    return FetchSource(redact_url(url), url, policy)


def s3_source(reference: str, settings: StorageSettings) -> FetchSource:
    """Return the source of an object. The endpoint's host is allowed, because the operator configured it."""
    url = s3.object_url(reference, endpoint=settings.s3_endpoint, region=settings.s3_region)
    if url is None:
        raise UrlNotAllowed("An S3 input is written s3://bucket/key, without . or .. between slashes.")
    hosts = [*settings.allowed_hosts, *endpoint_host(settings)]
    policy = TargetPolicy(hosts, SETTING, UrlNotAllowed, allow_public=settings.allow_public)
    return FetchSource(redact_url(reference), url, policy, signature(settings))


def endpoint_host(settings: StorageSettings) -> list[str]:
    if settings.s3_endpoint is None:
        return []
    return [TargetPolicy([], SETTING, NotStartable).host_of(settings.s3_endpoint)]


def signature(settings: StorageSettings) -> httpx.Auth | None:
    """Return the signature for the configured keys; a public bucket needs none."""
    if settings.s3_access_key is None or settings.s3_secret_key is None:
        return None
    access, secret = settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value()
    return s3.SignatureV4(access, secret, settings.s3_region)


@dataclass
class FileDownload:
    """One file, downloaded over as many connections as necessary."""

    source: FetchSource
    part: Path
    settings: StorageSettings
    on_progress: OnProgress
    name: str = ""
    done: int = 0
    total: int | None = None
    validator: str | None = None
    """The validator that proves the file is unchanged, if the server sends one; required to resume."""
    began: float = field(default_factory=monotonic)

    def run(self, http: httpx.Client) -> None:
        furthest, fruitless = 0, 0
        while True:
            try:
                return self.receive(http)
            except httpx.DecodingError as error:
                raise InputNotReadable(f"{self.source.label} sent a body that cannot be decoded: {error}.") from error
            except (httpx.TransportError, DownloadFailed) as error:
                self.check()
                fruitless = 0 if self.done > furthest else fruitless + 1
                furthest = max(furthest, self.done)
                if not self.name or fruitless > FRUITLESS_TRIES:
                    raise self.failure(error) from error
                sleep(RETRY_PAUSE.total_seconds() * fruitless)

    def check(self) -> None:
        """Raise if the download must stop: the time limit has passed, or the task is ending."""
        if self.seconds_left <= 0:
            raise DownloadFailed(
                f"{self.source.label} took longer than storage.download_timeout "
                f"({self.settings.download_timeout.total_seconds():g} s).",
                done=self.done,
                total=self.total,
            )
        self.on_progress(self.done, self.total)

    @property
    def seconds_left(self) -> float:
        """Seconds until the time limit."""
        return self.settings.download_timeout.total_seconds() - (monotonic() - self.began)

    def failure(self, error: Exception) -> DownloadFailed:
        if isinstance(error, DownloadFailed):
            return error
        reason = str(error) or type(error).__name__
        return DownloadFailed(f"{self.source.label}: {reason}. Check that the URL answers from this machine.")

    def receive(self, http: httpx.Client) -> None:
        """Receive what one connection delivers, starting where the last one broke."""
        with open_response(http, self.request(http), self.source) as response:
            self.begin(response)
            with self.part.open("ab") as file:
                for chunk in response.iter_bytes():
                    self.done += len(chunk)
                    self.require_size(self.done)
                    file.write(chunk)
        self.finish()

    def request(self, http: httpx.Client) -> httpx.Request:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if self.done and self.validator:
            headers |= {"Range": f"bytes={self.done}-", "If-Range": self.validator}
        connect = min(CONNECT_TIMEOUT.total_seconds(), self.seconds_left)
        timeout = httpx.Timeout(READ_TIMEOUT.total_seconds(), connect=max(0.001, connect))
        return http.build_request("GET", self.source.url, headers=headers, timeout=timeout)

    def begin(self, response: httpx.Response) -> None:
        """Resume where the last connection broke, or restart if the server cannot resume."""
        if response.status_code == HTTPStatus.PARTIAL_CONTENT and range_start(response) == self.done > 0:
            return
        if response.status_code in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
            self.validator = None
            raise DownloadFailed(f"{self.source.label} changed while it was downloaded.")
        require_readable(response, self.source.label)
        self.start_again(response)

    def start_again(self, response: httpx.Response) -> None:
        plain = response.headers.get("content-encoding", "identity") == "identity"
        self.part.write_bytes(b"")
        self.done = 0
        self.name = filename_of(response)
        self.total = content_length(response) if plain else None
        self.validator = validator_of(response) if plain else None
        self.require_room()
        self.on_progress(self.done, self.total)

    def require_room(self) -> None:
        if self.total is None:
            return
        self.require_size(self.total)
        if shutil.disk_usage(self.part.parent).free - self.total < self.settings.min_free_bytes:
            raise StorageFull(
                f"{self.source.label} has {self.total >> 20} MiB, which would leave less than "
                "storage.min_free_bytes on the disk. Free some space, then retry the task."
            )

    def require_size(self, size: int) -> None:
        limit = self.settings.max_download_bytes
        if size > limit:
            raise InputTooLarge(
                f"{self.source.label} is larger than storage.max_download_bytes ({limit} bytes).", limit=limit
            )

    def finish(self) -> None:
        if self.total is not None and self.done != self.total:
            raise DownloadFailed(f"{self.source.label} ended after {self.done} of {self.total} bytes.")
        self.on_progress(self.done, self.done)


@contextmanager
def open_response(http: httpx.Client, request: httpx.Request, source: FetchSource) -> Iterator[httpx.Response]:
    """Yield the response with unread body, after at most MAX_REDIRECTS redirects.

    httpx itself would read the body of every redirect into memory, whatever its size.
    """
    for _ in range(MAX_REDIRECTS + 1):
        response = send_request(http, request, source)
        try:
            if response.next_request is None:
                yield response
                return
            request = response.next_request
        finally:
            response.close()
    raise InputNotReadable(f"{source.label} redirects more than {MAX_REDIRECTS} times.")


def send_request(http: httpx.Client, request: httpx.Request, source: FetchSource) -> httpx.Response:
    """Send the request; the source's credentials go only to the host they belong to."""
    auth = source.auth if str(request.url) == str(httpx.URL(source.url)) else None
    try:
        return http.send(request, stream=True, auth=auth, follow_redirects=False)
    except UnicodeError as error:  # `xn--` followed by a name that IDNA does not allow
        raise InputNotReadable(f"{source.label} redirects to a host name that cannot be read.") from error
    except httpx.UnsupportedProtocol as error:
        raise InputNotReadable(f"{source.label} redirects to a URL that is not http or https.") from error


def require_readable(response: httpx.Response, label: str) -> None:
    """Raise the error for a status other than 200: transient or permanent."""
    status = response.status_code
    if status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise DownloadFailed(f"{label} answered {status} {response.reason_phrase}.", status=status)
    if status != HTTPStatus.OK:
        raise InputNotReadable(
            f"{label} answered {status} {response.reason_phrase}. "
            "Check the URL, and whether it needs a login or has expired.",
            status=status,
        )


def range_start(response: httpx.Response) -> int | None:
    match = CONTENT_RANGE.match(response.headers.get("content-range", ""))
    return int(match[1]) if match else None


def content_length(response: httpx.Response) -> int | None:
    length = response.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


def validator_of(response: httpx.Response) -> str | None:
    """Return a value for `If-Range` (RFC 9110 §13.1.5): a strong ETag, or else the modification time."""
    tag: str = response.headers.get("etag", "")
    if tag and not tag.startswith("W/"):
        return tag
    modified: str | None = response.headers.get("last-modified")
    return modified
