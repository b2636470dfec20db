"""What is here of each source: nothing, a part and what is missing, or all; for pages and `memicos status`.

One question to the database answers for all sources; whether an origin has something newer is asked for one source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from memicos_app.db.text import original, originals
from memicos_app.library.catalog import IMPORT_LOCK
from memicos_app.library.datasets.manifest import Changes, Manifest
from memicos_app.library.query import Row, rows

State = Literal["not here", "partly", "complete", "incomplete", "unverified"]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An import that is not in place yet: it runs, or waits to be taken up."""

    origin: str
    parts: tuple[str, ...]
    running: bool
    files_done: int
    files: int
    bytes_done: int
    bytes: int
    began: datetime

    @property
    def missing(self) -> str:
        """What is missing, in words."""
        return f"{self.files - self.files_done} of {self.files} files"


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is here of a source.

    `complete` and `incomplete` are an import's verdict, `unverified` what no import of this version brought in,
    `partly` a first import that is unfinished, `not here` a source without data.
    """

    model_id: str
    source_id: str
    set_name: str
    state: State
    layer: int = 0
    n_explained: int = 0
    generation: int | None = None
    """Number of the finished import that is shown."""
    shown: str = "public"
    """Who sees it: the strictest of its own visibility and of what holds it."""
    origin: str = ""
    parts: tuple[str, ...] = ()
    finished: datetime | None = None
    missing: list[str] = field(default_factory=list)
    counts: Mapping[str, int] = field(default_factory=dict)
    """As `Verdict.counts`."""
    n_features: int = 0
    files_size: int = 0
    """Bytes of the files it was imported from."""
    unfinished: Unfinished | None = None

    @property
    def words(self) -> str:
        """The state in a few words."""
        aside = self.counts.get("set_aside", 0)
        parts: list[str] = [self.state]
        if self.state == "partly" and self.unfinished:
            parts.append(f"{self.unfinished.missing} missing")
        parts += self.missing[:1]
        if aside:
            parts.append(f"{aside} problems set aside")
        return ", ".join(parts)


async def source_states(model_id: str | None = None) -> list[SourceState]:
    """Every source of a model, or of all, in order."""
    found = await rows(f"{_STATES} ORDER BY s.model_id, s.set_name, s.layer, s.id", model=model_id, source=None)
    return [_state(one) for one in found]


async def source_state(model_id: str, source_id: str) -> SourceState:
    """One source; one that the database does not know is `not here`."""
    found = await rows(_STATES, model=model_id, source=source_id)
    return _state(found[0]) if found else SourceState(model_id, source_id, "", "not here")


async def newer(model_id: str, source_id: str, manifest: Manifest) -> Changes:
    """What an origin has that differs from the files that the source was imported from; false where nothing does."""
    found = await rows(
        """
        SELECT f.name, f.size, f.version, f.modified FROM sources AS s
        JOIN import_files AS f ON f.generation_id = s.current_generation
        WHERE s.model_id = :model AND s.id = :source ORDER BY f.place
        """,
        model=model_id,
        source=source_id,
    )
    kinds = {one["name"].partition("/")[0] for one in found}
    there = {
        one.name: one.version for one in manifest.objects if one.name.partition("/")[0] in kinds and "/" in one.name
    }
    here = {one["name"]: one["version"] for one in found}
    return Changes(
        tuple(name for name in there if name not in here),
        tuple(name for name in there if name in here and here[name] != there[name]),
        tuple(name for name in here if name not in there),
    )


_STATES = f"""
    SELECT s.model_id, s.id, s.set_name, s.layer, s.n_explained, s.shown, g.id AS generation, g.origin, g.parts,
           g.verdict, g.missing, g.counts, g.n_features, g.finished_at, u.*,
           (SELECT sum(size) FROM import_files AS f WHERE f.generation_id = g.id) AS files_size
    FROM sources AS s
    LEFT JOIN source_generations AS g ON g.id = s.current_generation
    LEFT JOIN LATERAL (
        SELECT w.origin AS w_origin, w.parts AS w_parts, w.created_at AS w_began,
               EXISTS (
                   SELECT FROM pg_locks AS k
                   WHERE k.locktype = 'advisory' AND k.granted AND k.classid = {IMPORT_LOCK} AND k.objid = w.id::oid
               ) AS w_running, f.*
        FROM source_generations AS w, LATERAL (
            SELECT count(*) AS w_files, count(*) FILTER (WHERE state <> 'waiting') AS w_done,
                   coalesce(sum(size), 0) AS w_bytes,
                   coalesce(sum(size) FILTER (WHERE state <> 'waiting'), 0) AS w_bytes_done
            FROM import_files WHERE generation_id = w.id
        ) AS f
        WHERE w.model_id = s.model_id AND w.source_id = s.id AND w.state = 'importing'
        ORDER BY w.id DESC LIMIT 1
    ) AS u ON true
    WHERE (CAST(:model AS text) IS NULL OR s.model_id = :model) AND (CAST(:source AS text) IS NULL OR s.id = :source)
"""


def _state(one: Row) -> SourceState:
    unfinished = _unfinished(one)
    state: State = "partly" if unfinished else "not here"
    if one["generation"] is not None:
        state = one["verdict"] or "unverified"
    return SourceState(
        model_id=one["model_id"],
        source_id=one["id"],
        set_name=one["set_name"],
        shown=one["shown"],
        state=state,
        layer=one["layer"],
        n_explained=one["n_explained"],
        generation=one["generation"],
        origin=original(one["origin"] or ""),
        parts=tuple(one["parts"] or ()),
        finished=one["finished_at"],
        missing=originals(one["missing"]),
        counts=one["counts"] or {},
        n_features=one["n_features"] or 0,
        files_size=int(one["files_size"] or 0),
        unfinished=unfinished,
    )


def _unfinished(one: Row) -> Unfinished | None:
    if one["w_began"] is None:
        return None
    return Unfinished(
        origin=original(one["w_origin"]),
        parts=tuple(one["w_parts"]),
        running=one["w_running"],
        files_done=one["w_done"],
        files=one["w_files"],
        bytes_done=int(one["w_bytes_done"]),
        bytes=int(one["w_bytes"]),
        began=one["w_began"],
    )
