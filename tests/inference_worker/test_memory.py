"""Pages of weights that are given back come back unchanged, and changed ones are never given back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from inference_worker.engine.memory import in_words, rest


@pytest.fixture
def mapped(tmp_path: Path) -> torch.Tensor:
    """A tensor mapped from a file."""
    torch.manual_seed(0)
    save_file({"weight": torch.randn(512, 1024)}, tmp_path / "mapped.safetensors")
    with safe_open(tmp_path / "mapped.safetensors", framework="pt") as file:
        return torch.as_tensor(file.get_tensor("weight"))


def test_unchanged_weights_come_back(mapped: torch.Tensor) -> None:
    before = mapped.clone()
    assert rest("mapped.safetensors") >= mapped.nbytes
    assert torch.equal(mapped, before)


def test_changed_weights_stay(mapped: torch.Tensor) -> None:
    mapped[3, 5] = 7.0
    assert rest("mapped.safetensors") == 0
    assert mapped[3, 5] == 7.0


def test_sizes_in_words() -> None:
    assert [in_words(size) for size in (38_400_000, 1_640_000_000)] == ["38 MB", "1.6 GB"]
