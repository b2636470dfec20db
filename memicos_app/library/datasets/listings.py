"""What origins hold, as they said when somebody last asked: kept in the database, so that pages wait for nobody.

`refresh_…` ask the origin, with little patience; everything else reads what was kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, inspect
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.origins import OriginModel, OriginSource
from memicos_app.db.session import read_session, session
from memicos_app.library.datasets.manifest import Manifest, from_rows, to_rows
from memicos_app.library.datasets.origins import Origin, configured_origins, open_origin
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.library.outbound import Patience

QUICK = Patience(connect=4, silence=10, whole=30, tries=2)
"""For a person who waits."""
_A_TURN = 500


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model that an origin holds; `n_sources` and bytes count what is known of its sources."""

    origin: str
    model_id: str
    n_sources: int
    n_bytes: int
    listed_at: datetime
    sources_listed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedSource:
    """A source that an origin holds."""

    origin: str
    model_id: str
    source_id: str
    n_objects: int
    n_bytes: int
    newest: datetime | None
    digest: str
    listed_at: datetime


async def refresh_models(origin: str) -> list[ListedModel]:
    """Ask an origin for its models and keep what it says; models that it has no more are forgotten.

    Raises:
        LibraryError: it cannot be asked; what was kept stays.
    """
    asked = open_origin(origin, QUICK)
    origin, found, now = asked.name, await asked.models(), datetime.now(UTC)
    async with session() as opened:
        await _alone(opened, origin)
        gone = (col(OriginModel.origin) == origin, col(OriginModel.model_id).not_in(found))
        await opened.exec(delete(OriginModel).where(*gone))
        gone = (col(OriginSource.origin) == origin, col(OriginSource.model_id).not_in(found))
        await opened.exec(delete(OriginSource).where(*gone))
        rows = [{"origin": origin, "model_id": model_id, "listed_at": now} for model_id in found]
        await _put(opened, OriginModel, rows)
        await opened.commit()
    return await models(origin)


async def refresh_sources(origin: str, model_id: str) -> list[ListedSource]:
    """Ask for all sources of a model with their files, and keep what it says; raises as `refresh_models`."""
    asked = open_origin(origin, QUICK)
    origin, found, now = asked.name, await asked.survey(model_id), datetime.now(UTC)
    async with session() as opened:
        await _alone(opened, origin)
        own = (col(OriginSource.origin) == origin, col(OriginSource.model_id) == model_id)
        await opened.exec(delete(OriginSource).where(*own, col(OriginSource.source_id).not_in(list(found))))
        await _put(opened, OriginSource, [_row(one, origin, now) for one in found.values()])
        model = {"origin": origin, "model_id": model_id, "listed_at": now, "sources_listed_at": now}
        await _put(opened, OriginModel, [model])
        await opened.commit()
    return await sources(origin, model_id)


async def remember(manifest: Manifest) -> None:
    """Keep what an origin just said of one source."""
    async with session() as opened:
        now = datetime.now(UTC)
        await _put(opened, OriginSource, [_row(manifest, manifest.origin, now)])
        known = insert(OriginModel).values(origin=manifest.origin, model_id=manifest.model_id, listed_at=now)
        await opened.exec(known.on_conflict_do_nothing())
        await opened.commit()


async def models(origin: str) -> list[ListedModel]:
    """Models that the origin had when it was asked, in order of their ids."""
    counted = select(col(OriginSource.model_id), func.count(), func.sum(OriginSource.n_bytes))
    async with read_session() as opened:
        kept = await opened.exec(
            select(OriginModel).where(OriginModel.origin == origin).order_by(OriginModel.model_id)
        )
        counts = await opened.exec(counted.where(OriginSource.origin == origin).group_by(col(OriginSource.model_id)))
        sums = {model_id: (n, int(size or 0)) for model_id, n, size in counts}
    return [
        ListedModel(origin, one.model_id, *sums.get(one.model_id, (0, 0)), one.listed_at, one.sources_listed_at)
        for one in kept
    ]


async def sources(origin: str | None = None, model_id: str | None = None) -> list[ListedSource]:
    """Sources that origins had when they were asked; all of them unless narrowed."""
    names = ("origin", "model_id", "source_id", "n_objects", "n_bytes", "newest", "digest", "listed_at")
    wanted: Any = select(*(getattr(OriginSource, name) for name in names))
    if origin is not None:
        wanted = wanted.where(OriginSource.origin == origin)
    if model_id is not None:
        wanted = wanted.where(OriginSource.model_id == model_id)
    async with read_session() as opened:
        found = await opened.exec(wanted.order_by(OriginSource.model_id, OriginSource.source_id, OriginSource.origin))
        return [ListedSource(*row) for row in found]


async def manifest(origin: str, model_id: str, source_id: str) -> Manifest | None:
    """The files of a source when the origin was asked; None where nobody asked."""
    async with read_session() as opened:
        found = await opened.get(OriginSource, (origin, model_id, source_id))
    return Manifest(origin, model_id, source_id, from_rows(found.objects)) if found else None


async def forget(origin: str) -> None:
    """Drop what an origin said, as of one that is not configured any more."""
    async with session() as opened:
        for table in (OriginSource, OriginModel):
            await opened.exec(delete(table).where(col(table.origin) == origin))
        await opened.commit()


async def locate(model_id: str, source_id: str) -> Origin:
    """The first configured origin that holds a source; those that are folders are looked at before others are asked.

    Raises:
        NotFoundError: none has it; the sentence names those that could not be asked.
    """
    origins = [open_origin(name, QUICK) for name in configured_origins()]
    silent: list[str] = []
    for one in sorted(origins, key=lambda origin: origin.folder is None):
        try:
            await remember(await one.manifest(model_id, source_id))
            return open_origin(one.name)
        except NotFoundError:
            continue
        except LibraryError as error:
            silent.append(f"{one.name} could not be asked: {error.message}")
    raise NotFoundError(" ".join([f"No configured origin holds {model_id}/{source_id}.", *silent]), field="source_id")


def _row(one: Manifest, origin: str, now: datetime) -> dict[str, Any]:
    return {
        "origin": origin,
        "model_id": one.model_id,
        "source_id": one.source_id,
        "n_objects": len(one.objects),
        "n_bytes": one.size,
        "newest": one.newest,
        "digest": one.digest,
        "objects": to_rows(one.objects),
        "listed_at": now,
    }


async def _put(opened: AsyncSession, table: type[OriginModel | OriginSource], rows: list[dict[str, Any]]) -> None:
    """Insert rows, or change those that are there, in every column that they name."""
    keys = [column.name for column in inspect(table).primary_key]
    for start in range(0, len(rows), _A_TURN):
        turn = insert(table).values(rows[start : start + _A_TURN])
        changed = {name: turn.excluded[name] for name in rows[0] if name not in keys}
        await opened.exec(turn.on_conflict_do_update(index_elements=keys, set_=changed))


async def _alone(opened: AsyncSession, origin: str) -> None:
    """One refresh of an origin at a time."""
    await opened.exec(select(func.pg_advisory_xact_lock(func.hashtextextended(origin, 11))))
