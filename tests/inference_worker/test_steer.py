"""The arithmetic of steering: what is added, where, and that nothing is added elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from inference_worker.engine.changes import Addition
from inference_worker.engine.errors import BadInput
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.steer import SteeredRows, Steering, steering

HOOK = "blocks.15.hook_resid_post"


def changed(
    rows: Sequence[Steering], residual: torch.Tensor, ids: torch.Tensor, start: int = 0, prompt_length: int = 99
) -> torch.Tensor:
    """The residual after the hook point."""
    batch = len(rows)
    made = SteeredRows(rows, residual)
    hooks = made.hooks(ids, torch.full((batch,), start), torch.full((batch,), prompt_length))
    after = hooks[HOOK](residual)
    assert after is not None
    return after


def test_adds_at_positions_and_leaves_the_rest_bit_for_bit() -> None:
    residual, direction = torch.randn(2, 5, 8), torch.randn(8)
    residual[:, 0] = -0.0
    ids = torch.tensor([[1, 50, 2, 60, 70], [50, 60, 1, 70, 80]])
    steered = steering([(HOOK, direction, 3.0)], special_ids=frozenset({1, 2}))
    after = changed([steered, steered], residual, ids)
    expected = torch.tensor([[False, True, False, True, True], [False, True, False, True, True]])
    assert torch.equal(after[~expected].view(torch.int32), residual[~expected].view(torch.int32))
    assert torch.equal(after[expected], (residual + 3.0 * direction)[expected])


def test_a_vector_of_zeros_changes_nothing() -> None:
    residual = torch.randn(1, 5, 8)
    zeros = Steering((Addition(HOOK, torch.zeros(8)),))
    assert torch.equal(changed([zeros], residual, torch.full((1, 5), 50)), residual)


def test_with_a_cache_the_first_column_is_no_first_position() -> None:
    residual, steered = torch.zeros(3, 1, 4), steering([(HOOK, torch.ones(4), 1.0)], special_ids=frozenset({2}))
    hooks = SteeredRows([steered] * 3, residual).hooks(
        torch.tensor([[50], [2], [50]]), torch.tensor([7, 7, 0]), torch.tensor([9, 9, 9])
    )
    after = hooks[HOOK](residual)
    assert after is not None
    assert after[:, 0, 0].tolist() == [1.0, 0.0, 0.0]


def test_features_are_summed_in_order() -> None:
    one, two = torch.randn(8), torch.randn(8)
    found = steering([(HOOK, one, 3.0), ("other", two, 1.0), (HOOK, two, -2.0)])
    deltas = {change.hook: change.delta for change in found.changes if isinstance(change, Addition)}
    assert torch.equal(deltas[HOOK], 3.0 * one + -2.0 * two)
    assert torch.equal(deltas["other"], two)


def test_strength_zero_is_no_steering() -> None:
    assert steering([(HOOK, torch.randn(8), 0.0)]).changes == ()


def test_normalised_directions_add_their_strength_in_length() -> None:
    direction = torch.randn(8) * 7
    added, same = (
        changed([steered], torch.zeros(1, 2, 8), torch.full((1, 2), 50))[0, 1]
        for steered in (
            steering([(HOOK, direction, 10.0)], normalize=True),
            steering([(HOOK, direction, 10.0 / float(direction.norm()))]),
        )
    )
    assert float(added.norm()) == pytest.approx(10.0, rel=1e-5)
    torch.testing.assert_close(added, same)


@pytest.mark.parametrize("entry", [0.0, float("nan"), float("inf")])
def test_a_direction_needs_a_length(entry: float) -> None:
    with pytest.raises(BadInput):
        steering([(HOOK, torch.full((8,), entry), 1.0)])


def test_rows_without_a_hook_have_none_there() -> None:
    steered = steering([(HOOK, torch.ones(4), 2.0)])
    rows = SteeredRows([Steering(), steered, Steering()], torch.empty(0))
    ids, starts, lengths = torch.ones(3, 1, dtype=torch.long), torch.tensor([5, 6, 7]), torch.tensor([5, 6, 7])
    after = rows.hooks(ids, starts, lengths)[HOOK](torch.ones(3, 1, 4))
    assert after is not None
    assert after[:, 0].tolist() == [[1.0] * 4, [3.0] * 4, [1.0] * 4]


def test_rows_without_steering_have_no_hooks() -> None:
    one = torch.tensor([1])
    assert SteeredRows([Steering(), Steering()], torch.empty(0)).hooks(one[None], one, one) == {}


@pytest.mark.parametrize("strength", [40.0, -80.0, 0.125])
def test_the_residual_after_the_hook_is_what_was_before_plus_c_times_the_decoder_row(
    language_model: LanguageModel, sae: LoadedSae, strength: float
) -> None:
    ids = torch.tensor([language_model.tokenizer.tokenize("of the <|im_end|> degree").ids])
    steered = steering([(sae.hook_name, sae.direction(5), strength)], special_ids=language_model.special_ids)
    hooks = SteeredRows([steered], torch.empty(0)).hooks(ids, torch.tensor([0]), torch.tensor([6]))
    seen: list[torch.Tensor] = []

    def add(residual: torch.Tensor) -> torch.Tensor | None:
        seen.append(residual)
        return hooks[sae.hook_name](residual)

    def look(residual: torch.Tensor) -> None:
        seen.append(residual)

    language_model.logits(ids, hooks={sae.hook_name: add, "blocks.16.hook_resid_pre": look})
    before, after = seen
    where = torch.tensor([[False, True, True, True, False, True]])
    assert torch.equal(after[where], (before + strength * sae.sae.W_dec[5])[where])
    assert torch.equal(after[~where], before[~where])
