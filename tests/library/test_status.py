"""What the database tells of itself."""

from __future__ import annotations

import asyncio

import psycopg

from memicos_app.library import status


async def test_facts_of_the_database(database: str) -> None:
    facts = dict(await status.database_facts())
    assert facts["pgvector"] >= "0.8"
    assert facts["schema"]
    assert database not in str(facts)


async def test_an_index_in_the_making_is_seen(database: str) -> None:
    """A writer holds up a concurrent build for as long as it is to be looked at."""
    assert await status.index_builds() == []
    async with (
        await psycopg.AsyncConnection.connect(database) as writer,
        await psycopg.AsyncConnection.connect(database, autocommit=True) as builder,
    ):
        await writer.execute("CREATE TABLE slow (n int)")
        await writer.commit()
        await writer.execute("INSERT INTO slow VALUES (1)")
        building = asyncio.create_task(builder.execute("CREATE INDEX CONCURRENTLY slow_idx ON slow (n)"))
        async with asyncio.timeout(20):
            while not (seen := await status.index_builds()):
                await asyncio.sleep(0.02)
        await writer.rollback()
        await building
    assert seen[0].name in ("slow_idx", "an index")
    assert seen[0].phase
    assert 0 <= seen[0].share <= 1
    assert await status.index_builds() == []


async def test_no_vectors_no_index_to_tell_of(database: str) -> None:
    assert await status.vector_indexes() == []
