"""The arithmetic of steering: what is added, where, and that nothing is added elsewhere."""

from __future__ import annotations

import pytest
import torch

from inference_worker.engine.errors import BadInput
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.steer import SteeredRows, Steering, steer, steered_positions, steering

HOOK = "blocks.15.hook_resid_post"


def test_adds_at_positions_and_leaves_the_rest_bit_for_bit() -> None:
    residual, delta = torch.randn(2, 5, 8), torch.randn(2, 8)
    residual[0, 0] = -0.0
    positions = torch.rand(2, 5) > 0.5
    positions[0, 0] = False
    after = steer(residual, delta, positions)
    assert torch.equal(after[~positions].view(torch.int32), residual[~positions].view(torch.int32))
    assert torch.equal(after[positions], (residual + delta[:, None])[positions])


def test_a_vector_of_zeros_changes_nothing() -> None:
    residual = torch.randn(2, 5, 8)
    assert torch.equal(steer(residual, torch.zeros(2, 8), torch.ones(2, 5, dtype=torch.bool)), residual)


def test_the_first_position_and_special_tokens_are_left_alone() -> None:
    ids = torch.tensor([[1, 50, 2, 60], [50, 60, 70, 80]])
    expected = [[False, True, False, True], [False, True, True, True]]
    assert steered_positions(ids, torch.tensor([0, 0]), frozenset({1, 2})).tolist() == expected


def test_with_a_cache_the_first_column_is_no_first_position() -> None:
    ids, starts = torch.tensor([[50], [2], [50]]), torch.tensor([7, 7, 0])
    assert steered_positions(ids, starts, frozenset({2})).tolist() == [[True], [False], [False]]


def test_features_are_summed_in_order() -> None:
    one, two = torch.randn(8), torch.randn(8)
    found = steering([(HOOK, one, 3.0), (HOOK, two, -2.0), ("other", two, 1.0)])
    assert torch.equal(found.deltas[HOOK], 3.0 * one + -2.0 * two)
    assert torch.equal(found.deltas["other"], two)


def test_strength_zero_is_no_steering() -> None:
    assert steering([(HOOK, torch.randn(8), 0.0)]) == Steering()


def test_normalised_directions_add_their_strength_in_length() -> None:
    direction = torch.randn(8) * 7
    added = steering([(HOOK, direction, 10.0)], normalize=True).deltas[HOOK]
    assert float(added.norm()) == pytest.approx(10.0, rel=1e-5)
    torch.testing.assert_close(added, steering([(HOOK, direction, 10.0 / float(direction.norm()))]).deltas[HOOK])


def test_a_direction_without_length_cannot_be_normalised() -> None:
    with pytest.raises(BadInput) as caught:
        steering([(HOOK, torch.zeros(8), 1.0)], normalize=True)
    assert caught.value.field == "features"


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
    positions = steered_positions(ids, torch.tensor([0]), language_model.special_ids)
    delta = steering([(sae.hook_name, sae.direction(5), strength)]).deltas[sae.hook_name]
    seen: list[torch.Tensor] = []

    def add(residual: torch.Tensor) -> torch.Tensor:
        seen.append(residual)
        return steer(residual, delta[None], positions)

    next_hook = "blocks.16.hook_resid_pre"

    def look(residual: torch.Tensor) -> None:
        seen.append(residual)

    language_model.logits(ids, hooks={sae.hook_name: add, next_hook: look})
    before, after = seen
    assert positions.tolist() == [[False, True, True, True, False, True]]
    assert torch.equal(after[positions], (before + strength * sae.sae.W_dec[5])[positions])
    assert torch.equal(after[~positions], before[~positions])
