"""Bytes on disk of a stored activation, everything counted, in each of our formats and in plain arrays.

    python -m benchmarks.storage         # writes results/storage.json

4,096 features with 45 examples each over 8,192 windows of 128 tokens. Tokens are the demo corpus's; which of
them are active, and how strongly, is taken from two examples of the demo's dashboards, one for each half of a
window. Every layout goes into a table of its own on a server of its own, by COPY, and is measured there with
`pg_total_relation_size`: heap, free space map, TOAST and indexes, vacuumed as an import leaves them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from tokenizers import Tokenizer

from inference_worker.engine.packaged import ensure_packaged_model
from memicos_app.db import migrate, session
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.library import blocks
from memicos_app.library.blocks import Example, Group
from memicos_app.library.datasets import layout
from memicos_app.library.datasets.copying import CHUNKS, EXAMPLES, Connection, Target
from memicos_app.library.datasets.layout import ActivationLine
from memicos_app.library.datasets.reading import Problems, read_lines
from memicos_app.library.datasets.windows import Windows
from memicos_app.library.sequences import VOCABULARY_CHUNK
from memicos_app.settings import ROOT, get_settings

RESULT = ROOT / "benchmarks" / "results" / "storage.json"
ORIGIN = ROOT / "demo" / "datasets"
MODEL, SOURCE = "smollm2-135m-it", "15-res-4k"
FEATURES, EXAMPLES_EACH, WINDOWS, TOKENS = 4096, 45, 8192, 128
HALF = TOKENS // 2
PLAIN_FEATURES = 256
"""Rows of plain arrays are all alike in size; so many features tell as much as all."""
TARGETS = {"shared sequences": 40, "shared vocabulary": 206}

PLAIN = """
    CREATE TABLE plain_activation (
        id text PRIMARY KEY, model_id text, layer text, index text, tokens text[], "values" float8[],
        max_value float8, max_value_token_index int, min_value float8, data_source text, creator_id text,
        bin_min float8, bin_max float8, bin_contains float8, qualifying_token_index int,
        created_at timestamptz DEFAULT now()
    );
    CREATE INDEX ON plain_activation (model_id, layer, index)
"""
PLAIN_COLUMNS = Target(
    "plain_activation",
    {
        **dict.fromkeys(("id", "model_id", "layer", "index"), "text"),
        "tokens": "text[]",
        "values": "float8[]",
        "max_value": "float8",
        "max_value_token_index": "int4",
        "min_value": "float8",
        **dict.fromkeys(("bin_min", "bin_max", "bin_contains"), "float8"),
        "qualifying_token_index": "int4",
    },
)


@dataclass(frozen=True, slots=True)
class Stored:
    """One feature: its examples, strongest first, and the window of each."""

    examples: list[Example]
    windows: list[int]


def main() -> None:
    """Measure every layout and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=FEATURES)
    options = parser.parse_args()
    model = ensure_packaged_model(get_settings().models_dir)
    texts = window_texts(Tokenizer.from_file(str(model / "tokenizer.json")))
    stored = make_features(options.features)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = ""
        os.environ["DATA_DIR"] = folder
        get_settings.cache_clear()
        server = EmbeddedPostgres(Path(folder))
        migrate.upgrade(server.ensure_running())
        sizes = session.run(measure(texts, stored))
        version = session.run(server_version())
        server.stop()
    write(sizes, stored, options.features, version)


def window_texts(tokenizer: Tokenizer) -> list[list[str]]:
    """Windows of real text, as strings of tokens."""
    rows = np.load(ORIGIN / "corpus.npy")[:, 1:].reshape(-1)
    ids = rows[: WINDOWS * TOKENS].reshape(WINDOWS, TOKENS)
    strings = {int(one): tokenizer.decode([int(one)], skip_special_tokens=False) for one in np.unique(ids)}
    return [[strings[one] for one in row] for row in ids.tolist()]


def make_features(count: int) -> list[Stored]:
    """Features whose values are those of the demo's examples, two for each window."""
    rng = np.random.default_rng(0)
    found = list(demo_examples())
    made = []
    for place in range(count):
        lines = found[place % len(found)]
        pairs = [(lines[i % len(lines)], lines[int(rng.integers(len(lines)))]) for i in range(EXAMPLES_EACH)]
        examples = [pair(first, second) for first, second in pairs]
        windows = rng.choice(WINDOWS, EXAMPLES_EACH, replace=False).tolist()
        order = sorted(range(EXAMPLES_EACH), key=lambda i: -examples[i].max_value)
        made.append(Stored([examples[i] for i in order], [windows[i] for i in order]))
    return made


def demo_examples() -> Iterator[list[ActivationLine]]:
    """Examples of each feature of the demo's middle layer, in the order of the files."""
    lines: list[ActivationLine] = []
    for path in layout.batches(layout.source_folder(ORIGIN, MODEL, SOURCE), "activations"):
        for _, line in read_lines(path, ActivationLine, Problems()):
            if lines and lines[-1].index != line.index:
                yield lines
                lines = []
            lines.append(line)
    yield lines


def pair(first: ActivationLine, second: ActivationLine) -> Example:
    values: NDArray[np.float64] = np.zeros(TOKENS)
    values[: len(first.values)] = first.values
    values[HALF : HALF + len(second.values)] = second.values
    group = Group(first.bin_min or 0.0, first.bin_max or 0.0, first.bin_contains or 0.0, first.data_source)
    return blocks.example(values, group, first.qualifying_token_index, first.rest)


async def measure(texts: Sequence[Sequence[str]], stored: Sequence[Stored]) -> dict[str, dict[str, float]]:
    """Bytes an activation of each layout, in total and by part."""
    windows = Windows()
    numbers = [windows.share(text) for text in texts]
    windows.order(windows.counts([], [numbers[at] for one in stored for at in one.windows]))
    ids = [windows.ids(text) for text in texts]
    vocabulary = [(VOCABULARY_CHUNK, blocks.encode_vocabulary(windows.vocabulary()))]
    chunks = [*windows.chunks(), *windows.incomplete(), *vocabulary]
    ways = {
        "shared sequences": (
            [(2, blocks.encode_references(one.examples, [numbers[at] for at in one.windows])) for one in stored],
            chunks,
        ),
        "shared vocabulary": (
            [(3, blocks.encode_vocabulary_ids(one.examples, [ids[at] for at in one.windows])) for one in stored],
            vocabulary,
        ),
        "self-contained": (
            [(1, blocks.encode_inline(one.examples, [texts[at] for at in one.windows])) for one in stored],
            [],
        ),
    }
    sizes = {}
    async with session.raw_connection() as connection:
        await connection.set_autocommit(True)
        for name, (rows, beside) in ways.items():
            sizes[name] = await measure_blocks(connection, rows, beside)
        sizes["plain arrays"] = await measure_plain(connection, texts, stored[:PLAIN_FEATURES])
    return sizes


async def measure_blocks(
    connection: Connection, rows: Sequence[tuple[int, bytes]], beside: Sequence[tuple[int, bytes]]
) -> dict[str, float]:
    """A generation with these blocks and chunks, alone in its tables."""
    await connection.execute("TRUNCATE source_generations, models CASCADE")
    await connection.execute("INSERT INTO models (id) VALUES ('m')")
    await connection.execute("INSERT INTO source_sets (model_id, name) VALUES ('m', 's')")
    await connection.execute("INSERT INTO sources (model_id, id, set_name) VALUES ('m', '0-s', 's')")
    found = await connection.execute(
        "INSERT INTO source_generations (model_id, source_id) VALUES ('m', '0-s') RETURNING id"
    )
    generation = ((await found.fetchone()) or (0,))[0]
    await EXAMPLES.copy(
        connection, ((generation, at, kind, EXAMPLES_EACH, block) for at, (kind, block) in enumerate(rows))
    )
    await CHUNKS.copy(connection, ((generation, *chunk) for chunk in beside))
    activations = len(rows) * EXAMPLES_EACH
    sizes = {
        "examples": await size(connection, "feature_examples") / activations,
        "sequences": await size(connection, "sequence_chunks") / activations if beside else 0.0,
    }
    return {"total": sum(sizes.values()), **sizes}


async def measure_plain(
    connection: Connection, texts: Sequence[Sequence[str]], stored: Sequence[Stored]
) -> dict[str, float]:
    """A row an activation with arrays of tokens and values, as the reference system keeps them."""
    for statement in PLAIN.split(";"):
        await connection.execute(statement.encode())
    await PLAIN_COLUMNS.copy(connection, plain_rows(texts, stored))
    total = await size(connection, "plain_activation")
    return {"total": total / (len(stored) * EXAMPLES_EACH)}


def plain_rows(texts: Sequence[Sequence[str]], stored: Sequence[Stored]) -> Iterator[list[Any]]:
    for index, one in enumerate(stored):
        for place, (example, window) in enumerate(zip(one.examples, one.windows, strict=True)):
            values = np.zeros(TOKENS)
            values[example.positions] = example.values
            yield [
                f"cm{index:08d}{place:015d}",
                MODEL,
                SOURCE,
                str(index),
                [token.replace("\x00", " ") for token in texts[window]],
                values.tolist(),
                example.max_value,
                example.peak,
                float(values.min()),
                example.group.bin_min,
                example.group.bin_max,
                example.group.bin_contains,
                example.qualifying_token_index,
            ]


async def size(connection: psycopg.AsyncConnection[Any], table: str) -> int:
    await connection.execute(f"VACUUM {table}".encode())
    found = await connection.execute("SELECT pg_total_relation_size(%s::regclass)", [table])
    row = await found.fetchone()
    assert row is not None
    return int(row[0])


async def server_version() -> str:
    async with session.raw_connection() as connection:
        found = await connection.execute("SHOW server_version")
        return str(((await found.fetchone()) or ("",))[0])


def write(sizes: dict[str, dict[str, float]], stored: Sequence[Stored], features: int, version: str) -> None:
    """Print the table and write the result."""
    active = float(np.mean([len(example.positions) for one in stored for example in one.examples]))
    print(f"{features} features, {EXAMPLES_EACH} examples each, {active:.1f} of {TOKENS} tokens active")
    for name, parts in sizes.items():
        target = f"   goal: {TARGETS[name]} or less" if name in TARGETS else ""
        print(f"{name:18} {parts['total']:8.1f} B an activation{target}")
    result = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "postgres": version,
        "machine": platform.machine(),
        "features": features,
        "examples_per_feature": EXAMPLES_EACH,
        "windows": WINDOWS,
        "tokens_per_window": TOKENS,
        "active_tokens_per_window": round(active, 2),
        "bytes_per_activation": {n: {k: round(v, 2) for k, v in parts.items()} for n, parts in sizes.items()},
        "goals": TARGETS,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
