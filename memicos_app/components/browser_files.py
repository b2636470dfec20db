"""The files of a component that run in the browser: they lie beside it and are linked to where the build takes them.

Reflex's own way, `rx.asset(…, shared=True)`, asks `inspect` for the whole stack to learn who calls it; with this
many files that was half of the time that a start of the site takes.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from memicos_app.settings import ROOT

LINKS = Path("external")
"""Where the links lie in `assets/`; Reflex clears away those whose file is gone."""


def browser_file(component: str, name: str) -> str:
    """Link the file `name` that lies beside the module `component`; what `library` of a component must be for it.

    Raises:
        FileNotFoundError: there is no such file.
    """
    place = LINKS.joinpath(*component.split("."), name)
    source = ROOT.joinpath(*component.split(".")[:-1], name).resolve(strict=True)
    link(ROOT / "assets" / place, source)
    return f"$/public/{place.as_posix()}"


def link(place: Path, source: Path) -> None:
    """Have `place` point at `source`, in one step: several processes do the same at once."""
    if place.is_symlink() and place.readlink() == source:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    made = place.with_name(f".{uuid.uuid4().hex}")
    made.symlink_to(source)
    made.replace(place)
