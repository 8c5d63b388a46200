"""Read `s3://bucket/key` over plain HTTP: the object's URL, and AWS Signature Version 4 for its GET.

The signature follows "Authenticating Requests: Using the Authorization Header" of the Amazon S3 API Reference
(https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html); the tests use its examples.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, quote

import httpx
from typing_extensions import override

from common.clock import utcnow

SCHEME = "s3://"
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
DOTS = frozenset({".", ".."})  # URL normalization removes them and would yield another bucket, or the bucket list
ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_BODY_SHA256 = hashlib.sha256(b"").hexdigest()
SIGNED = ("host", "range", "x-amz-content-sha256", "x-amz-date")  # in alphabetical order


def object_url(reference: str, *, endpoint: str | None, region: str) -> str | None:
    """Return the http(s) URL of `s3://bucket/key`, or None if the reference does not name an object.

    A custom endpoint uses path-style URLs, AWS uses virtual hosts; buckets with dots use path style because of the
    certificate. The key is used literally, as in AWS's own tools: `%`, `?` and `#` are part of it.
    """
    bucket, _, key = reference[len(SCHEME) :].partition("/")
    if not (BUCKET.fullmatch(bucket) and key) or DOTS & set(key.split("/")):
        return None
    if endpoint is None and "." not in bucket:
        return f"https://{bucket}.s3.{region}.amazonaws.com/{quote_key(key)}"
    base = endpoint or f"https://s3.{region}.amazonaws.com"
    return f"{base.rstrip('/')}/{bucket}/{quote_key(key)}"


def quote_key(key: str) -> str:
    return quote(key, safe="/-._~")


@dataclass(frozen=True)
class SignatureV4(httpx.Auth):
    """Signs a GET. Each request is signed anew, so that a download resumed after an hour still has a fresh date."""

    access_key: str
    secret_key: str
    region: str
    now: Callable[[], datetime] = utcnow

    @override
    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        stamp = self.now().strftime("%Y%m%dT%H%M%SZ")
        request.headers["x-amz-date"] = stamp
        request.headers["x-amz-content-sha256"] = EMPTY_BODY_SHA256
        request.headers["Authorization"] = self.authorization(request, stamp)
        yield request

    def authorization(self, request: httpx.Request, stamp: str) -> str:
        scope = f"{stamp[:8]}/{self.region}/s3/aws4_request"
        hashed = hashlib.sha256(canonical_request(request).encode()).hexdigest()
        signature = hmac.new(self.signing_key(scope), f"{ALGORITHM}\n{stamp}\n{scope}\n{hashed}".encode(), "sha256")
        return (
            f"{ALGORITHM} Credential={self.access_key}/{scope},"
            f"SignedHeaders={';'.join(signed_headers(request))},Signature={signature.hexdigest()}"
        )

    def signing_key(self, scope: str) -> bytes:
        key = b"AWS4" + self.secret_key.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


def signed_headers(request: httpx.Request) -> list[str]:
    return [name for name in SIGNED if name in request.headers]


def canonical_request(request: httpx.Request) -> str:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "\n".join(
        [
            request.method,
            path,
            "&".join(f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}" for name, value in pairs),
            *(f"{name}:{request.headers[name].strip()}" for name in signed_headers(request)),
            "",
            ";".join(signed_headers(request)),
            EMPTY_BODY_SHA256,
        ]
    )
