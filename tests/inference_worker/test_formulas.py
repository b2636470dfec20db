"""Identities of the steering formulas, on random residuals and on SAEs of several architectures."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from inference_worker.engine import formulas
from inference_worker.engine.encode import counted, encode
from tests.inference_worker import tiny

COEFFICIENTS = st.floats(-100, 100, width=32)


def residual(seed: int, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    """`h` `[2, 5, 16]` and a unit direction a row."""
    random = torch.Generator().manual_seed(seed)
    directions = torch.randn(2, 16, generator=random)
    return torch.randn(2, 5, 16, generator=random).to(dtype), torch.stack([formulas.unit(v) for v in directions])


def along(h: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
    return (h.double() * unit[:, None].double()).sum(-1)


def orthogonal(h: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
    return h.double() - along(h, unit)[..., None] * unit[:, None].double()


@hypothesis(max_examples=40, deadline=None)
@given(c=COEFFICIENTS, seed=st.integers(0, 1000))
def test_scaling_keeps_the_orthogonal_part_and_multiplies_the_other(c: float, seed: int) -> None:
    h, unit = residual(seed)
    after = formulas.scale_parallel(h, unit, torch.tensor([c, c]))
    torch.testing.assert_close(orthogonal(after, unit), orthogonal(h, unit), atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(along(after, unit), c * along(h, unit), atol=1e-4, rtol=1e-4)


@hypothesis(max_examples=40, deadline=None)
@given(c=COEFFICIENTS, seed=st.integers(0, 1000))
def test_a_cap_caps_and_leaves_what_is_below_it(c: float, seed: int) -> None:
    h, unit = residual(seed)
    after = formulas.cap(h, unit, torch.tensor([c, c]))
    assert bool((along(after, unit) <= c + 1e-4).all())
    torch.testing.assert_close(orthogonal(after, unit), orthogonal(h, unit), atol=1e-4, rtol=1e-5)
    below = along(h, unit) < c - 1e-4
    assert torch.equal(after[below], h[below])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_narrow_residuals_are_projected_in_float32(dtype: torch.dtype) -> None:
    h, unit = residual(3, dtype)
    after = formulas.cap(h * 30, unit, torch.tensor([1.0, 1.0]))
    assert after.dtype == dtype
    wide = formulas.cap((h * 30).float(), unit, torch.tensor([1.0, 1.0]))
    torch.testing.assert_close(after.float(), wide, atol=0, rtol=8e-3)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_a_unit_has_length_one_whatever_it_came_from(size: float) -> None:
    assert float(formulas.unit(torch.full((16,), size)).norm()) == pytest.approx(1.0)


RESIDUAL = [source for source in tiny.SAES if source.endswith("-res")]


def read_of(source: str) -> tuple[torch.Tensor, torch.Tensor]:
    """What the SAE reads on a text, `[1, pos, ...]`, and its tokens."""
    engine = tiny.engine()
    ids = torch.tensor([tiny.ids("steer a small model")])
    hook = engine.saes.get(source).hook_name
    return engine.model.capture(ids, [hook])[hook], ids


@pytest.mark.parametrize("source", [*RESIDUAL, "1-att", "1-mlp"])
def test_with_the_error_only_the_feature_goes(source: str) -> None:
    loaded, special = tiny.engine().saes.get(source), tiny.engine().model.special_ids
    h, ids = read_of(source)
    acts = encode(h, ids, loaded, special)[0]
    index = int(acts.amax(0).argmax())
    after = formulas.ablate(h, h, ids, loaded, {index: 1.0}, special, keep_error=True)
    without = acts.clone()
    without[:, index] = 0
    expected = tiny.saelens(source).W_dec
    change = (after - h).reshape(acts.shape[0], -1)
    torch.testing.assert_close(change, (without - acts) @ expected, atol=1e-5, rtol=1e-4)
    assert float(change.abs().max()) > 0.01


@pytest.mark.parametrize("source", [*RESIDUAL, "1-mlp"])
def test_without_the_error_it_is_the_saes_reconstruction(source: str) -> None:
    loaded, special = tiny.engine().saes.get(source), tiny.engine().model.special_ids
    h, ids = read_of(source)
    counts = counted(h, ids, loaded, special)[0]
    plain = tiny.saelens(source)
    acts = plain.encode(h)
    index = int(acts[0, counts].amax(0).argmax())
    after = formulas.ablate(h, h, ids, loaded, {index: 1.0}, special, keep_error=False)
    acts[..., index] = 0
    torch.testing.assert_close(after[0, counts], plain.decode(acts)[0, counts], atol=1e-4, rtol=1e-4)
    assert torch.equal(after[0, ~counts], h[0, ~counts]), "what does not count stays"
    assert not bool(counts[0]), "BOS does not count"


def test_features_of_one_sae_go_together_each_by_its_share() -> None:
    loaded, special = tiny.engine().saes.get("0-res"), tiny.engine().model.special_ids
    h, ids = read_of("0-res")
    acts = encode(h, ids, loaded, special)[0]
    shares = {3: 1.0, 7: 0.5, 11: -2.0}
    after = formulas.ablate(h, h, ids, loaded, shares, special, keep_error=True)
    taken = sum(share * acts[:, [index]] * loaded.sae.W_dec[index] for index, share in shares.items())
    torch.testing.assert_close(h[0] - after[0], torch.as_tensor(taken), atol=1e-5, rtol=1e-4)


def test_an_sae_that_rescales_its_input_is_ablated_in_the_models_units() -> None:
    """SAELens forgets the scale after one decode; the difference must still be that of its own reconstructions."""
    loaded, special = tiny.engine().saes.get("1-mlp"), frozenset[int]()
    h, ids = read_of("1-mlp")
    sae = loaded.sae
    before = sae.cfg.normalize_activations
    sae.cfg.normalize_activations = "constant_norm_rescale"
    sae._setup_activation_normalization()
    try:
        acts = sae.encode(h)
        whole = sae.decode(acts)
        index = int(acts[0].amax(0).argmax())
        sae.encode(h)
        acts[..., index] = 0
        without = sae.decode(acts)
        after = formulas.ablate(h, h, ids, loaded, {index: 1.0}, special, keep_error=True)
    finally:
        sae.cfg.normalize_activations = before
        sae._setup_activation_normalization()
    torch.testing.assert_close(h - after, whole - without, atol=1e-5, rtol=1e-4)
