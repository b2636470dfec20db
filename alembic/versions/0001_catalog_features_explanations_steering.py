"""Users, catalog, features, explanations and saved steering runs: everything the first version stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op

revision: str = "0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = (
    "users",
    "models",
    "releases",
    "source_sets",
    "sources",
    "source_generations",
    "features",
    "feature_labels",
    "feature_examples",
    "sequence_chunks",
    "explanation_types",
    "explanation_models",
    "explanations",
    "embedders",
    "explanation_embeddings",
    "steer_outputs",
    "steer_output_features",
)
EMBEDDERS = ((1, "all-minilm-l6-v2", 384), (2, "text-embedding-3-large", 256))
EXPLANATION_TYPES = (
    ("written-by-hand", "Written by hand", "Written after reading the feature's top activations one by one.", 0),
    (
        "top-tokens",
        "Top tokens (no language model)",
        "The tokens a feature fires on and the tokens it makes likelier, listed by a fixed rule.",
        2,
    ),
)
ALREADY_COMPRESSED = (("feature_examples", "block"), ("sequence_chunks", "block"), ("features", "histograms"))


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    create_users()
    create_models()
    create_source_sets()
    create_sources()
    create_generations()
    create_features()
    create_examples()
    create_explanation_kinds()
    create_explanations()
    create_embeddings()
    create_steering()
    store_blocks_as_they_are()
    seed()


def downgrade() -> None:
    """The extension stays: other programs may use it."""
    op.drop_constraint("sources_current_generation_fkey", "sources", type_="foreignkey")
    for table in reversed(TABLES):
        op.drop_table(table)


def words(name: str, default: str = "") -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default=sa.text(f"'{default}'"), nullable=False)


def maybe_words(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=True)


def key(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def flag(name: str, default: bool) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text(str(default).lower()), nullable=False)


def count(name: str, default: int = 0) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), server_default=sa.text(str(default)), nullable=False)


def whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)


def maybe_whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=True)


def number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.REAL(), server_default=sa.text("0"), nullable=False)


def array(name: str, kind: sa.types.TypeEngine[Any], sql: str) -> sa.Column[Any]:
    return sa.Column(name, sa.ARRAY(kind), server_default=sa.text(f"'{{}}'::{sql}[]"), nullable=False)


def texts(name: str) -> sa.Column[Any]:
    return array(name, sa.Text(), "text")


def integers(name: str) -> sa.Column[Any]:
    return array(name, sa.Integer(), "integer")


def reals(name: str) -> sa.Column[Any]:
    return array(name, sa.REAL(), "real")


def json_object(name: str = "extra") -> sa.Column[Any]:
    return sa.Column(name, JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)


def moment(name: str = "created_at") -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def visible(table: str) -> sa.CheckConstraint:
    return sa.CheckConstraint("visibility IN ('public', 'unlisted', 'private')", name=f"{table}_visibility_check")


def refers(
    table: str, columns: list[str], target: str, target_columns: list[str], ondelete: str = "CASCADE"
) -> sa.ForeignKeyConstraint:
    name = f"{table}_{'_'.join(columns)}_fkey"
    return sa.ForeignKeyConstraint(columns, [f"{target}.{c}" for c in target_columns], name=name, ondelete=ondelete)


def create_users() -> None:
    op.create_table(
        "users",
        key("id"),
        words("name"),
        maybe_words("email"),
        words("bio"),
        flag("admin", False),
        flag("bot", False),
        flag("can_trigger_explanations", False),
        moment(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email", name="users_email_key"),
        sa.UniqueConstraint("name", name="users_name_key"),
    )


def create_models() -> None:
    op.create_table(
        "models",
        key("id"),
        words("display_name"),
        words("owner"),
        count("layers"),
        count("neurons_per_layer"),
        maybe_whole("dimension"),
        flag("instruct", False),
        flag("thinking", False),
        flag("inference_enabled", False),
        maybe_words("tlens_id"),
        words("website"),
        maybe_words("default_source_set"),
        maybe_words("default_source"),
        words("visibility", "public"),
        maybe_words("creator_id"),
        json_object(),
        moment(),
        moment("updated_at"),
        visible("models"),
        refers("models", ["creator_id"], "users", ["id"], "SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "releases",
        key("name"),
        words("description"),
        maybe_words("description_short"),
        texts("urls"),
        words("creator_name"),
        maybe_words("creator_email"),
        maybe_words("creator_id"),
        flag("featured", False),
        maybe_words("default_source_set"),
        maybe_words("default_source"),
        words("visibility", "public"),
        json_object(),
        moment(),
        visible("releases"),
        refers("releases", ["creator_id"], "users", ["id"], "SET NULL"),
        sa.PrimaryKeyConstraint("name"),
    )


def create_source_sets() -> None:
    op.create_table(
        "source_sets",
        key("model_id"),
        key("name"),
        words("description"),
        words("type"),
        texts("urls"),
        words("creator_name"),
        maybe_words("creator_email"),
        maybe_words("creator_id"),
        maybe_words("release_name"),
        flag("has_dashboards", True),
        flag("allow_inference_search", True),
        count("default_range", 1),
        flag("default_show_breaks", True),
        flag("show_dfa", False),
        flag("show_correlated", False),
        flag("show_head_attribution", False),
        flag("show_umap", False),
        words("visibility", "public"),
        json_object(),
        moment(),
        visible("source_sets"),
        sa.CheckConstraint("default_range BETWEEN 0 AND 2", name="source_sets_default_range_check"),
        refers("source_sets", ["creator_id"], "users", ["id"], "SET NULL"),
        refers("source_sets", ["model_id"], "models", ["id"]),
        refers("source_sets", ["release_name"], "releases", ["name"], "SET NULL"),
        sa.PrimaryKeyConstraint("model_id", "name"),
    )
    op.create_index("source_sets_release_name_idx", "source_sets", ["release_name"])


def create_sources() -> None:
    op.create_table(
        "sources",
        key("model_id"),
        key("id"),
        words("set_name"),
        count("layer"),
        words("hook_name"),
        words("description"),
        count("n_features"),
        count("n_explained"),
        count("n_explanations"),
        flag("has_dashboards", True),
        flag("inference_enabled", False),
        json_object("saelens_config"),
        maybe_words("saelens_release"),
        maybe_words("saelens_sae_id"),
        maybe_words("hf_repo_id"),
        maybe_words("hf_folder_id"),
        maybe_whole("num_prompts"),
        maybe_whole("num_tokens_in_prompt"),
        maybe_words("dataset"),
        maybe_words("notes"),
        json_object("evaluation"),
        json_object("made_from"),
        maybe_words("cos_sim_match_model_id"),
        maybe_words("cos_sim_match_source_id"),
        maybe_whole("current_generation"),
        words("visibility", "public"),
        maybe_words("creator_id"),
        json_object(),
        moment(),
        moment("updated_at"),
        visible("sources"),
        refers("sources", ["creator_id"], "users", ["id"], "SET NULL"),
        refers("sources", ["model_id", "set_name"], "source_sets", ["model_id", "name"]),
        sa.PrimaryKeyConstraint("model_id", "id"),
    )
    op.create_index("sources_current_generation_idx", "sources", ["current_generation"])
    op.create_index("sources_set_idx", "sources", ["model_id", "set_name"])


def create_generations() -> None:
    op.create_table(
        "source_generations",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        words("model_id"),
        words("source_id"),
        words("state", "importing"),
        words("origin"),
        count("n_features"),
        count("n_examples"),
        count("n_sequences"),
        json_object("overview"),
        moment(),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('importing', 'ready', 'retired')", name="source_generations_state_check"),
        refers("source_generations", ["model_id", "source_id"], "sources", ["model_id", "id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("source_generations_source_idx", "source_generations", ["model_id", "source_id"])
    op.create_foreign_key(
        "sources_current_generation_fkey",
        "sources",
        "source_generations",
        ["current_generation"],
        ["id"],
        ondelete="SET NULL",
    )


def create_features() -> None:
    op.create_table(
        "features",
        whole("generation_id"),
        whole("index"),
        number("density"),
        number("max_activation"),
        texts("negative_tokens"),
        reals("negative_values"),
        texts("positive_tokens"),
        reals("positive_values"),
        sa.Column("histograms", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False),
        integers("similar_indices"),
        reals("similar_cosines"),
        integers("correlated_indices"),
        reals("correlated_pearson"),
        reals("correlated_l1"),
        flag("has_vector", False),
        json_object(),
        refers("features", ["generation_id"], "source_generations", ["id"]),
        sa.PrimaryKeyConstraint("generation_id", "index"),
    )
    op.create_index("features_density_idx", "features", ["generation_id", "density", "index"])
    op.create_index("features_max_activation_idx", "features", ["generation_id", "max_activation", "index"])
    op.create_table(
        "feature_labels",
        whole("generation_id"),
        whole("index"),
        words("description"),
        words("type_name"),
        words("sort_key"),
        refers("feature_labels", ["generation_id"], "source_generations", ["id"]),
        sa.PrimaryKeyConstraint("generation_id", "index"),
    )
    op.create_index("feature_labels_sort_key_idx", "feature_labels", ["generation_id", "sort_key", "index"])


def create_examples() -> None:
    op.create_table(
        "feature_examples",
        whole("generation_id"),
        whole("index"),
        sa.Column("format", sa.SmallInteger(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("block", sa.LargeBinary(), nullable=False),
        refers("feature_examples", ["generation_id"], "source_generations", ["id"]),
        sa.PrimaryKeyConstraint("generation_id", "index"),
    )
    op.create_table(
        "sequence_chunks",
        whole("generation_id"),
        whole("chunk"),
        sa.Column("block", sa.LargeBinary(), nullable=False),
        refers("sequence_chunks", ["generation_id"], "source_generations", ["id"]),
        sa.PrimaryKeyConstraint("generation_id", "chunk"),
    )


def create_explanation_kinds() -> None:
    op.create_table(
        "explanation_types",
        key("name"),
        words("display_name"),
        words("description"),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        flag("featured", True),
        flag("is_attention", False),
        maybe_words("url"),
        words("creator_name"),
        maybe_words("settings"),
        moment(),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "explanation_models",
        key("name"),
        words("display_name"),
        words("description"),
        flag("featured", True),
        maybe_words("url"),
        words("creator_name"),
        moment(),
        sa.PrimaryKeyConstraint("name"),
    )


def create_explanations() -> None:
    op.create_table(
        "explanations",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        words("id"),
        words("model_id"),
        words("source_id"),
        whole("index"),
        maybe_whole("generation_id"),
        words("description"),
        maybe_words("type_name"),
        maybe_words("explainer"),
        maybe_words("author_id"),
        words("author_name"),
        maybe_words("notes"),
        sa.Column("score", sa.REAL(), nullable=True),
        sa.Column("scores", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        json_object(),
        moment(),
        refers("explanations", ["author_id"], "users", ["id"], "SET NULL"),
        refers("explanations", ["explainer"], "explanation_models", ["name"], "SET NULL"),
        refers("explanations", ["generation_id"], "source_generations", ["id"]),
        refers("explanations", ["model_id", "source_id"], "sources", ["model_id", "id"]),
        refers("explanations", ["type_name"], "explanation_types", ["name"], "SET NULL"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("explanations_feature_idx", "explanations", ["model_id", "source_id", "index"])
    op.create_index("explanations_generation_idx", "explanations", ["generation_id"])
    op.create_index("explanations_id_idx", "explanations", ["id"])
    op.create_index(
        "explanations_words_idx",
        "explanations",
        [sa.literal_column(r"to_tsvector('simple', regexp_replace(description, '\W+', ' ', 'g'))")],
        postgresql_using="gin",
    )


def create_embeddings() -> None:
    op.create_table(
        "embedders",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        words("name"),
        whole("dimensions"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "explanation_embeddings",
        sa.Column("embedder_id", sa.SmallInteger(), nullable=False),
        sa.Column("explanation_number", sa.BigInteger(), nullable=False),
        sa.Column("embedding", HALFVEC(), nullable=False),
        refers("explanation_embeddings", ["embedder_id"], "embedders", ["id"]),
        refers("explanation_embeddings", ["explanation_number"], "explanations", ["number"]),
        sa.PrimaryKeyConstraint("embedder_id", "explanation_number"),
    )
    for embedder, _, dimensions in EMBEDDERS:
        op.create_index(
            f"explanation_embeddings_{embedder}_idx",
            "explanation_embeddings",
            [sa.literal_column(f"(embedding::halfvec({dimensions}))").label("vector")],
            postgresql_using="hnsw",
            postgresql_ops={"vector": "halfvec_cosine_ops"},
            postgresql_with={"m": 16, "ef_construction": 100},
            postgresql_where=sa.text(f"embedder_id = {embedder}"),
        )
    op.create_index("explanation_embeddings_explanation_idx", "explanation_embeddings", ["explanation_number"])


def create_steering() -> None:
    op.create_table(
        "steer_outputs",
        key("id"),
        words("model_id"),
        words("prompt"),
        sa.Column("chat", JSONB(), nullable=True),
        flag("prepend_bos", True),
        sa.Column("temperature", sa.Float(), nullable=False),
        whole("n_tokens"),
        sa.Column("freq_penalty", sa.Float(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("strength_multiplier", sa.Float(), nullable=False),
        words("steer_method", "SIMPLE_ADDITIVE"),
        flag("normalize_steering", False),
        count("n_logprobs"),
        maybe_words("default_text"),
        maybe_words("steered_text"),
        sa.Column("default_logprobs", JSONB(), nullable=True),
        sa.Column("steered_logprobs", JSONB(), nullable=True),
        json_object("made_with"),
        words("request_hash"),
        words("visibility", "public"),
        maybe_words("creator_id"),
        moment(),
        visible("steer_outputs"),
        refers("steer_outputs", ["creator_id"], "users", ["id"], "SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("steer_outputs_created_at_idx", "steer_outputs", ["created_at"])
    op.create_index("steer_outputs_request_hash_idx", "steer_outputs", ["request_hash"])
    op.create_table(
        "steer_output_features",
        key("steer_output_id"),
        whole("position"),
        words("model_id"),
        words("source_id"),
        whole("index"),
        sa.Column("strength", sa.Float(), nullable=False),
        refers("steer_output_features", ["steer_output_id"], "steer_outputs", ["id"]),
        sa.PrimaryKeyConstraint("steer_output_id", "position"),
    )
    op.create_index("steer_output_features_feature_idx", "steer_output_features", ["model_id", "source_id", "index"])


def store_blocks_as_they_are() -> None:
    """Blocks are zstd already: Postgres must not spend time on compressing them again."""
    for table, column in ALREADY_COMPRESSED:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")


def seed() -> None:
    """The first owner, the two explanation types that need no language model, the embedders with an index."""
    users = sa.table("users", sa.column("id", sa.Text), sa.column("name", sa.Text), sa.column("admin", sa.Boolean))
    op.bulk_insert(users, [{"id": "owner", "name": "owner", "admin": True}])
    columns = {"name": sa.Text, "display_name": sa.Text, "description": sa.Text, "rank": sa.Integer}
    types = sa.table("explanation_types", *(sa.column(name, kind) for name, kind in columns.items()))
    op.bulk_insert(types, [dict(zip(columns, row, strict=True)) for row in EXPLANATION_TYPES])
    kinds = {"id": sa.Integer, "name": sa.Text, "dimensions": sa.Integer}
    embedders = sa.table("embedders", *(sa.column(name, kind) for name, kind in kinds.items()))
    op.bulk_insert(embedders, [{"id": row[0], "name": row[1], "dimensions": row[2]} for row in EMBEDDERS])
