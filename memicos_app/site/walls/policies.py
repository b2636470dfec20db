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


class Policies:
    """Policies of the pages that lie in a folder, made anew when a build changes the file."""

    def __init__(self, static_dir: Path) -> None:
        self.static_dir = static_dir
        self._made: dict[Path, tuple[int, str]] = {}
        self._pages = {name_of(file, static_dir): file for file in static_dir.rglob("*.html")}

    def of(self, address: str) -> str:
        """The policy of the page at an address without slashes; those of no file of their own share one."""
        file = self._pages.get(address) or self.static_dir / f"{FALLBACK}.html"
        try:
            stamp = file.stat().st_mtime_ns
            if self._made.get(file, (0, ""))[0] != stamp:
                self._made[file] = stamp, policy(file.read_text("utf-8"))
        except FileNotFoundError:
            return BASE
        return self._made[file][1]


def name_of(file: Path, static_dir: Path) -> str:
    name = file.relative_to(static_dir).with_suffix("").as_posix()
    return "" if name == "index" else name.removesuffix("/index")


def policy(html: str) -> str:
    """The policy under which this page and nothing that is put into it runs."""
    hashes = sorted({b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in INLINE.findall(html)})
    return " ".join([BASE, *(f"'sha256-{each}'" for each in hashes)])
