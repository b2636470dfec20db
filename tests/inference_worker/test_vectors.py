"""Sets of vectors stand where an SAE stands: what is read is a projection, what is written the vector."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from inference_worker.engine.directions import decoder, encoder
from inference_worker.engine.encode import encode
from inference_worker.engine.errors import Unusable
from inference_worker.engine.saes import load_sae
from inference_worker.engine.shelf import SaeShelf
from tests.inference_worker import tiny

HOOK = tiny.RESIDUAL.format(1)


def vector_folder(folder: Path, rows: np.ndarray, hook: str = HOOK, **metadata: object) -> Path:
    folder.mkdir(parents=True)
    save_file({"W_dec": rows.astype(np.float32)}, folder / "sae_weights.safetensors")
    labels = [f"vector {number}" for number in range(len(rows))]
    said = {"architecture": "vectors", "labels": labels, "metadata": {"hook_name": hook, **metadata}}
    (folder / "cfg.json").write_text(json.dumps(said))
    return folder


def some(n: int = 5, width: int = tiny.D_MODEL) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(n, width))


def test_activations_are_projections_of_either_sign_where_tokens_count(tmp_path: Path) -> None:
    rows = some()
    loaded = load_sae(vector_folder(tmp_path / "v", rows), "1-v")
    assert (loaded.d_in, loaded.d_sae, loaded.hook_name, loaded.layer) == (tiny.D_MODEL, 5, HOOK, 1)
    ids = tiny.ids("some words")
    residual = tiny.residual(ids, 1)
    found = encode(residual, torch.tensor(ids), loaded, frozenset({0}))
    expected = residual.numpy() @ rows.T.astype(np.float32)
    np.testing.assert_allclose(found[1:].numpy(), expected[1:], rtol=1e-4, atol=1e-5)
    assert not found[0].any()
    assert (found < 0).any()
    few = encode(residual, torch.tensor(ids), loaded, frozenset({0}), features=[3, 1])
    assert torch.equal(few, found[:, [3, 1]])


def test_directions_are_the_vectors(tmp_path: Path) -> None:
    rows = some()
    loaded = load_sae(vector_folder(tmp_path / "v", rows, sink_norm=3), "1-v")
    for direction in (decoder(loaded, 2), encoder(loaded, 2)):
        np.testing.assert_array_equal(direction.vector.numpy(), rows[2].astype(np.float32))
        assert direction.hook_name == HOOK
    assert loaded.sink_norm == 3
    assert loaded.n_bytes == rows.size * 4


def test_they_are_served_and_put_back_like_others(tmp_path: Path) -> None:
    for name in ("1-a", "1-b"):
        vector_folder(tmp_path / "m" / name, some(200))
    shelf = SaeShelf([], "m", tiny.D_MODEL, own=[tmp_path], budget=200 * tiny.D_MODEL * 4)
    assert [shelf.get(name).d_sae for name in ("1-a", "1-b")] == [200, 200]
    assert shelf.resident == ["1-b"]
    with pytest.raises(Unusable, match="reads 32 dimensions, but m has 16"):
        SaeShelf([tmp_path], "m", 16).get("1-a")
