"""An export under the rules of the importer that reads public exports, on tables as that importer has them.

Those rules are few and strict: the columns of a whole file are the keys of its first line, lines are unpacked by
`jsonb_to_recordset` in one statement, rows that are there already are passed over, and NUL escapes become blanks.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import TupleRow

from memicos_app.db import session
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.exporting import export_source
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

Connection = psycopg.Connection[TupleRow]
BOT = "clkht01d40000jv08hvalcvly"
FLOATS = "double precision[] DEFAULT '{}'"
TABLES = f"""
CREATE SCHEMA reference;
SET search_path TO reference, public;
CREATE TABLE "User" (id text PRIMARY KEY);
INSERT INTO "User" VALUES ('{BOT}');
CREATE TABLE "SourceRelease" (
    name text PRIMARY KEY, visibility text NOT NULL, "isNewUi" bool NOT NULL DEFAULT false,
    featured bool NOT NULL DEFAULT false, description text NOT NULL, "descriptionShort" text, urls text[],
    "creatorEmail" text, "creatorName" text NOT NULL, "creatorNameShort" text,
    "creatorId" text NOT NULL REFERENCES "User", "defaultSourceSetName" text, "defaultSourceId" text,
    "defaultUmapSourceIds" text[], "createdAt" timestamp(3) NOT NULL DEFAULT now()
);
CREATE TABLE "Model" (
    id text PRIMARY KEY, "displayNameShort" text NOT NULL DEFAULT '', "displayName" text NOT NULL DEFAULT '',
    "creatorId" text NOT NULL REFERENCES "User", "tlensId" text, "openRouterId" text, dimension int,
    thinking bool NOT NULL DEFAULT false, visibility text NOT NULL DEFAULT 'PRIVATE', "defaultSourceSetName" text,
    "defaultSourceId" text, "defaultGraphSourceSetName" text, "inferenceEnabled" bool NOT NULL DEFAULT false,
    instruct bool NOT NULL DEFAULT false, layers int NOT NULL, "neuronsPerLayer" int NOT NULL, owner text NOT NULL,
    website text, "createdAt" timestamp(3) NOT NULL DEFAULT now(), "updatedAt" timestamp(3) NOT NULL DEFAULT now()
);
CREATE TABLE "SourceSet" (
    "modelId" text NOT NULL REFERENCES "Model", name text NOT NULL, "hasDashboards" bool NOT NULL DEFAULT true,
    "allowInferenceSearch" bool NOT NULL DEFAULT true, visibility text NOT NULL, description text NOT NULL,
    type text NOT NULL, "creatorName" text NOT NULL, urls text[], "creatorEmail" text,
    "creatorId" text NOT NULL REFERENCES "User", "releaseName" text REFERENCES "SourceRelease",
    "hasGraphs" bool NOT NULL DEFAULT false, "graphEnabled" bool NOT NULL DEFAULT false,
    "similarityMatrixEnabled" bool NOT NULL DEFAULT false, "defaultRange" int NOT NULL,
    "defaultShowBreaks" bool NOT NULL, "showDfa" bool NOT NULL, "showCorrelated" bool NOT NULL,
    "showHeadAttribution" bool NOT NULL, "showUmap" bool NOT NULL, "createdAt" timestamp(3) NOT NULL DEFAULT now(),
    PRIMARY KEY ("modelId", name)
);
CREATE TABLE "Source" (
    id text NOT NULL, "modelId" text NOT NULL, "setName" text NOT NULL, "hasDashboards" bool NOT NULL,
    "inferenceEnabled" bool NOT NULL, "saelensConfig" jsonb, "saelensRelease" text, "saelensSaeId" text,
    "hfRepoId" text, "hfFolderId" text, visibility text NOT NULL, "creatorId" text NOT NULL REFERENCES "User",
    "hasUmap" bool NOT NULL DEFAULT false, "hasUmapLogSparsity" bool NOT NULL DEFAULT false,
    "hasUmapClusters" bool NOT NULL DEFAULT false, num_prompts int,
    num_tokens_in_prompt int, dataset text, notes text,
    "cosSimMatchModelId" text, "cosSimMatchSourceId" text, "createdAt" timestamp(3) NOT NULL DEFAULT now(),
    PRIMARY KEY ("modelId", id), FOREIGN KEY ("modelId", "setName") REFERENCES "SourceSet" ("modelId", name),
    FOREIGN KEY ("cosSimMatchModelId", "cosSimMatchSourceId") REFERENCES "Source" ("modelId", id)
);
CREATE TABLE "ExplanationType" (
    name text PRIMARY KEY, "displayName" text NOT NULL, description text NOT NULL, featured bool NOT NULL,
    "isAttention" bool NOT NULL, settings text, url text, "creatorName" text NOT NULL,
    "creatorId" text NOT NULL REFERENCES "User"
);
CREATE TABLE "ExplanationModelType" (
    name text PRIMARY KEY, "displayName" text NOT NULL, description text NOT NULL, featured bool NOT NULL, url text,
    "creatorName" text NOT NULL
);
CREATE TABLE "Neuron" (
    "modelId" text NOT NULL REFERENCES "Model", layer text NOT NULL, index text NOT NULL, "sourceSetName" text,
    "creatorId" text REFERENCES "User", "createdAt" timestamp(3) NOT NULL DEFAULT now(), "maxActApprox" float8,
    "hasVector" bool NOT NULL, vector {FLOATS}, "vectorLabel" text, "vectorDefaultSteerStrength" float8,
    "hookName" text, "topkCosSimIndices" int[], "topkCosSimValues" {FLOATS}, neuron_alignment_indices int[],
    neuron_alignment_values {FLOATS}, neuron_alignment_l1 {FLOATS}, correlated_neurons_indices int[],
    correlated_neurons_pearson {FLOATS}, correlated_neurons_l1 {FLOATS}, correlated_features_indices int[],
    correlated_features_pearson {FLOATS}, correlated_features_l1 {FLOATS}, neg_str text[], neg_values {FLOATS},
    pos_str text[], pos_values {FLOATS}, frac_nonzero float8 NOT NULL, freq_hist_data_bar_heights {FLOATS},
    freq_hist_data_bar_values {FLOATS}, logits_hist_data_bar_heights {FLOATS}, logits_hist_data_bar_values {FLOATS},
    decoder_weights_dist {FLOATS}, umap_cluster int, umap_log_feature_sparsity float8, umap_x float8, umap_y float8,
    PRIMARY KEY ("modelId", layer, index), FOREIGN KEY ("modelId", layer) REFERENCES "Source" ("modelId", id),
    FOREIGN KEY ("modelId", "sourceSetName") REFERENCES "SourceSet" ("modelId", name)
);
CREATE TABLE "Activation" (
    id text PRIMARY KEY, tokens text[], values {FLOATS}, "maxValue" float8 NOT NULL,
    "maxValueTokenIndex" int NOT NULL,
    "minValue" float8 NOT NULL, "modelId" text NOT NULL, layer text NOT NULL, index text NOT NULL, "dataIndex" text,
    "dataSource" text, "dfaValues" {FLOATS}, "dfaTargetIndex" int, "dfaMaxValue" float8, "zQIndices" int[],
    "zKIndices" int[], "zValues" {FLOATS}, "creatorId" text REFERENCES "User", "lossValues" {FLOATS},
    "logitContributions" text, "binMin" float8, "binMax" float8, "binContains" float8, "qualifyingTokenIndex" int,
    "createdAt" timestamp(3) NOT NULL DEFAULT now(),
    FOREIGN KEY ("modelId", layer, index) REFERENCES "Neuron" ("modelId", layer, index)
);
CREATE TABLE "Explanation" (
    id text PRIMARY KEY, "modelId" text NOT NULL, layer text NOT NULL, index text NOT NULL, description text NOT NULL,
    embedding vector(256), "authorId" text NOT NULL REFERENCES "User", "triggeredByUserId" text, notes text,
    "scoreV1" float8 NOT NULL DEFAULT 0, "scoreV2" float8, umap_x float8 NOT NULL DEFAULT 0,
    umap_y float8 NOT NULL DEFAULT 0, umap_cluster int NOT NULL DEFAULT 0,
    umap_log_feature_sparsity float8 NOT NULL DEFAULT 0, "typeName" text REFERENCES "ExplanationType",
    "explanationModelName" text REFERENCES "ExplanationModelType", "createdAt" timestamp(3) NOT NULL DEFAULT now(),
    FOREIGN KEY ("modelId", layer, index) REFERENCES "Neuron" ("modelId", layer, index)
);
"""
CARDS = (
    ("../../config/explanation_type", "ExplanationType"),
    ("../../config/explanation_model_type", "ExplanationModelType"),
    ("release", "SourceRelease"),
    ("model", "Model"),
    ("sourceset", "SourceSet"),
    ("source", "Source"),
)
BATCHES = (("features", "Neuron"), ("activations", "Activation"), ("explanations", "Explanation"))


@pytest.fixture
def exported(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an exported source with much that other databases do not take as it is."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    made = Folder(tmp_path / "origin")
    made.cards["model"] |= {"defaultSourceId": SOURCE, "defaultSourceSetName": "res-tiny"}
    made.cards["source"] |= {"cosSimMatchModelId": "gone", "cosSimMatchSourceId": "gone", "description": "words"}
    hostile = ["\x00", "\ud83d", "\\u0000", "a"]
    made.batch("features/batch-0", [feature(1100), feature(0, pos_str=hostile, pos_values=[1] * 4, vector=[0.5])])
    made.batch(
        "activations/batch-0",
        [
            *(activation(i, [f"t{j}", "b"], [0, j + 1], dataIndex=str(j)) for j in range(3) for i in (0, 1100)),
            activation(0, hostile, [9, 0, 0, 0], zIndices=[[0], [1]], zValues=[0.5], dfaValues=[0, 0, 0, 1], own=[1]),
        ],
    )
    made.batch(
        "explanations/batch-0",
        [
            explanation(0, "\x00\ud800", id="a", typeName="new", explanationModelName="some", embedding=[1] * 384),
            explanation(1100, "b", id="b", embedding=[1.0] * 256, scoreV2=0.5, scores=[{"value": 1}]),
        ],
    )

    async def make() -> None:
        await import_source(made.write(), MODEL, SOURCE)
        await export_source(MODEL, SOURCE, tmp_path / "out")
        await session.dispose()

    asyncio.run(make())
    return tmp_path / "out" / "v1" / MODEL / SOURCE


def insert(connection: Connection, table: str, text: str) -> int:
    """One statement for a whole file, as the importer writes it; how many rows there were."""
    rows = [_split(json.loads(line)) for line in text.replace("\\u0000", " ").split("\n") if line]
    known = columns_of(connection, table)
    columns = [name for name in rows[0] if name in known]
    statement = sql.SQL(
        "INSERT INTO {} ({}) SELECT * FROM jsonb_to_recordset(%s::jsonb) AS t ({}) ON CONFLICT DO NOTHING"
    )
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    types = sql.SQL(", ").join(sql.SQL("{} ").format(sql.Identifier(one)) + sql.SQL(known[one]) for one in columns)  # type: ignore[arg-type]
    made = connection.execute(statement.format(sql.Identifier(table), names, types), [json.dumps(rows)])
    assert made.rowcount == len(rows), "ids are unique: no row was passed over"
    lacking = {name for row in rows for name in row if name in known} - set(columns)
    assert not lacking, "the first line has every column"
    return made.rowcount


def columns_of(connection: Connection, table: str) -> dict[str, str]:
    """A table's columns and their types."""
    found = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = format('reference.%%I', %s::text)::regclass AND attnum > 0",
        [table],
    )
    return {str(name): str(kind) for name, kind in found.fetchall()}


def _split(row: dict[str, Any]) -> dict[str, Any]:
    if "zIndices" in row:
        row["zKIndices"], row["zQIndices"] = row.pop("zIndices")
    return row


def test_everything_goes_in(database: str, exported: Path) -> None:
    counts = json.loads((exported / "manifest.json").read_text())["counts"]
    with psycopg.connect(database) as connection:
        connection.execute(TABLES)  # type: ignore[arg-type]
        for name, table in CARDS:
            insert(connection, table, (exported / f"{name}.jsonl").read_text("utf-8"))
        found = {}
        for folder, table in BATCHES:
            paths = sorted((exported / folder).iterdir())
            found[folder] = sum(
                insert(connection, table, gzip.decompress(one.read_bytes()).decode()) for one in paths
            )
        assert found == {name: counts[name] for name in ("features", "activations", "explanations")}
        rows = connection.execute(
            'SELECT id, embedding IS NULL, "typeName" FROM "Explanation" ORDER BY id'
        ).fetchall()
        assert rows == [("a", True, "new"), ("b", False, None)], "vectors of 256 numbers and no others"
        odd = connection.execute(
            'SELECT "zKIndices", "zQIndices", tokens FROM "Activation" WHERE "maxValue" = 9'
        ).fetchone()
        assert odd is not None
        assert (odd[0], odd[1], odd[2][0], odd[2][2:]) == ([0], [1], "\ufdd00000", ["\\u0000", "a"])


def test_cards_have_no_field_that_is_no_column(database: str, exported: Path) -> None:
    """A card is handed over as it is: one unknown field stops the whole import."""
    with psycopg.connect(database) as connection:
        connection.execute(TABLES)  # type: ignore[arg-type]
        for name, table in CARDS:
            for line in (exported / f"{name}.jsonl").read_text("utf-8").splitlines():
                assert json.loads(line).keys() <= columns_of(connection, table).keys(), name
    beside = json.loads((exported / "memicos.jsonl").read_text())
    assert beside["model"] == {"defaultSourceId": SOURCE, "defaultSourceSetName": "res-tiny"}
    assert beside["source"]["cosSimMatchSourceId"] == "gone"
    assert beside["source"]["description"] == "words"
