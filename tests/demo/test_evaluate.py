"""The measures of the evaluation report, on a small random Llama, and the README's table of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sae_lens import SAE, StandardSAE, StandardSAEConfig
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from demo.activations import residuals
from demo.corpus import DEMO
from demo.evaluate import counted, fit, loss, streams, table

LAYER, WIDTH, NO_SINKS = 1, 16, 1e9


@pytest.fixture
def model() -> PreTrainedModel:
    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=64,
        hidden_size=WIDTH,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        eos_token_id=2,
    )
    return LlamaForCausalLM(shape).eval()


@pytest.fixture
def rows() -> NDArray[np.uint16]:
    tokens = np.random.default_rng(0).integers(17, 64, size=(10, 12)).astype(np.uint16)
    tokens[:, 0], tokens[3, 5] = 1, 0
    return tokens


@pytest.fixture
def sae() -> SAE[StandardSAEConfig]:
    torch.manual_seed(0)
    made = StandardSAE(StandardSAEConfig(d_in=WIDTH, d_sae=40))
    made.W_enc.data.normal_()
    made.W_dec.data.normal_(std=0.1)
    return made


def test_special_tokens_and_sinks_do_not_count() -> None:
    ids = torch.tensor([[1, 16, 17, 40]])
    stream = torch.ones(1, 4, 9)
    stream[0, 3] *= 10
    assert counted(ids, stream, sink_norm=3.0).tolist() == [[False, False, True, False]]
    assert counted(ids, stream, sink_norm=30.0).tolist() == [[False, False, True, True]]


def test_streams_are_the_residuals_at_counted_positions(model: PreTrainedModel, rows: NDArray[np.uint16]) -> None:
    by_row = streams(model, LAYER, rows, NO_SINKS)
    ids = torch.from_numpy(rows.astype(np.int64))
    expected = model.model(ids, output_hidden_states=True).hidden_states[LAYER + 1]
    assert [len(stream) for stream in by_row] == [11, 11, 11, 10, *[11] * 6]
    assert torch.allclose(by_row[3], expected[3][ids[3] >= 17], atol=1e-5)


def test_explained_variance_and_l0_follow_their_definitions(sae: SAE[StandardSAEConfig]) -> None:
    x = torch.randn(3000, WIDTH, dtype=torch.float32) + 2
    found = fit(sae, x)
    with torch.inference_mode():
        features = sae.encode(x).numpy()
        error = ((x.numpy() - sae(x).numpy()) ** 2).sum()
    spread = x.numpy().var(axis=0).sum() * len(x)
    assert found.explained_variance == pytest.approx(1 - error / spread, abs=1e-4)
    assert found.l0 == pytest.approx((features > 0).sum(axis=1).mean())


def test_a_change_that_changes_nothing_keeps_the_loss(model: PreTrainedModel, rows: NDArray[np.uint16]) -> None:
    assert loss(model, LAYER, rows, NO_SINKS, lambda stream: stream) == loss(model, LAYER, rows, NO_SINKS)


@pytest.mark.parametrize(("sink_norm", "touched"), [(NO_SINKS, True), (0.0, False)])
def test_a_change_reaches_counted_positions_only(
    model: PreTrainedModel, rows: NDArray[np.uint16], sink_norm: float, touched: bool
) -> None:
    away: Callable[[torch.Tensor], torch.Tensor] = lambda stream: stream * -5  # noqa: E731
    clean, changed = loss(model, LAYER, rows, sink_norm), loss(model, LAYER, rows, sink_norm, away)
    assert (clean != changed) is touched


def test_the_loss_is_hugging_faces_own_over_ordinary_targets(
    model: PreTrainedModel, rows: NDArray[np.uint16]
) -> None:
    ids = torch.from_numpy(rows.astype(np.int64))
    labels = ids.masked_fill(ids < 17, -100)
    assert loss(model, LAYER, rows, NO_SINKS) == pytest.approx(
        float(model(ids, labels=labels).loss.detach()), abs=1e-4
    )


def test_hooks_are_gone_after_use(model: PreTrainedModel) -> None:
    with residuals(model, [0, 1]) as seen:
        model.model(torch.tensor([[1, 20]]))
    assert sorted(seen) == [0, 1]
    assert not any(layer._forward_hooks for layer in model.model.layers)


def test_the_readme_shows_the_reports() -> None:
    assert table() in (DEMO / "README.md").read_text(encoding="utf-8")
