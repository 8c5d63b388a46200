"""An outgoing request reaches public addresses, the private ones that are allowed, and nothing else."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpcore
import httpx
import pytest
import uvloop
from typing_extensions import override

from common.errors import BatonError, CallbackNotAllowed, NotStartable, UrlNotAllowed
from common.net.guarded_client import AsyncGuardedBackend, GuardedBackend, async_client, client
from common.net.policy import TargetPolicy, redact_url
from tests.support.network_guard import is_numeric

PUBLIC = "93.184.216.34"


def policy(*allowed: str, error: type[BatonError] = CallbackNotAllowed, **more: bool) -> TargetPolicy:
    return TargetPolicy(allowed, "callbacks.allowed_hosts", error, switch="callbacks.allow_private", **more)


class NameServer:
    """Answers for the names it was told, counts the questions, and leaves addresses to the system."""

    def __init__(self) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []
        self.system = socket.getaddrinfo

    def tell(self, host: str, *answers: list[str]) -> None:
        self.answers[host] = list(answers)

    def __call__(self, host: str, port: Any, *_args: Any, **_kwargs: Any) -> list[tuple[Any, ...]]:
        if host not in self.answers and not is_numeric(host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if host not in self.answers:
            return self.system(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        self.asked.append(host)
        now = self.answers[host].pop(0) if len(self.answers[host]) > 1 else self.answers[host][0]
        return [entry for address in now for entry in self.system(address, port, type=socket.SOCK_STREAM)]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> NameServer:
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server)
    return server


class Recorder(httpcore.MockBackend):
    """Connects nowhere, and remembers where to it was asked to."""

    def __init__(self) -> None:
        super().__init__([])
        self.hosts: list[str] = []

    @override
    def connect_tcp(self, host: str, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        self.hosts.append(host)
        return super().connect_tcp(host, *args, **kwargs)


class AsyncRecorder(httpcore.AsyncMockBackend):
    def __init__(self) -> None:
        super().__init__([])
        self.hosts: list[str] = []

    @override
    async def connect_tcp(self, host: str, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        self.hosts.append(host)
        return await super().connect_tcp(host, *args, **kwargs)


class ClosedAtOnce(httpcore.AnyIOBackend):
    """Connects to a peer that has gone before anybody writes."""

    @override
    async def connect_tcp(self, host: str, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        stream = await super().connect_tcp(host, *args, **kwargs)
        await stream.aclose()
        return stream


class Handler(BaseHTTPRequestHandler):
    server: "HostRecorder"

    def do_GET(self) -> None:
        self.server.hosts.append(self.headers["Host"])
        redirect = self.path.startswith("/to/")
        self.send_response(302 if redirect else 200)
        if redirect:
            self.send_header("Location", self.path.removeprefix("/to/"))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    @override
    def log_message(self, *_args: Any) -> None:
        pass


class HostRecorder(ThreadingHTTPServer):
    """Records the Host header of each request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hosts: list[str] = []


@pytest.fixture
def server() -> Iterator[HostRecorder]:
    with HostRecorder() as listening:
        Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield listening
        listening.shutdown()


def catch_refusal(target: TargetPolicy, url: str) -> BatonError:
    with pytest.raises(BatonError) as caught:
        target.check(url)
    with pytest.raises(type(caught.value)):
        asyncio.run(target.check_async(url))
    return caught.value


def assert_allowed(target: TargetPolicy, url: str) -> None:
    target.check(url)
    asyncio.run(target.check_async(url))


@pytest.mark.parametrize("host", [PUBLIC, "8.8.8.8", "[2606:4700::1111]", "[64:ff9b::808:808]", "[2002:808:808::1]"])
def test_public_addresses_are_allowed(host: str) -> None:
    assert_allowed(policy(), f"https://{host}/hook")


PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "240.0.0.1",
    "255.255.255.255",
    "224.0.0.1",
    "192.0.0.8",
    "192.88.99.1",
    "198.18.0.1",
    "[::1]",
    "[::]",
    "[fc00::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[4000::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[::7f00:1]",
    "[2002:7f00:1::]",
    "[64:ff9b::7f00:1]",
    "[2001:0:808:808:0:0:80ff:fffe]",  # Teredo: the client is 127.0.0.1, inverted
]


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_refused(host: str) -> None:
    assert "callbacks.allowed_hosts" in catch_refusal(policy(), f"http://{host}:5678/hook").message


@pytest.mark.parametrize("host", PRIVATE)
def test_the_switch_opens_every_private_address(host: str) -> None:
    assert_allowed(policy(allow_private=True), f"http://{host}/hook")


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "0"])
def test_an_odd_spelling_of_loopback_is_loopback(host: str) -> None:
    catch_refusal(policy(), f"http://{host}/")


METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[::ffff:169.254.169.254]",
    "[2002:a9fe:a9fe::]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "2852039166",
    "0xa9fea9fe",
]


@pytest.mark.parametrize("host", METADATA)
def test_link_local_and_metadata_addresses_are_refused_even_when_listed(host: str) -> None:
    listed = policy("0.0.0.0/0", "::/0", host, allow_private=True)
    error = catch_refusal(listed, f"http://{host}/latest/meta-data/")
    assert "always refused" in error.message
    assert "allowed_hosts" not in error.message


def test_an_allowed_name_does_not_open_a_metadata_address(names: NameServer) -> None:
    names.tell("metadata.google.internal", ["169.254.169.254"])
    catch_refusal(policy("metadata.google.internal"), "http://metadata.google.internal/")


@pytest.mark.parametrize("entry", ["n8n", "N8N.", "172.18.0.5", "172.18.0.0/16", "172.18.0.9/16"])
def test_a_private_host_is_allowed_by_its_name_address_or_network(names: NameServer, entry: str) -> None:
    names.tell("n8n", ["172.18.0.5"])
    assert_allowed(policy(entry), "http://n8n:5678/webhook-waiting/1?signature=s")


def test_an_international_name_is_allowed_in_either_spelling(names: NameServer) -> None:
    names.tell("xn--mnchen-3ya.example", ["10.0.0.5"])
    for entry in ("münchen.example", "XN--MNCHEN-3YA.example"):
        assert_allowed(policy(entry), "http://München.example/")


def test_an_allowed_ipv6_network_may_stand_in_brackets_or_not() -> None:
    for entry in ("fd12::/64", "fd12::5", "[fd12::5]"):
        assert_allowed(policy(entry), "http://[fd12::5]:8080/")
    catch_refusal(policy("fd12::/64"), "http://[fd13::5]/")


def test_the_error_names_the_host_the_reason_and_both_settings(names: NameServer) -> None:
    names.tell("n8n", ["127.0.0.1"])
    error = catch_refusal(policy(), "http://n8n:5678/hook?signature=secret")
    assert type(error) is CallbackNotAllowed
    assert error.message == (
        "n8n leads to a loopback address. "
        "Add the host, or its network, to callbacks.allowed_hosts, or set callbacks.allow_private."
    )
    assert error.detail == {"host": "n8n"}


def test_the_error_is_the_one_the_policy_names() -> None:
    assert type(catch_refusal(policy(error=UrlNotAllowed), "http://10.0.0.1/")) is UrlNotAllowed


def test_one_refused_address_among_several_refuses_the_host(names: NameServer) -> None:
    names.tell("mixed.test", [PUBLIC, "10.0.0.1"])
    catch_refusal(policy(), "http://mixed.test/")


def test_a_name_that_does_not_resolve_passes_at_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert_allowed(policy(), "http://soon.test/")
    assert_allowed(policy(), f"http://{'a' * 70}.test/")  # a label too long: UnicodeError


def test_where_only_listed_hosts_are_reached_no_other_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> list[Any]:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    only = policy("n8n", "10.0.0.0/8", allow_public=False)
    assert "is not listed" in catch_refusal(only, "http://hook.example/").message
    with pytest.raises(AssertionError, match="looked up"):
        only.check("http://N8N./x")


@pytest.mark.parametrize(("url", "fine"), [("http://10.1.2.3/", True), ("http://93.184.215.14/", False)])
def test_where_only_listed_hosts_are_reached_an_address_must_be_listed(url: str, fine: bool) -> None:
    only = policy("10.0.0.0/8", allow_public=False)
    if fine:
        assert_allowed(only, url)
    else:
        catch_refusal(only, url)


@pytest.mark.parametrize("host", ["xn--localhost", "xn--", "xn--a", "xn--zz--zz.localhost", "xn--ls8h.localhost"])
def test_a_name_that_only_looks_like_idna_is_refused(host: str) -> None:
    assert "cannot be read" in catch_refusal(policy(), f"http://{host}/").message
    assert "cannot be read" in catch_refusal(policy(allow_private=True), f"http://{host}:80/x?y").message


@pytest.mark.parametrize(
    "url",
    [
        "",
        "n8n",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "//example.com/",
        "http://",
        "http:///path",
        "http://user:password@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com:port/",
        "http://[::1/",
        "http://exa\nmple.com/",
    ],
)
def test_a_malformed_url_is_refused(url: str) -> None:
    catch_refusal(policy(allow_private=True), url)


@pytest.mark.parametrize("entry", ["http://n8n", "n8n:5678", "n8n/hook", "", "a b", "10.0.0.0/99"])
def test_an_entry_that_could_never_match_is_an_error_at_start(entry: str) -> None:
    with pytest.raises(NotStartable, match=r"callbacks\.allowed_hosts"):
        policy(entry)


# ---- connections ----


def get(target: TargetPolicy, url: str, **options: Any) -> httpx.Response:
    with client(target, **options) as http:
        return http.get(url)


def get_async(target: TargetPolicy, url: str, **options: Any) -> httpx.Response:
    async def request() -> httpx.Response:
        async with async_client(target, **options) as http:
            return await http.get(url)

    return asyncio.run(request())


both = pytest.mark.parametrize("request_by", [get, get_async])
Request = Callable[..., httpx.Response]


@both
def test_a_client_reaches_an_allowed_host_and_keeps_its_name(
    request_by: Request, names: NameServer, server: HostRecorder
) -> None:
    names.tell("n8n", ["127.0.0.1"])
    assert request_by(policy("n8n"), f"http://n8n:{server.server_port}/").text == "ok"
    assert server.hosts == [f"n8n:{server.server_port}"]


@both
def test_a_client_never_connects_to_a_refused_address(request_by: Request, server: HostRecorder) -> None:
    with pytest.raises(CallbackNotAllowed):
        request_by(policy(), f"http://127.0.0.1:{server.server_port}/")
    assert server.hosts == []


@both
def test_every_redirect_is_checked(request_by: Request, server: HostRecorder) -> None:
    start = f"http://127.0.0.1:{server.server_port}/to/"
    for target in ("http://169.254.169.254/latest/", "http://10.0.0.1/", "http://[::1]/"):
        with pytest.raises(CallbackNotAllowed):
            request_by(policy("127.0.0.0/8"), start + target, follow_redirects=True)


@both
def test_redirects_are_not_followed_unless_asked_for(request_by: Request, server: HostRecorder) -> None:
    assert request_by(policy("127.0.0.1"), f"http://127.0.0.1:{server.server_port}/to/http://x.test/").is_redirect


@both
def test_the_next_checked_address_is_tried_when_one_does_not_answer(
    request_by: Request, names: NameServer, server: HostRecorder
) -> None:
    names.tell("two.test", ["127.0.0.2", "127.0.0.1"])  # the server listens on the second only
    assert request_by(policy("two.test"), f"http://two.test:{server.server_port}/").text == "ok"


@both
def test_an_unresolved_name_is_a_connect_error(request_by: Request, names: NameServer) -> None:
    with pytest.raises(httpx.ConnectError, match=r"nowhere\.test does not resolve"):
        request_by(policy(), "http://nowhere.test/")


@both
def test_a_proxy_of_the_environment_is_not_used(
    request_by: Request, monkeypatch: pytest.MonkeyPatch, server: HostRecorder
) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{server.server_port}")
    with pytest.raises(CallbackNotAllowed):
        request_by(policy("127.0.0.1"), "http://10.0.0.1/")
    assert server.hosts == []


def test_a_second_answer_of_the_name_server_is_never_asked_for(names: NameServer) -> None:
    names.tell("rebind.test", [PUBLIC], ["127.0.0.1"])
    backend = GuardedBackend(policy())
    recorder = Recorder()
    backend.plain = recorder
    backend.connect_tcp("rebind.test", 80)
    assert (recorder.hosts, names.asked) == ([PUBLIC], ["rebind.test"])


def test_a_second_answer_is_never_asked_for_on_the_event_loop_either(names: NameServer) -> None:
    names.tell("rebind.test", [PUBLIC], ["127.0.0.1"])
    backend = AsyncGuardedBackend(policy())
    backend.plain = recorder = AsyncRecorder()
    asyncio.run(backend.connect_tcp("rebind.test", 80))
    assert (recorder.hosts, names.asked) == ([PUBLIC], ["rebind.test"])


def test_a_name_that_rebinds_is_checked_again_at_its_next_connection(names: NameServer) -> None:
    names.tell("rebind.test", [PUBLIC], ["127.0.0.1"])
    policy().check("http://rebind.test/")
    with pytest.raises(CallbackNotAllowed):
        get(policy(), "http://rebind.test/")


def test_a_connection_that_is_closed_at_once_is_a_connect_error(server: HostRecorder) -> None:
    backend = AsyncGuardedBackend(policy("127.0.0.1"))
    backend.plain = ClosedAtOnce()
    with pytest.raises(httpcore.ConnectError, match="closed the connection at once"):
        uvloop.run(backend.connect_tcp("127.0.0.1", server.server_port))


def test_unix_sockets_are_refused() -> None:
    with pytest.raises(CallbackNotAllowed):
        GuardedBackend(policy()).connect_unix_socket("/var/run/docker.sock")
    with pytest.raises(CallbackNotAllowed):
        asyncio.run(AsyncGuardedBackend(policy()).connect_unix_socket("/var/run/docker.sock"))


@contextmanager
def first_bytes(received: list[bytes]) -> Iterator[int]:
    """Listen, keep the first bytes of one connection and close it; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            connection, _ = listening.accept()
            with connection:
                received.append(connection.recv(4096))

        thread = Thread(target=accept)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


@both
def test_tls_names_the_host_and_not_the_pinned_address(request_by: Request, names: NameServer) -> None:
    names.tell("secure.test", ["127.0.0.1"])
    received: list[bytes] = []
    with first_bytes(received) as port, pytest.raises(httpx.TransportError):
        request_by(policy("secure.test"), f"https://secure.test:{port}/")
    assert b"secure.test" in received[0]  # SNI in the ClientHello


# ---- logs ----


@pytest.mark.parametrize(
    ("url", "logged"),
    [
        ("http://n8n:5678/webhook-waiting/7?signature=secret#part", "http://n8n:5678/webhook-waiting/7"),
        ("https://user:password@example.com/a", "https://example.com/a"),
        ("s3://bucket/key", "s3://bucket/key"),
        ("http://[::1]:80/a?b", "http://[::1]:80/a"),
        ("http://[::1/a?secret", "(unreadable URL)"),
    ],
)
def test_a_url_is_logged_without_its_secrets(url: str, logged: str) -> None:
    assert redact_url(url) == logged
