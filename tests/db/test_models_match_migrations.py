"""The models say exactly what the migrations make, in what Alembic compares and in what it cannot see."""

from __future__ import annotations

import hashlib
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from alembic import command
from memicos_app.db import migrate, tables
from memicos_app.db.explanations import EMBEDDERS, HNSW, SEARCHED


def differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True, "include_object": migrate.include_object}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata))


def index_definition(connection: Connection, name: str) -> str:
    found = connection.execute(text("SELECT indexdef FROM pg_indexes WHERE indexname = :name"), {"name": name})
    return str(found.scalar_one())


def test_alembic_finds_no_difference(database: str) -> None:
    assert tables.__all__, "the models must be imported for the comparison to mean anything"
    with migrate.connected(database) as connection:
        assert differences(connection) == []


def test_a_difference_would_be_found(database: str) -> None:
    with migrate.connected(database) as connection:
        connection.execute(text("ALTER TABLE features ALTER COLUMN density TYPE double precision"))
        connection.execute(text("DROP INDEX features_density_idx"))
        kinds = {change[0] if isinstance(change, tuple) else change[0][0] for change in differences(connection)}
        assert kinds == {"modify_type", "add_index"}
        connection.rollback()


def test_each_embedder_has_its_own_hnsw_index(database: str) -> None:
    """Alembic does not compare method, parameters or operator class."""
    with migrate.connected(database) as connection:
        stored = connection.execute(text("SELECT id, name, dimensions FROM embedders")).all()
        assert {row[0]: (row[1], row[2]) for row in stored} == EMBEDDERS
        for number, (_, dimensions) in EMBEDDERS.items():
            definition = index_definition(connection, f"explanation_embeddings_{number}_idx")
            assert f"USING hnsw (((embedding)::halfvec({dimensions})) halfvec_cosine_ops)" in definition
            assert f"m='{HNSW['m']}'" in definition
            assert f"ef_construction='{HNSW['ef_construction']}'" in definition
            assert definition.endswith(f"WHERE (embedder_id = {number})")


def test_words_of_explanations_have_a_gin_index(database: str) -> None:
    with migrate.connected(database) as connection:
        definition = index_definition(connection, "explanations_words_idx")
        assert "USING gin (lexemes)" in definition


def test_features_lead_to_explanations_without_reading_them(database: str) -> None:
    """Alembic does not compare what an index holds besides."""
    with migrate.connected(database) as connection:
        definition = index_definition(connection, "explanations_feature_idx")
        assert definition.endswith(f"(model_id, source_id, index) INCLUDE ({', '.join(SEARCHED)})")


def test_blocks_are_not_compressed_twice(database: str) -> None:
    with migrate.connected(database) as connection:
        found = connection.execute(
            text("SELECT attrelid::regclass::text || '.' || attname FROM pg_attribute WHERE attstorage = 'e'")
        )
        external = {name for (name,) in found if not name.startswith("pg_")}
        assert external >= {"feature_examples.block", "sequence_chunks.block", "features.histograms"}


def test_the_queues_schema_is_the_one_the_revision_was_written_for() -> None:
    """Another version of procrastinate with another schema needs a revision that takes old databases there."""
    written = hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()
    assert written.startswith("c70ec4b400a60ad9"), "add a revision with procrastinate's migrations since 3.10"


def test_the_first_owner_is_there(database: str) -> None:
    with migrate.connected(database) as connection:
        assert connection.execute(text("SELECT id, admin, bot FROM users")).all() == [("owner", True, False)]


def test_down_to_nothing_and_up_again(database: str) -> None:
    config = migrate.alembic_config()
    with migrate.connected(database) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        left = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
        assert set(left) == {"alembic_version"}
        command.upgrade(config, "head")
        assert differences(connection) == []
