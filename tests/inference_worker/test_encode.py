"""Activations: SAELens's numbers at positions that count, 0 elsewhere, however they are computed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from inference_worker.engine.encode import counted, encode
from inference_worker.engine.model import LanguageModel, token_rows
from inference_worker.engine.saes import LoadedSae, load_sae
from tests.inference_worker import plain
from tests.inference_worker.test_saes import WIDTH, write_sae

TEXTS = [
    "According to the treaty of 1648, the degree of freedom was small.",
    "I have a file system.\n\nI have a folder.",
    "naïve 👍🏽 — a mysterious artifact",
    "of",
]
TOLERANCE = {"atol": 1e-4, "rtol": 1e-4}


def ours(model: LanguageModel, sae: LoadedSae, ids: list[int]) -> torch.Tensor:
    rows = token_rows([ids], model.n_vocab)
    return encode(model.capture(rows, [sae.hook_name])[sae.hook_name], rows, sae, model.special_ids)[0]


@pytest.mark.parametrize("text", TEXTS)
def test_equals_hugging_face_and_saelens_where_positions_count(
    language_model: LanguageModel, sae: LoadedSae, text: str
) -> None:
    ids = [1, *plain.tokenizer()(text, add_special_tokens=False)["input_ids"]]
    residual = plain.residual(ids)
    expected = plain.saelens().encode(residual)
    counts = torch.tensor(ids) > 16
    if sae.sink_norm is not None:
        counts &= residual.norm(dim=-1) <= sae.sink_norm
    found = ours(language_model, sae, ids)
    assert counts.any()
    torch.testing.assert_close(found[counts], expected[counts], **TOLERANCE)
    assert not found[~counts].any()
    assert expected[0].any(), "BOS would have had activations, were it counted"


def test_a_batch_is_its_rows(language_model: LanguageModel, sae: LoadedSae) -> None:
    ids = [language_model.tokenizer.tokenize(text).ids for text in TEXTS]
    rows = token_rows(ids, language_model.n_vocab)
    residual = language_model.capture(rows, [sae.hook_name])[sae.hook_name]
    together = encode(residual, rows, sae, language_model.special_ids)
    for number, row in enumerate(ids):
        torch.testing.assert_close(together[number, : len(row)], ours(language_model, sae, row), **TOLERANCE)


@pytest.fixture(scope="module")
def stream(language_model: LanguageModel, sae: LoadedSae) -> tuple[torch.Tensor, torch.Tensor]:
    rows = token_rows([language_model.tokenizer.tokenize(TEXTS[0]).ids], language_model.n_vocab)
    return language_model.capture(rows, [sae.hook_name])[sae.hook_name], rows


def test_single_features_equal_the_full_encode(
    stream: tuple[torch.Tensor, torch.Tensor], sae: LoadedSae, language_model: LanguageModel
) -> None:
    residual, ids = stream
    full = encode(residual, ids, sae, language_model.special_ids)
    active = full[0].amax(0).nonzero()[:, 0]
    assert len(active) > 50
    for features in (active.tolist(), active, [int(active[0])], slice(100, 228)):
        found = encode(residual, ids, sae, language_model.special_ids, features=features)
        torch.testing.assert_close(found, full[..., features], atol=1e-5, rtol=0)


def test_single_features_of_a_standard_sae(tmp_path: Path) -> None:
    sae = load_sae(write_sae(tmp_path / "3-a"), "3-a")
    residual, ids = torch.randn(2, 5, WIDTH), torch.arange(20, 30).reshape(2, 5)
    full = encode(residual, ids, sae, frozenset())
    assert torch.equal(full, sae.sae.encode(residual))
    torch.testing.assert_close(encode(residual, ids, sae, frozenset(), features=[4, 0]), full[..., [4, 0]])


def small(architecture: str, **options: Any) -> LoadedSae:
    """A small random SAE of any architecture that SAELens knows."""
    plain.saelens()
    from sae_lens.registry import get_sae_class

    kind, configuration = get_sae_class(architecture)
    torch.manual_seed(1)
    made = kind(configuration(d_in=WIDTH, d_sae=16, **options))
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter)
    return LoadedSae("0-a", made.requires_grad_(False), "blocks.0.hook_resid_post", "", WIDTH, 16, None)


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("standard", {}),
        ("jumprelu", {}),
        ("topk", {"k": 3}),
        ("gated", {}),
        ("standard", {"normalize_activations": "layer_norm"}),
        ("jumprelu", {"apply_b_dec_to_input": False}),
    ],
)
def test_every_architecture_one_feature_at_a_time(architecture: str, options: dict[str, Any]) -> None:
    sae = small(architecture, **options)
    residual, ids = torch.randn(2, 7, WIDTH), torch.full((2, 7), 99)
    full = encode(residual, ids, sae, frozenset())
    assert full.any()
    torch.testing.assert_close(full, sae.sae.encode(residual))
    for index in range(16):
        one = encode(residual, ids, sae, frozenset(), features=[index])
        torch.testing.assert_close(one[..., 0], full[..., index], atol=1e-5, rtol=0)


def test_special_tokens_do_not_count(sae: LoadedSae, language_model: LanguageModel) -> None:
    ids = language_model.tokenizer.tokenize("of the <|im_end|> degree").ids
    values = ours(language_model, sae, ids)
    for position, index in enumerate(ids):
        assert bool(values[position].any()) is (index > 16)


def test_positions_longer_than_the_sink_norm_do_not_count(
    stream: tuple[torch.Tensor, torch.Tensor], sae: LoadedSae, language_model: LanguageModel
) -> None:
    residual, ids = stream
    norms = residual.norm(dim=-1)
    limit = float(norms[0, 1:].median())
    strict = dataclasses.replace(sae, sink_norm=limit)
    counts = counted(residual, ids, strict, language_model.special_ids)
    assert torch.equal(counts, (norms <= limit) & (ids > 16))
    assert 0 < int(counts.sum()) < ids.numel() - 1
    assert not encode(residual, ids, strict, language_model.special_ids)[~counts].any()


def test_an_sae_without_sink_norm_has_no_norm_rule(
    stream: tuple[torch.Tensor, torch.Tensor], sae: LoadedSae, language_model: LanguageModel
) -> None:
    residual, ids = stream
    free = dataclasses.replace(sae, sink_norm=None)
    assert torch.equal(counted(residual * 1000, ids, free, language_model.special_ids), ids > 16)


def test_sixteen_bit_residuals_are_encoded_in_thirty_two(
    stream: tuple[torch.Tensor, torch.Tensor], sae: LoadedSae, language_model: LanguageModel
) -> None:
    residual, ids = stream
    half = residual.bfloat16()
    found = encode(half, ids, sae, language_model.special_ids)
    assert found.dtype == torch.float32
    assert torch.equal(found, encode(half.float(), ids, sae, language_model.special_ids))
