"""A million explanations with vectors, for `benchmarks/explanation_search.py`: real texts, mixed with their like.

The packaged embedder needs about an hour of a core for a million texts. So it embeds some 28,000 real ones: the
demo's explanations, the token lists of its features, and pieces of its corpus. Each further one lies between a
real one and one of its near neighbours, moved on by a part of the difference of two other real ones, so that
directions that real texts vary in are those that these vary in; how near they lie to each other is written beside.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from tokenizers import Tokenizer

from inference_worker.engine.packaged import ensure_packaged_model
from memicos_app.library.embedders.minilm import DIMENSIONS, embed_now
from memicos_app.settings import ROOT, get_settings

ORIGIN = ROOT / "demo" / "datasets"
SOURCES, FEATURES = 100, 10_000
MODELS = 10
"""Each with ten sources: a model is 10 % of all, a source 1 %."""
PIECES = 20_000
NEAR = 20
SPREAD, DRIFT = 0.6, 0.25
_BLOCK = 10_000
Halves = npt.NDArray[np.float16]


def real_texts() -> list[str]:
    """The demo's explanations and token lists, then pieces of its corpus of 6 to 20 tokens."""
    found: dict[str, None] = {}
    for source in sorted((ORIGIN / "v1" / "smollm2-135m-it").glob("*-res-4k")):
        for path in sorted(source.glob("explanations/*.gz")):
            found |= dict.fromkeys(line["description"] for line in _lines(path))
        for path in sorted(source.glob("features/*.gz")):
            found |= dict.fromkeys(
                ", ".join(dict.fromkeys(one.strip() for one in line["pos_str"])) for line in _lines(path)
            )
    return [text for text in [*found, *pieces(PIECES)] if text.strip()]


def pieces(count: int, seed: int = 0) -> list[str]:
    """Pieces of the corpus that begin at a word."""
    tokenizer = Tokenizer.from_file(str(ensure_packaged_model(get_settings().models_dir) / "tokenizer.json"))
    rows = np.load(ORIGIN / "corpus.npy")
    rng = np.random.default_rng(seed)
    made: dict[str, None] = {}
    while len(made) < count:
        row, length = rows[rng.integers(len(rows))], int(rng.integers(6, 21))
        start = int(rng.integers(1, len(row) - length))
        text = tokenizer.decode(row[start : start + length].tolist())
        if words := text.partition(" ")[2].split():
            made[" ".join(words)] = None
    return list(made)


def make(folder: Path) -> None:
    """Write `texts.json`, `real.npy` and `vectors.npy` (all of them, float16) unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "real.npy").is_file():
        texts = real_texts()
        (folder / "texts.json").write_text(json.dumps(texts))
        np.save(folder / "real.npy", embed_now(texts))
    if not (folder / "vectors.npy").is_file():
        mix(np.load(folder / "real.npy"), folder)


def mix(real: npt.NDArray[np.float32], folder: Path) -> None:
    """Vectors between neighbours; `parents.npy` says which two texts each is of."""
    rng = np.random.default_rng(1)
    near = neighbours(real)
    total = SOURCES * FEATURES
    first = np.arange(total) % len(real)
    rng.shuffle(first)
    second = near[first, rng.integers(NEAR, size=total)]
    np.save(folder / "parents.npy", np.stack([first, second], axis=1))
    made = np.lib.format.open_memmap(folder / "part.npy", "w+", np.float16, (total, DIMENSIONS))
    for start in range(0, total, _BLOCK):
        here = slice(start, start + _BLOCK)
        share = rng.uniform(0, SPREAD, (_BLOCK, 1)).astype(np.float32)
        drift = real[rng.integers(len(real), size=_BLOCK)] - real[rng.integers(len(real), size=_BLOCK)]
        mixed = real[first[here]] * (1 - share) + real[second[here]] * share + DRIFT * drift
        made[here] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    made.flush()
    (folder / "part.npy").rename(folder / "vectors.npy")


def neighbours(real: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
    """The nearest `NEAR` of each but itself, `[n, NEAR]`."""
    found = np.empty((len(real), NEAR), np.int32)
    for start in range(0, len(real), 2000):
        near = real[start : start + 2000] @ real.T
        near[np.arange(len(near)), np.arange(start, start + len(near))] = -1
        found[start : start + 2000] = np.argpartition(-near, NEAR, axis=1)[:, :NEAR]
    return found


def nearness(vectors: npt.NDArray[np.float32], among: npt.NDArray[np.float32]) -> list[float]:
    """Deciles of the cosine of each to its nearest other."""
    best = np.sort(vectors @ among.T, axis=1)
    nearest = np.where(best[:, -1] > 0.9999, best[:, -2], best[:, -1])
    return [round(float(one), 3) for one in np.quantile(nearest, np.linspace(0.1, 0.9, 9))]


def fill(url: str, folder: Path) -> None:
    """Sources, features, explanations and vectors into an empty database of the newest schema, without its index."""
    texts: list[str] = json.loads((folder / "texts.json").read_text())
    parents = np.load(folder / "parents.npy")
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    with psycopg.connect(url) as connection:
        connection.execute("DROP INDEX explanation_embeddings_1_idx")
        connection.execute("ALTER TABLE explanation_embeddings DISABLE TRIGGER ALL")
        _sources(connection)
        rng = np.random.default_rng(2)
        features = "COPY features (generation_id, index, density, max_activation) FROM STDIN (FORMAT binary)"
        with connection.cursor() as cursor, cursor.copy(features) as copy:
            copy.set_types(["int4", "int4", "float4", "float4"])
            for place in range(SOURCES * FEATURES):
                density, largest = 10 ** rng.uniform(-5, -1), rng.gamma(4, 10)
                copy.write_row((place // FEATURES + 1, place % FEATURES, float(density), float(largest)))
        columns = "id, model_id, source_id, index, generation_id, description, type_name, score, embedded"
        explanations = f"COPY explanations ({columns}) FROM STDIN (FORMAT binary)"
        with connection.cursor() as cursor, cursor.copy(explanations) as copy:
            copy.set_types(["text", "text", "text", "int4", "int4", "text", "text", "float4", "int4"])
            for place, (one, other) in enumerate(parents.tolist()):
                model, source = _names(place // FEATURES)
                score = float(rng.uniform(0, 1)) if place % 3 == 0 else None
                text = described(texts[one], texts[other])
                copy.write_row(
                    (
                        f"e{place}",
                        model,
                        source,
                        place % FEATURES,
                        place // FEATURES + 1,
                        text,
                        _kind(place),
                        score,
                        2,
                    )
                )
        stored = "COPY explanation_embeddings (embedder_id, explanation_number, embedding) FROM STDIN (FORMAT binary)"
        with connection.cursor() as cursor, cursor.copy(stored) as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            for start in range(0, len(vectors), _BLOCK):
                copy.write(packed(start + 1, np.asarray(vectors[start : start + _BLOCK])))
            copy.write(b"\xff\xff")
        connection.execute("ALTER TABLE explanation_embeddings ENABLE TRIGGER ALL")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def packed(first: int, vectors: Halves) -> bytes:
    """Rows of the binary COPY format: embedder 1, the number, the halfvec."""
    kind = np.dtype(
        [
            ("fields", ">i2"),
            ("size1", ">i4"),
            ("embedder", ">i2"),
            ("size2", ">i4"),
            ("number", ">i8"),
            ("size3", ">i4"),
            ("dimensions", ">i2"),
            ("unused", ">i2"),
            ("values", ">f2", (DIMENSIONS,)),
        ]
    )
    rows = np.zeros(len(vectors), kind)
    rows["fields"], rows["size1"], rows["embedder"], rows["size2"] = 3, 2, 1, 8
    rows["number"] = np.arange(first, first + len(vectors))
    rows["size3"], rows["dimensions"], rows["values"] = 4 + 2 * DIMENSIONS, DIMENSIONS, vectors
    return rows.tobytes()


def described(one: str, other: str) -> str:
    """A text of two: the first, with the second half of the other."""
    words = other.split()
    return " ".join([one, *words[len(words) // 2 :]])


def _kind(place: int) -> str:
    return "top-tokens" if place % 2 else "written-by-hand"


def _names(place: int) -> tuple[str, str]:
    each = SOURCES // MODELS
    return f"model-{place // each}", f"{place % each}-res-10k"


def _sources(connection: psycopg.Connection) -> None:
    for number in range(MODELS):
        connection.execute("INSERT INTO models (id) VALUES (%s)", [f"model-{number}"])
        connection.execute("INSERT INTO source_sets (model_id, name) VALUES (%s, 'res-10k')", [f"model-{number}"])
    for place in range(SOURCES):
        model, source = _names(place)
        connection.execute(
            "INSERT INTO sources (model_id, id, set_name, layer, n_features, n_explained, n_explanations) "
            "VALUES (%s, %s, 'res-10k', %s, %s, %s, %s)",
            [model, source, int(source.partition("-")[0]), FEATURES, FEATURES, FEATURES],
        )
        connection.execute(
            "INSERT INTO source_generations (model_id, source_id, state, n_features) VALUES (%s, %s, 'ready', %s)",
            [model, source, FEATURES],
        )
        connection.execute(
            "UPDATE sources SET current_generation = %s WHERE model_id = %s AND id = %s", [place + 1, model, source]
        )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)
