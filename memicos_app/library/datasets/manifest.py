"""What an origin says it holds of a source: every object with size and etag, names checked.

Nothing is fetched here. A manifest is compared with another to see what changed upstream, and can be written
beside the files (`manifest.json`), for servers that cannot list.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from memicos_app.library.datasets import layout
from memicos_app.library.errors import BadInputError, NotFoundError

FILE = "manifest.json"
KINDS = ("features", "activations", "explanations")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+@, -]{0,199}")
_CARD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.jsonl")
_HOSTILE = re.compile(r"[\x00-\x1f\x7f\\]")
_MD5, _SHA256 = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}")


class UnsafeName(BadInputError):
    """A name that an origin lists and that would lead out of its folder."""

    code = "unsafe_name"


@dataclass(frozen=True, slots=True)
class Object:
    """One file of a source; `name` is relative to the source's folder."""

    name: str
    size: int
    etag: str = ""
    """Without quotes; `W/` before a weak one; empty where the server tells none."""
    modified: datetime | None = None
    md5: str = ""
    """Of the content, where the origin tells it."""
    sha256: str = ""

    @property
    def version(self) -> str:
        """What differs when the content does, as far as the origin tells."""
        moment = self.modified.isoformat() if self.modified else ""
        return f"{self.size}:{self.etag or self.sha256 or moment}"

    def is_same(self, other: Object) -> bool:
        """Whether another listing speaks of the same content."""
        return (self.name, self.version) == (other.name, other.version)


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs in a newer manifest, by name."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a source that an import reads: cards first, then batches by kind and number."""

    origin: str
    model_id: str
    source_id: str
    objects: tuple[Object, ...]

    @property
    def prefix(self) -> str:
        """Folder of the source below its origin."""
        return "/".join(part for part in (layout.VERSION, self.model_id, self.source_id) if part)

    @property
    def size(self) -> int:
        """Bytes of all objects."""
        return sum(one.size for one in self.objects)

    @property
    def newest(self) -> datetime | None:
        """When the object that changed last did, where the origin tells."""
        return max((one.modified for one in self.objects if one.modified), default=None)

    @property
    def digest(self) -> str:
        """Equal for two manifests that list the same content."""
        lines = sorted(f"{one.name} {one.version}\n" for one in self.objects)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def cards(self) -> tuple[Object, ...]:
        """Small files that say what the source is."""
        return tuple(one for one in self.objects if "/" not in one.name)

    def batches(self, kind: str) -> tuple[Object, ...]:
        """Batch files of `features`, `activations` or `explanations`, in the order of their numbers."""
        return tuple(one for one in self.objects if one.name.startswith(f"{kind}/"))

    def object(self, name: str) -> Object:
        """The object of a name. Raises `NotFoundError`."""
        for one in self.objects:
            if one.name == name:
                return one
        raise NotFoundError(f"{self.origin} lists no {self.prefix}/{name}.", field="name")

    def changes(self, newer: Manifest) -> Changes:
        """What a newer manifest of the same source has that this one has not, and the other way round."""
        old, new = ({one.name: one for one in each.objects} for each in (self, newer))
        both = [name for name in new if name in old]
        return Changes(
            tuple(name for name in new if name not in old),
            tuple(name for name in both if not old[name].is_same(new[name])),
            tuple(name for name in old if name not in new),
        )


def manifest_of(origin: str, model_id: str, source_id: str, objects: Iterable[Object]) -> Manifest:
    """A manifest of those objects that an import reads; others are left out.

    Raises:
        UnsafeName: a name would lead out of the source's folder.
    """
    wanted = [one for one in objects if is_wanted(check_name(one.name))]
    return Manifest(origin, model_id, source_id, tuple(sorted(wanted, key=_order)))


def check_name(name: str) -> str:
    """A relative name of plain parts. Raises `UnsafeName` for every other."""
    parts = name.split("/")
    if _HOSTILE.search(name) or ":" in parts[0] or any(part in ("", ".", "..") or len(part) > 200 for part in parts):
        raise UnsafeName(
            f"The origin lists a file named {name[:200]!r}, which leads out of its folder; nothing of it is read."
        )
    return name


def check_id(value: str, field: str) -> str:
    """A model or source id that can be a folder's name. Raises `BadInputError`."""
    if not is_id(value):
        raise BadInputError(f"{value[:100]!r} cannot be the name of a folder of an origin.", field=field)
    return value


def is_id(value: str) -> bool:
    """Whether a folder's name can be a model or source id."""
    return _ID.fullmatch(value) is not None


def is_wanted(name: str) -> bool:
    """Whether an import reads the file: a card, or a batch directly in one of the three folders."""
    folder, slash, file = name.rpartition("/")
    if not slash:
        return name == layout.MADE or _CARD.fullmatch(name) is not None
    return folder in KINDS and not file.startswith(".") and file.endswith((".jsonl", ".jsonl.gz"))


def to_rows(objects: Iterable[Object]) -> list[list[Any]]:
    """Objects as lists of plain values, for the database."""
    return [
        [one.name, one.size, one.etag, one.modified.isoformat() if one.modified else None, one.md5, one.sha256]
        for one in objects
    ]


def from_rows(rows: Iterable[list[Any]]) -> tuple[Object, ...]:
    """The objects that `to_rows` wrote down."""
    return tuple(Object(name, size, etag, _moment(at), md5, sha256) for name, size, etag, at, md5, sha256 in rows)


def dumps(manifest: Manifest, **more: Any) -> str:
    """The text of a `manifest.json` beside the files of a source; `more` stands beside the objects."""
    objects = [{"name": one.name, "size": one.size, "sha256": one.sha256, "md5": one.md5} for one in manifest.objects]
    head = {"model": manifest.model_id, "source": manifest.source_id, **more}
    return json.dumps({**head, "objects": objects}, indent=1, ensure_ascii=False) + "\n"


def parse_objects(text: bytes) -> list[Object] | None:
    """The objects of a `manifest.json`; None where the text is something else."""
    try:
        listed = json.loads(text)["objects"]
        return [_parsed(entry) for entry in listed]
    except (ValueError, KeyError, TypeError):
        return None


def _parsed(entry: dict[str, Any]) -> Object:
    name, size = entry["name"], entry["size"]
    if not isinstance(name, str) or not isinstance(size, int) or size < 0:
        raise ValueError("an object needs a name and a size")
    md5, sha256 = str(entry.get("md5") or "").lower(), str(entry.get("sha256") or "").lower()
    return Object(
        name,
        size,
        etag=str(entry.get("etag") or ""),
        modified=_moment(entry.get("modified")),
        md5=md5 if _MD5.fullmatch(md5) else "",
        sha256=sha256 if _SHA256.fullmatch(sha256) else "",
    )


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


def _order(one: Object) -> tuple[int, int, str]:
    folder, slash, file = one.name.rpartition("/")
    if not slash:
        return 0, 0, file
    number = re.search(r"\d+", file)
    return 1 + KINDS.index(folder), int(number.group()) if number else -1, file
