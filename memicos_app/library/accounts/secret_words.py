"""Secrets that are handed out once and kept as their hash: of sessions, API keys and links."""

from __future__ import annotations

import hashlib
import secrets


def new(prefix: str = "") -> str:
    """A secret of 256 bits that nobody guesses."""
    return prefix + secrets.token_urlsafe(32)


def new_id() -> str:
    """A short name for something that is no secret."""
    return secrets.token_urlsafe(9)


def hashed(secret: str) -> str:
    """As the secret is kept. One round is enough: what is hashed here is random, not a password."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
