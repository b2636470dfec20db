"""The one way out: a guarded client for every request that leaves this machine.

Only http and https; each address is looked up once, checked, and connected to as checked, at first and after
every redirect, so that no name leads to this machine or its network unless OUTBOUND_ALLOW names the host.
What is asked of whom, and what to do with the answer, is the caller's.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from memicos_app.library import addresses
from memicos_app.library.addresses import RefusedAddress, checked
from memicos_app.library.errors import LibraryError, UnavailableError
from memicos_app.settings import get_settings

MOST_REDIRECTS = 5
RETRIED = (408, 425, 429, 500, 502, 503, 504)
_LONGEST_PAUSE = 30.0


class UpstreamError(LibraryError):
    """The other side answered, but not what it should have; asking again would not help."""

    code = "upstream"
    status = 502


class Passing(Exception):
    """A failure that may pass: the connection broke, or the server was busy. `after`: when it wants to be asked."""

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, and how often to ask."""

    connect: float = 8.0
    silence: float = 30.0
    """Without a byte."""
    whole: float = 60.0
    """For a small request from its start to its end."""
    tries: int = 6
    pause: float = 0.5
    """Before the second try; doubled before each further one."""

    def before(self, attempt: int, asked: float = 0.0) -> float:
        """Seconds to wait before try number `attempt` (the second is 1), with some chance in it."""
        pause = self.pause * 2.0 ** (attempt - 1) * random.uniform(0.75, 1.25)
        return min(max(pause, asked), _LONGEST_PAUSE)


PATIENT = Patience()


@dataclass(frozen=True, slots=True)
class Answer:
    """A small answer, read whole."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: str
    """Where it came from in the end."""


class Outbound:
    """An open client; connections are kept until it is closed."""

    def __init__(self, http: httpx.AsyncClient, patience: Patience) -> None:
        self._http = http
        self.patience = patience

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> AsyncIterator[httpx.Response]:
        """One request, redirects followed; the answer's body is for the caller to read, raw.

        Raises:
            RefusedAddress: the address or a redirect leads where MemicOS does not go.
            Passing: the connection failed or broke, also while the body is read inside the block.
            UpstreamError: redirects without end.
        """
        try:
            # Headers that drip in must not hold a connection for ever; how the body may drip is its reader's to say.
            async with asyncio.timeout(self.patience.whole):
                request = self._http.build_request(method, checked(url), headers=headers, content=content)
                response = await self._follow(request)
            try:
                yield response
            finally:
                await response.aclose()
        except TimeoutError:
            raise Passing(f"{_host(url)} took longer than {self.patience.whole:g} s") from None
        except httpx.HTTPError as error:
            raise Passing(f"{_host(url)} {_said(error)}") from error

    async def ask(
        self,
        url: str,
        *,
        most: int,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """A small answer of at most `most` bytes, tried again while what fails may pass.

        Raises:
            RefusedAddress: as `stream`.
            UnavailableError: the host cannot be reached or stays busy.
            UpstreamError: the answer is larger than it may be.
        """
        attempt = 1
        while True:
            try:
                return await self._ask_once(url, most, method, headers, content)
            except Passing as error:
                if attempt >= self.patience.tries:
                    raise UnavailableError(f"{error}; asked {attempt} times.", retry_after=30) from error
                await asyncio.sleep(self.patience.before(attempt, error.after))
                attempt += 1

    async def _ask_once(
        self, url: str, most: int, method: str, headers: Mapping[str, str] | None, content: bytes | None
    ) -> Answer:
        body = bytearray()
        try:
            async with asyncio.timeout(self.patience.whole), self.stream(method, url, headers, content) as response:
                raise_if_passing(response)
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > most:
                        raise UpstreamError(f"{url} answers with more than {most >> 10} KiB; it is not read further.")
                if body and response.headers.get("content-encoding", "identity") != "identity":
                    raise UpstreamError(f"{url} answers packed, though it was asked not to.")
        except TimeoutError:
            raise Passing(f"{_host(url)} took longer than {self.patience.whole:g} s") from None
        return Answer(response.status_code, response.headers, bytes(body), str(response.url))

    async def _follow(self, request: httpx.Request) -> httpx.Response:
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._http.send(request, stream=True)
            onward = response.next_request
            if onward is None:
                return response
            await response.aclose()
            if request.url.scheme == "https" and onward.url.scheme == "http":
                raise RefusedAddress(f"{request.url} redirects to an address without TLS, which is not followed.")
            checked(str(onward.url))
            request = onward
        raise UpstreamError(f"{request.url.host} redirects more than {MOST_REDIRECTS} times.")


@asynccontextmanager
async def client(patience: Patience = PATIENT, allow: Collection[str] = ()) -> AsyncIterator[Outbound]:
    """A client for one piece of work; `allow`: hosts with port that may be private, beside OUTBOUND_ALLOW."""
    async with guarded(patience, allow) as http:
        yield Outbound(http, patience)


@asynccontextmanager
async def guarded(patience: Patience = PATIENT, allow: Collection[str] = ()) -> AsyncIterator[httpx.AsyncClient]:
    """The guarded connections alone, for libraries that take a client of this kind; as `client`.

    Behind a proxy it is the proxy that looks names up: they are checked here before, as far as they are known here.
    """
    proxy = get_settings().outbound_proxy
    transport = httpx.AsyncHTTPTransport(verify=_certificates(), trust_env=False)
    guard = _Guard([httpx.URL(proxy).netloc.decode()] if proxy else allow)
    assert isinstance(transport._pool, httpcore.AsyncConnectionPool)
    transport._pool = _pool(proxy, guard)
    headers = {"User-Agent": "MemicOS", "Accept-Encoding": "identity"}
    timeout = httpx.Timeout(patience.silence, connect=patience.connect)
    hooks: dict[str, list[Callable[..., Any]]] = {}
    if proxy:
        hooks["request"] = [partial(_check_before_proxy, allow=allow)]
    async with httpx.AsyncClient(
        transport=transport, headers=headers, timeout=timeout, trust_env=False, event_hooks=hooks
    ) as http:
        yield http


def _pool(proxy: str, guard: httpcore.AsyncNetworkBackend) -> httpcore.AsyncConnectionPool:
    limits: dict[str, Any] = {"max_connections": 32, "keepalive_expiry": 30}
    options = {"ssl_context": _certificates(), "network_backend": guard, **limits}
    return httpcore.AsyncHTTPProxy(proxy, **options) if proxy else httpcore.AsyncConnectionPool(**options)


async def _check_before_proxy(request: httpx.Request, allow: Collection[str]) -> None:
    with suppress(addresses.Unknown):
        await addresses.permitted(request.url.host, addresses.port_of(request.url), PATIENT.connect, allow)


def raise_if_passing(response: httpx.Response) -> None:
    """Raise `Passing` where the status says that it is the server's bad moment."""
    if response.status_code in RETRIED:
        wait = response.headers.get("retry-after", "")
        after = float(wait) if wait.isdecimal() else 0.0
        raise Passing(f"{response.url.host} answers {response.status_code}", min(after, _LONGEST_PAUSE))


class _Guard(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses only: the look-up that is checked is the one that is connected to."""

    def __init__(self, allow: Collection[str]) -> None:
        self._allow = allow
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await addresses.permitted(host, port, timeout, self._allow)
        except addresses.Unknown as error:
            raise httpcore.ConnectError(str(error)) from error
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in found:
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise RefusedAddress("Sockets of this machine are not asked.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _host(url: str) -> str:
    return httpx.URL(url).host


def _said(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return f"cannot be reached ({error or 'no answer'})"
    if isinstance(error, httpx.TimeoutException):
        return "stalls"
    return f"broke off ({error or type(error).__name__})"


@lru_cache(maxsize=1)
def _certificates() -> SSLContext:
    return httpx.create_ssl_context()
