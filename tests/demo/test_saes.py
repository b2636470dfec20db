"""The committed SAEs: SAELens loads them, they declare their use, and they explain what their reports say."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sae_lens import SAE
from safetensors.torch import load_file

from demo.activations import LAYERS, load_model, residuals
from demo.evaluate import REPORTS, SAMPLE, counted, fit
from demo.train import D_MODEL, D_SAE, SAES
from tests import packaged

SOURCES = [f"{layer}-res-4k" for layer in LAYERS]


@pytest.fixture(scope="module")
def ids() -> torch.Tensor:
    return torch.from_numpy(np.load(SAMPLE).astype(np.int64))


@pytest.fixture(scope="module")
def sample(ids: torch.Tensor) -> dict[int, torch.Tensor]:
    """fp32 residuals `[24, 128, 576]` of committed held-out rows after each layer, by plain Hugging Face."""
    folder = packaged.model()
    model = load_model(folder, layers=max(LAYERS) + 1)
    with torch.inference_mode(), residuals(model, LAYERS) as seen:
        model.model(ids, use_cache=False)
        return dict(seen)


def test_the_committed_folders_are_the_declared_sources() -> None:
    assert sorted(path.name for path in SAES.iterdir()) == sorted(SOURCES)
    assert sorted(path.stem for path in REPORTS.glob("*.json")) == sorted(SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_saelens_loads_it_with_its_declared_use(source: str) -> None:
    sae = SAE.load_from_disk(SAES / source)
    facts = sae.cfg.metadata
    assert (sae.cfg.d_in, sae.cfg.d_sae, sae.cfg.architecture()) == (D_MODEL, D_SAE, "jumprelu")
    assert sae.cfg.normalize_activations == "none"
    assert facts.model_name == "smollm2-135m-it"
    assert facts.hook_name == f"blocks.{source.split('-')[0]}.hook_resid_post"
    assert facts.neuronpedia_id == f"smollm2-135m-it/{source}"
    assert facts.prepend_bos is True
    assert facts.context_size == 128
    assert facts.exclude_special_tokens == list(range(17))
    assert facts.sink_norm > 100


@pytest.mark.parametrize("source", SOURCES)
def test_decoder_rows_are_unit_vectors_stored_in_bf16(source: str) -> None:
    weights = load_file(SAES / source / "sae_weights.safetensors")
    assert weights["W_dec"].dtype == weights["W_enc"].dtype == torch.bfloat16
    assert torch.allclose(weights["W_dec"].float().norm(dim=1), torch.ones(D_SAE), atol=2e-3)


@pytest.mark.parametrize("source", SOURCES)
def test_it_explains_held_out_text_as_its_report_says(
    source: str, ids: torch.Tensor, sample: dict[int, torch.Tensor]
) -> None:
    sae = SAE.load_from_disk(SAES / source)
    stream = sample[int(source.split("-")[0])]
    found = fit(sae, stream[counted(ids, stream, sae.cfg.metadata.sink_norm)])
    facts = json.loads((REPORTS / f"{source}.json").read_text())
    assert found.tokens == facts["sample"]["tokens"]
    assert found.explained_variance == pytest.approx(facts["sample"]["explained_variance"], abs=0.01)
    assert found.l0 == pytest.approx(facts["sample"]["l0"], abs=0.5)
    assert found.explained_variance == pytest.approx(facts["heldout"]["explained_variance"], abs=0.03)
