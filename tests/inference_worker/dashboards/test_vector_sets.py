"""Dashboards of vectors: activations are projections, logits come from the direction, steering knows its strength."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.inference_worker import tiny
from tests.inference_worker.dashboards import small
from tests.inference_worker.dashboards.conftest import Made
from tests.inference_worker.test_vectors import HOOK, some, vector_folder

ROWS = some(7) * np.array([[0.5], [1], [2], [1], [1], [1], [1]])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("vectors")
    return small.made("1-vec", folder, vector_folder(folder / "sae", ROWS))


def test_values_are_projections(made: Made) -> None:
    assert set(made.features) == set(range(7))
    lowest = 0.0
    for feature, found in made.activations.items():
        for row in found:
            ids = small.window_ids(row)
            exact = tiny.residual(ids, 1).numpy() @ ROWS[feature]
            exact[np.array(ids) == 0] = 0  # special tokens do not count
            np.testing.assert_allclose(row["values"], exact[1:], rtol=2e-3, atol=2e-3)
            lowest = min(lowest, row["minValue"])
    assert lowest < 0, "a projection has two sides"


def test_the_vector_comes_along_with_its_hook_and_strength(made: Made) -> None:
    for feature, row in made.features.items():
        vector = ROWS[feature].astype(np.float32)
        assert row["hasVector"] is True
        np.testing.assert_array_equal(np.array(row["vector"], dtype=np.float32), vector)
        assert row["hookName"] == HOOK
        assert row["vectorLabel"] == f"vector {feature}"
        # Steered with by this strength, the projection grows by the largest there was.
        added = row["vectorDefaultSteerStrength"] * float(vector @ vector)
        assert added == pytest.approx(row["maxActApprox"], rel=1e-3)


def test_logits_come_from_the_direction(made: Made) -> None:
    plain = tiny.hugging_face()
    unembed = plain.lm_head.weight.detach() * plain.transformer.ln_f.weight.detach()
    for feature, row in made.features.items():
        effect = unembed @ torch.from_numpy(ROWS[feature]).float()
        best = (effect - effect.mean()).topk(10).values
        np.testing.assert_allclose(row["pos_values"], best.numpy(), rtol=2e-3, atol=1e-4)


def test_labels_are_explanations(made: Made, tmp_path: Path) -> None:
    found = {int(row["index"]): row["description"] for row in made.rows("explanations")}
    assert found == {number: f"vector {number}" for number in range(7)}
    assert not (small.made("0-res", tmp_path).folder / "explanations").exists()
