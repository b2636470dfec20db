"""The Content-Security-Policy of each page: which scripts its file brings along, by their hashes.

`unsafe-eval` stays: Reflex's own client runs what the server asks a page to do (copy, open a dialog, ask again later)
by eval. What comes to it is written by our handlers; a script put into a page's text is neither of a known hash nor
of this origin, and is not run.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from pathlib import Path

INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
FALLBACK = "__spa-fallback"
BASE = (
    "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "frame-src 'self'; manifest-src 'self'; script-src 'self' 'unsafe-eval'"
)


def policies(static_dir: Path) -> dict[str, str]:
    """Policies by address without slashes; that of `__spa-fallback` is for all others."""
    return {name_of(file, static_dir): policy(file.read_text("utf-8")) for file in static_dir.rglob("*.html")}


def name_of(file: Path, static_dir: Path) -> str:
    name = file.relative_to(static_dir).with_suffix("").as_posix()
    return "" if name == "index" else name.removesuffix("/index")


def policy(html: str) -> str:
    """The policy under which this page and nothing that is put into it runs."""
    hashes = sorted({b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in INLINE.findall(html)})
    return " ".join([BASE, *(f"'sha256-{each}'" for each in hashes)])
