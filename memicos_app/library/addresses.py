"""Which addresses may be asked: those of the public internet, and those that the person running the site allows.

The requests themselves are `outbound.py`'s.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx

from memicos_app.library.errors import BadInputError, UnavailableError
from memicos_app.settings import get_settings

SCHEMES = ("https", "http")
_PATIENCE = 8.0
_CLOUD_SERVICES = (ip_network("168.63.129.16/32"), ip_network("192.0.0.0/24"))
"""Addresses that look public and that clouds answer on from inside."""
_NAT64 = ip_network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


class RefusedAddress(BadInputError):
    """An address that is not asked: its scheme, or where it leads."""

    code = "refused_address"


class Unknown(Exception):
    """A host that cannot be looked up."""


async def check(url: str, allow: Collection[str] = ()) -> None:
    """Whether an address may be asked now, for libraries that make their own connections.

    Raises:
        RefusedAddress: it may not.
        UnavailableError: its host cannot be looked up.
    """
    parsed = httpx.URL(checked(url))
    try:
        await permitted(parsed.host, port_of(parsed), _PATIENCE, allow)
    except Unknown as error:
        raise UnavailableError(str(error), retry_after=60) from error


async def permitted(host: str, port: int, timeout: float | None, allow: Collection[str] = ()) -> list[Address]:
    """The addresses of a host, all of which may be asked.

    Args:
        allow: hosts (or `host:port`) that may be private, beside OUTBOUND_ALLOW.

    Raises:
        RefusedAddress: one of them may not be asked.
        Unknown: it has none, or nobody says in time.
    """
    try:
        async with asyncio.timeout(timeout):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unknown(f"{host} cannot be looked up") from error
    addresses = list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
    if not is_allowed(host, port, (*allow, *get_settings().outbound_allow)):
        refuse_private(host, addresses)
    return addresses


def port_of(url: httpx.URL) -> int:
    """The port that a URL means."""
    return url.port or (443 if url.scheme == "https" else 80)


def is_allowed(host: str, port: int, allow: Iterable[str]) -> bool:
    """Whether a host may have a private address: named alone, or with this port."""
    name = host.lower().strip("[]")
    return not {name, f"[{name}]", f"{name}:{port}", f"[{name}]:{port}"}.isdisjoint(map(str.lower, allow))


def refuse_private(host: str, addresses: Iterable[Address]) -> None:
    """Raises `RefusedAddress` where one of a host's addresses is not of the public internet."""
    for address in addresses:
        if not is_public(address):
            raise RefusedAddress(
                f"{host} leads to {address}, which is no address of the public internet; "
                "name the host in OUTBOUND_ALLOW if it is yours."
            )


def is_public(address: Address) -> bool:
    """Whether an address is on the internet for everybody, also the one that it carries inside."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not any(address in each for each in _CLOUD_SERVICES)


def checked(url: str) -> str:
    """A URL with a scheme that is asked and a host. Raises `RefusedAddress` for every other."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise RefusedAddress(f"{url[:200]} is no address.") from None
    if parsed.scheme not in SCHEMES or not parsed.host:
        raise RefusedAddress(f"{url[:200]} is not asked: only http:// and https:// addresses are.")
    return url
