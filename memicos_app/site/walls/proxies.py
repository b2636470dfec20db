"""Where a request comes from: the connection, or what proxies that are trusted say of it.

Anybody can send X-Forwarded-For. It counts only from proxies that TRUSTED_PROXIES names, read from the right: each
proxy appends who asked it, so the first address from there that is no trusted proxy is the visitor's. Whatever a
stranger sends under these names is taken away, so that nothing further in is led astray.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network
TOLD = (
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-real-ip",
    b"forwarded",
)
HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
PASSED_ON = "memicos.passed_on"
"""In the scope of what a proxy passed on, trusted or not, as far as it says so."""
SCHEMES = {"http": ("http", "ws"), "https": ("https", "wss")}


class TrustedProxies:
    """Gives each request the address, scheme and host that people used."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self.app = app
        self.trusted: list[Network] = [ip_network(one, strict=False) for one in trusted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            told = any(name.lower() in TOLD for name, _ in scope["headers"])
            scope = {**self.seen(scope), PASSED_ON: told}
        await self.app(scope, receive, send)

    def seen(self, scope: Scope) -> Scope:
        """The request as people sent it."""
        told = Headers(scope=scope)
        kept = [(name, value) for name, value in scope["headers"] if name.lower() not in TOLD]
        peer = scope["client"][0] if scope.get("client") else ""
        if not self.trusts(peer):
            return {**scope, "headers": kept}
        hops = [hop.strip() for value in told.getlist("x-forwarded-for") for hop in value.split(",")]
        scheme = told.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        host = told.get("x-forwarded-host", "").rpartition(",")[2].strip()
        if HOST.fullmatch(host):
            kept = [(name, value) for name, value in kept if name != b"host"] + [(b"host", host.encode("ascii"))]
        if scheme in SCHEMES:
            scope = {**scope, "scheme": SCHEMES[scheme][scope["type"] == "websocket"]}
        return {**scope, "headers": kept, "client": (self.visitor(hops, peer), 0)}

    def visitor(self, hops: list[str], peer: str) -> str:
        """The right-most address that is no trusted proxy; the left-most where all are."""
        found = peer
        for hop in reversed(hops):
            plain = without_port(hop)
            if plain is None:
                return found
            found = plain
            if not self.trusts(plain):
                return plain
        return found

    def trusts(self, address: str) -> bool:
        """Whether a proxy stands at an address."""
        try:
            one = ip_address(address)
        except ValueError:
            return False
        if isinstance(one, IPv6Address) and one.ipv4_mapped:
            one = one.ipv4_mapped
        return any(one in network for network in self.trusted)


def without_port(hop: str) -> str | None:
    """The address of a hop, which some proxies write with a port; None where it is none."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        return str(ip_address(hop))
    except ValueError:
        return None
