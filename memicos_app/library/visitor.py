"""Whom the work in hand is done for: names that tell visitors and addresses apart and say nothing else of them.

The line before the inference worker is fair between visitors; limits count addresses. They are set where a request of
the API or an event of a page comes in, and hold for all that is done for it.
"""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from ipaddress import IPv6Address, ip_address, ip_network

_name: ContextVar[str | None] = ContextVar("visitor", default=None)
_address: ContextVar[str] = ContextVar("address", default="")


def set_visitor(who: str, at: str = "") -> None:
    """What follows in this task is done for `who`: an address or a token, of which only a hash is kept.

    Args:
        at: the address, where `who` is none.
    """
    _name.set(_hashed(who))
    _address.set(_hashed(_network(at or who)))


def visitor() -> str | None:
    """The visitor's name; None outside of requests and events."""
    return _name.get()


def address() -> str:
    """The name of the address that is asked from; whoever has one address of IPv6 has all of its network."""
    return _address.get()


def is_near() -> bool:
    """Whether this machine asks: a person at it, or a proxy on it that nobody told us to trust."""
    return _address.get() in _NEAR


def _hashed(words: str) -> str:
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _network(at: str) -> str:
    try:
        one = ip_address(at)
    except ValueError:
        return at
    if isinstance(one, IPv6Address) and one.ipv4_mapped is None:
        return str(ip_network(f"{one}/64", strict=False))
    return at


_NEAR = {_hashed(_network(one)) for one in ("127.0.0.1", "::1", "::ffff:127.0.0.1")}
