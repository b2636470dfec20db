"""The one way out: what is refused, what is followed, and how much of an answer is read."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from typing import Any

import httpx
import pytest

from memicos_app.library import addresses
from memicos_app.library.addresses import RefusedAddress
from memicos_app.library.errors import UnavailableError
from memicos_app.library.outbound import Outbound, Patience, UpstreamError, client
from memicos_app.settings import get_settings
from tests.library.datasets.servers import allowed, served

IMPATIENT = Patience(connect=10, silence=0.9, whole=1, tries=2, pause=0.01)


class _Handler(BaseHTTPRequestHandler):
    """Answers by the path: `/size/N`, `/status/N`, `/to/ADDRESS`, `/drip`."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        _, kind, value = (self.path + "/").split("/", 2)
        value = value.rstrip("/")
        self.send_response({"to": 302, "status": 0}.get(kind, 200) or int(value))
        if kind == "to":
            self.send_header("Location", value.replace("|", "://"))
        self.end_headers()
        if kind == "drip":
            with suppress(ConnectionError):
                for _ in range(200):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.05)
            return
        self.wfile.write(b"x" * (int(value) if kind == "size" else 2))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served(_Handler) as url:
        yield url


@pytest.mark.parametrize("address", ["1.1.1.1", "9.9.9.9", "2606:4700::1111", "::ffff:1.1.1.1", "2002:101:101::"])
def test_public_addresses(address: str) -> None:
    assert addresses.is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
        *("255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::a00:1", "64:ff9b::7f00:1"),
    ],
)
def test_other_addresses(address: str) -> None:
    assert not addresses.is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://2130706433:9/",
        "http://0x7f.1:9/",
        "http://[::ffff:192.168.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "http://example.org@127.0.0.1:9/",
        "http://example.org:80@[::1]:9/",
    ],
)
async def test_this_machine_is_not_asked(url: str) -> None:
    async with client(IMPATIENT) as http:
        with pytest.raises(RefusedAddress, match="OUTBOUND_ALLOW"):
            await http.ask(url, most=100)
    with pytest.raises(RefusedAddress):
        await addresses.check(url)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/", "gopher://x", "//x", "http://", ""])
async def test_only_http(url: str) -> None:
    async with client(IMPATIENT) as http:
        with pytest.raises(RefusedAddress):
            await http.ask(url, most=100)


async def test_allowed_by_host_or_by_host_and_port(server: str) -> None:
    port = server.rpartition(":")[2]
    async with client(IMPATIENT) as http:
        assert (await http.ask(f"{server}/size/7", most=7)).body == b"x" * 7
        with pytest.raises(RefusedAddress):
            await http.ask(f"http://localhost:{port}/size/7", most=7)
    with allowed("LocalHost"):
        await addresses.check(f"http://localhost:{port}/")
    assert get_settings().outbound_allow == [f"127.0.0.1:{port}"]


@pytest.mark.parametrize("target", ["http|127.0.0.1:9/", "http|169.254.169.254/", "http|localhost/", "file|/etc/x"])
async def test_redirects_are_checked(server: str, target: str) -> None:
    async with client(IMPATIENT) as http:
        with pytest.raises(RefusedAddress):
            await http.ask(f"{server}/to/{target}", most=100)


async def test_a_redirect_never_takes_tls_away() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": "http://example.org/"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with pytest.raises(RefusedAddress, match="without TLS"):
            await Outbound(http, IMPATIENT).ask("https://example.org/", most=10)


async def test_a_name_is_looked_up_once(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between check and connection a name cannot begin to lead elsewhere."""
    port = int(server.rpartition(":")[2])
    asked: list[Any] = []

    def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        place = "127.0.0.1" if len(asked) == 1 else "10.255.255.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with allowed("rebind.example"):
        async with client(IMPATIENT) as http:
            assert (await http.ask(f"http://rebind.example:{port}/size/3", most=3)).body == b"xxx"
    assert asked == ["rebind.example"]
    async with client(IMPATIENT) as http:
        with pytest.raises(RefusedAddress, match=r"rebind.example leads to 10\.255\.255\.1"):
            await http.ask(f"http://rebind.example:{port}/", most=3)


class _Proxy(BaseHTTPRequestHandler):
    """Answers every request itself, with the address that it was asked for."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        self.send_response(302 if "/out" in self.path else 200)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()
        self.wfile.write(self.path.encode())


async def test_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(_Proxy) as proxy, monkeypatch.context() as patch:
        patch.setenv("OUTBOUND_PROXY", proxy)
        patch.setenv("OUTBOUND_ALLOW", "")
        get_settings.cache_clear()
        async with client(IMPATIENT) as http:
            asked = await http.ask("http://known-to-the-proxy.invalid/x", most=100)
            assert asked.body == b"http://known-to-the-proxy.invalid/x"
            for url in ("http://127.0.0.1:9/", "http://localhost/", "http://known-to-the-proxy.invalid/out"):
                with pytest.raises(RefusedAddress):
                    await http.ask(url, most=100)
    get_settings.cache_clear()


async def test_answers_are_read_up_to_a_size(server: str) -> None:
    async with client(IMPATIENT) as http:
        with pytest.raises(UpstreamError, match="more than 2 KiB"):
            await http.ask(f"{server}/size/100000", most=2048)


async def test_an_answer_that_drips_is_not_waited_for(server: str) -> None:
    began = time.monotonic()
    async with client(IMPATIENT) as http:
        with pytest.raises(UnavailableError, match="took longer than 1 s; asked 2 times"):
            await http.ask(f"{server}/drip", most=1000)
    assert time.monotonic() - began < 8, "the whole answer takes ten seconds, twice"


async def test_what_may_pass_is_asked_again(server: str) -> None:
    async with client(IMPATIENT) as http:
        with pytest.raises(UnavailableError, match="answers 503; asked 2 times"):
            await http.ask(f"{server}/status/503", most=100)
        assert (await http.ask(f"{server}/status/404", most=100)).status == 404


async def test_a_host_that_is_not_there() -> None:
    async with client(IMPATIENT) as http:
        with pytest.raises(UnavailableError, match="cannot be reached"):
            await http.ask("http://no-such-host.invalid/", most=100)


def test_waits_grow_and_end() -> None:
    patience = Patience(pause=1)
    waits = [patience.before(attempt) for attempt in range(1, 12)]
    assert 0.7 < waits[0] < 1.3
    assert all(wait <= 30 for wait in waits)
    assert waits[-1] == 30
    assert patience.before(1, asked=9) == 9
