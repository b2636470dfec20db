"""What the database is, for the status page: server, extension, schema, size."""

from __future__ import annotations

from memicos_app.library.query import row
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
