"""Training of the demo's SAEs: the quick selection, the way back from a finished SAE, and going on after a kill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sae_lens import SAE, BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig
from sae_lens.saes.batchtopk_sae import BatchTopK

from demo.activations import ROWS_OF_SHARD, shard_path
from demo.train import D_MODEL, D_SAE, QuickBatchTopK, Recipe, calibrate, load_into, save, train

CONTEXT = 9


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one shard of random residuals that have a mean and low rank, like real ones."""
    monkeypatch.setattr("demo.train.CALIBRATION_TOKENS", 1024)
    lots = torch.Generator().manual_seed(1)
    rows = np.full((ROWS_OF_SHARD, CONTEXT), 20, dtype=np.uint16)
    np.save(tmp_path / "rows.npy", rows)
    basis = torch.randn(24, D_MODEL, generator=lots)
    stream = torch.randn(ROWS_OF_SHARD * (CONTEXT - 1), 24, generator=lots).relu() @ basis + 3.0
    path = shard_path(tmp_path, 3, 0)
    path.parent.mkdir(parents=True)
    np.save(path, stream.bfloat16().view(torch.int16).numpy())
    return tmp_path


def _recipe(**changes: object) -> Recipe:
    settings = {"layer": 3, "tokens": 6 * 256, "batch": 256, "warm_up_steps": 2, "k": 8.0}
    return Recipe(**{**settings, **changes})  # type: ignore[arg-type]


def test_the_quick_selection_is_saelens_batch_topk() -> None:
    lots = torch.Generator().manual_seed(0)
    quick, original = QuickBatchTopK(5), BatchTopK(5)
    for scale in (1.0, 1.1, 0.5, 3.0):
        x = (scale * torch.randn(32, 512, generator=lots)).requires_grad_()
        ours, theirs = quick(x), original(x)
        assert torch.equal(ours, theirs)
        assert torch.equal(*(torch.autograd.grad(out.square().sum(), x)[0] for out in (ours, theirs)))


def test_with_too_few_positive_entries_all_of_them_stay() -> None:
    x = torch.tensor([[1.0, -2.0, 0.0, 3.0]])
    assert torch.equal(QuickBatchTopK(3)(x), torch.tensor([[1.0, 0.0, 0.0, 3.0]]))


def test_training_leaves_a_plain_sae_with_unit_rows(work: Path) -> None:
    folder = train(_recipe(), work, work / "saes")
    sae = SAE.load_from_disk(folder)
    assert folder == work / "saes" / "3-res-4k"
    assert sae.cfg.normalize_activations == "none"
    assert sae.cfg.architecture() == "jumprelu"
    assert torch.allclose(sae.W_dec.norm(dim=1), torch.ones(D_SAE), atol=2e-3)


def test_the_threshold_is_set_for_the_wanted_l0(tmp_path: Path) -> None:
    torch.manual_seed(0)
    original = BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(k=8, d_in=D_MODEL, d_sae=D_SAE))
    original.topk_threshold.fill_(0.02)
    folder = save(original, 3, 1000.0, 0, tmp_path)
    sample = torch.randn(512, D_MODEL)
    calibrate(folder, sample, 12.0)
    with torch.inference_mode():
        active = (SAE.load_from_disk(folder).encode(sample) > 0).sum(dim=1).float()
    assert float(active.mean()) == pytest.approx(12.0, abs=0.05)


def test_a_training_sae_made_from_a_finished_one_computes_the_same(tmp_path: Path) -> None:
    config = BatchTopKTrainingSAEConfig(k=8, d_in=D_MODEL, d_sae=D_SAE)
    torch.manual_seed(0)
    original = BatchTopKTrainingSAE(config)
    original.topk_threshold.fill_(0.04)
    original.b_enc.data.normal_(std=0.1)
    finished = SAE.load_from_disk(save(original, 3, 1000.0, 0, tmp_path))
    x, scale = 2 * torch.randn(20, D_MODEL), 0.25
    again = BatchTopKTrainingSAE(config)
    load_into(again, tmp_path / "3-res-4k", scale)
    again.fold_activation_norm_scaling_factor(scale)
    back = SAE.load_from_disk(save(again, 3, 1000.0, 0, tmp_path / "again"))
    with torch.inference_mode():
        expected, found = finished.encode(x), back.encode(x)
        assert int((expected > 0).sum()) > 20
        assert torch.allclose(found, expected, atol=1e-3)
        assert torch.allclose(back.decode(found), finished.decode(expected), atol=1e-3)


def test_training_goes_on_from_its_checkpoint(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(_recipe(tokens=1024, checkpoint_every_s=0.0), work, work / "saes")
    assert "step 1," in capsys.readouterr().out
    train(_recipe(tokens=6 * 1024), work, work / "saes")
    said = capsys.readouterr().out
    assert "step 1," not in said
    assert "step 10," in said
