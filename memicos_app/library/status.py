"""What the database is, for the status page: server, extension, schema, size."""

from __future__ import annotations

from dataclasses import dataclass

from memicos_app.library.embedders.known import known
from memicos_app.library.query import row, rows
from memicos_app.settings import get_settings


async def database_facts() -> list[tuple[str, str]]:
    """(name, figure) pairs; never the address, which may hold a password."""
    found = await row(
        """
        SELECT current_setting('server_version') AS server,
               (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector,
               (SELECT version_num FROM alembic_version LIMIT 1) AS schema,
               pg_size_pretty(pg_database_size(current_database())) AS size,
               (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections
        """
    )
    external = bool(get_settings().database_url.get_secret_value())
    facts = {"kind": "DATABASE_URL" if external else "embedded", **(found or {})}
    return [(name, str(figure)) for name, figure in facts.items() if figure is not None]


@dataclass(frozen=True, slots=True)
class IndexBuild:
    """An index that the server builds right now: `share` of its phase, 0 where the server cannot tell."""

    name: str
    phase: str
    share: float


async def index_builds() -> list[IndexBuild]:
    """Indexes in the making."""
    found = await rows(
        """
        SELECT coalesce(c.relname, 'an index') AS name, p.phase,
               CASE WHEN p.tuples_total > 0 THEN p.tuples_done::float8 / p.tuples_total
                    WHEN p.blocks_total > 0 THEN p.blocks_done::float8 / p.blocks_total ELSE 0 END AS share
        FROM pg_stat_progress_create_index AS p LEFT JOIN pg_class AS c ON c.oid = p.index_relid
        WHERE p.datname = current_database() ORDER BY 1
        """
    )
    return [IndexBuild(str(one["name"]), str(one["phase"]), min(float(one["share"]), 1.0)) for one in found]


async def vector_indexes() -> list[tuple[str, str]]:
    """(embedder, vectors of how many explanations and size of its index) of the embedders that have vectors here."""
    names = {one.index: one.name for one in await known()}
    found = await rows(
        """
        SELECT relname AS name, pg_size_pretty(pg_relation_size(oid)) AS size, greatest(reltuples, 0)::bigint AS n,
            (SELECT coalesce(sum(n_explanations), 0)::bigint FROM sources) AS explanations
        FROM pg_class WHERE relname = ANY(:names) ORDER BY relname
        """,
        names=list(names),
    )
    return [
        (names[one["name"]], f"{one['n']:,} of {max(one['explanations'], one['n']):,} explanations, {one['size']}")
        for one in found
        if one["n"]
    ]
