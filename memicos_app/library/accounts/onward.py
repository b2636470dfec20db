"""Where to go after signing in: a place of this site, whatever an address asks for."""

from __future__ import annotations

from urllib.parse import urlsplit

HOME = "/"
LONGEST = 2000
_BACK = ("/signin", "/auth", "/api/auth")


def place(wish: str) -> str:
    """The path that was wished for, if it is one of this site and not about signing in; else the first page."""
    odd = any(ord(sign) <= 32 or sign == "\\" or ord(sign) == 127 for sign in wish)
    if odd or len(wish) > LONGEST or not wish.startswith("/") or wish.startswith("//"):
        return HOME
    try:
        parts = urlsplit(wish)
    except ValueError:
        return HOME
    own = not parts.scheme and not parts.netloc and "//" not in parts.path
    return wish if own and not parts.path.startswith(_BACK) else HOME
