"""Generation: rows that do not see each other, Hugging Face's text when nothing is steered, parameters that act."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
import torch

from inference_worker.engine.changes import Addition
from inference_worker.engine.errors import BadInput, Diverged
from inference_worker.engine.generate import PREFILL, generate
from inference_worker.engine.linear import ROWS
from inference_worker.engine.loading import load_model
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.sampling import Output, Sampling
from inference_worker.engine.steer import SteeredRows, Steering, steering
from tests.inference_worker import plain
from tests.inference_worker.test_model import small_folder  # noqa: F401

PROMPT = "Once upon a time, there was a"
NONE = Steering()


@pytest.fixture(scope="module")
def prompt(language_model: LanguageModel) -> list[int]:
    return language_model.tokenizer.tokenize(PROMPT).ids


@pytest.fixture(scope="module")
def strong(sae: LoadedSae) -> Steering:
    return steering([(sae.hook_name, sae.direction(100), 80.0)])


def run(
    model: LanguageModel, prompt: Sequence[int], rows: Sequence[Steering], sampling: Sampling
) -> tuple[list[Output], torch.Tensor]:
    """The outputs and the logits of every step, `[step, row, d_vocab]`."""
    logits: list[torch.Tensor] = []
    *_, outputs = generate(model, prompt, rows, sampling, on_logits=logits.append)
    return outputs, torch.stack(logits)


@pytest.mark.parametrize("text", [PROMPT, "The capital of France is", "def fibonacci(n):\n", "👍🏽 means"])
def test_unsteered_text_is_hugging_faces(language_model: LanguageModel, text: str) -> None:
    ids = language_model.tokenizer.tokenize(text).ids
    outputs, _ = run(language_model, ids, [NONE], Sampling(24))
    expected = plain.generated(ids, 24)
    assert outputs[0].ids == [index for index in expected if index != 2]


def test_a_row_is_the_same_bit_for_bit_whatever_runs_beside_it(
    language_model: LanguageModel, prompt: list[int], strong: Steering
) -> None:
    sampling = Sampling(12, temperature=0.8, seed=3)
    alone, alone_logits = run(language_model, prompt, [strong], sampling)
    beside, beside_logits = run(language_model, prompt, [NONE, strong, NONE], sampling)
    assert beside[1] == alone[0]
    assert torch.equal(beside_logits[:, 1], alone_logits[:, 0])
    assert beside[0] == beside[2] != beside[1]


def test_more_rows_than_a_group(language_model: LanguageModel, prompt: list[int], strong: Steering) -> None:
    rows = [strong, *[NONE] * ROWS]
    many, _ = run(language_model, prompt, rows, Sampling(8))
    few, _ = run(language_model, prompt, [NONE, strong], Sampling(8))
    assert [output.text for output in many] == [few[1].text, *[few[0].text] * ROWS]


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_a_vector_of_zeros_is_the_unsteered_row_bit_for_bit(
    language_model: LanguageModel, prompt: list[int], sae: LoadedSae, temperature: float
) -> None:
    zeros = Steering((Addition(sae.hook_name, torch.zeros(576)),))
    outputs, logits = run(language_model, prompt, [NONE, zeros], Sampling(12, temperature=temperature, seed=5))
    assert outputs[0] == outputs[1]
    assert torch.equal(logits[:, 0], logits[:, 1])


def test_steering_changes_the_text_and_its_sign_matters(
    language_model: LanguageModel, prompt: list[int], sae: LoadedSae, strong: Steering
) -> None:
    against = steering([(sae.hook_name, sae.direction(100), -80.0)])
    outputs, _ = run(language_model, prompt, [NONE, strong, against], Sampling(16))
    assert len({output.text for output in outputs}) == 3


def test_steering_works_at_hook_points_that_only_the_bridge_has(
    language_model: LanguageModel, prompt: list[int], sae: LoadedSae
) -> None:
    zero = Steering((Addition("blocks.15.hook_mlp_out", torch.zeros(576)),))
    added = steering([("blocks.15.hook_mlp_out", sae.direction(100), 80.0)])
    expected, _ = run(language_model, prompt, [NONE], Sampling(6))
    outputs, _ = run(language_model, prompt, [zero, added], Sampling(6))
    assert outputs[0].text == expected[0].text != outputs[1].text


def test_a_cached_step_equals_a_pass_over_the_whole_text(
    language_model: LanguageModel, prompt: list[int], strong: Steering
) -> None:
    """The last step's logits are those of one forward pass over prompt and text, steered at the same positions."""
    outputs, logits = run(language_model, prompt, [strong], Sampling(8))
    ids = torch.tensor([[*prompt, *outputs[0].ids[:-1]]])
    one = torch.tensor([0])
    hooks = SteeredRows([strong], torch.empty(0)).hooks(ids, one, one + len(prompt))
    whole = language_model.logits(ids, hooks=hooks)
    torch.testing.assert_close(logits[-1, 0], whole[0], atol=2e-3, rtol=1e-4)


def test_a_long_prompt_is_read_in_parts_and_means_the_same(language_model: LanguageModel, strong: Steering) -> None:
    ids = language_model.tokenizer.tokenize("The history of the treaty. " * 50).ids
    assert len(ids) > 2 * PREFILL
    steps = generate(language_model, ids, [NONE, strong], Sampling(1))
    shown = [[len(output.ids) for output in outputs] for outputs in steps]
    assert shown == [[0, 0]] * (2 * -(-len(ids) // PREFILL) - 1) + [[1, 1]]
    _, logits = run(language_model, ids, [NONE], Sampling(1))
    whole = language_model.logits(torch.tensor([ids]))
    torch.testing.assert_close(logits[0], whole, atol=2e-3, rtol=1e-4)


def test_what_streams_is_what_comes_at_the_end(language_model: LanguageModel, strong: Steering) -> None:
    ids = language_model.tokenizer.tokenize("Emoji: 👍🏽 👎🏽 👍🏽 👎🏽").ids
    shown: list[list[str]] = []
    outputs: list[Output] = []
    for outputs in generate(language_model, ids, [NONE, strong], Sampling(16, temperature=0.7)):
        shown.append([output.text for output in outputs])
    for before, after in pairwise(shown):
        assert all(later.startswith(earlier) for earlier, later in zip(before, after, strict=True))
    assert shown[-1] == ["".join(language_model.tokenizer.strings(output.ids)) for output in outputs]


def test_the_seed_decides(language_model: LanguageModel, prompt: list[int]) -> None:
    def text(seed: int) -> str:
        return run(language_model, prompt, [NONE], Sampling(12, temperature=1.0, seed=seed))[0][0].text

    assert text(1) == text(1) != text(2)


def test_temperature_flattens(language_model: LanguageModel, prompt: list[int]) -> None:
    greedy, cold, hot = (
        run(language_model, prompt, [NONE], Sampling(12, temperature=temperature, seed=1))[0][0].text
        for temperature in (0.0, 1e-6, 3.0)
    )
    assert greedy == cold != hot


def test_the_frequency_penalty_is_subtracted_once_for_each_time(language_model: LanguageModel) -> None:
    ids = language_model.tokenizer.tokenize("yes yes yes yes yes yes yes yes").ids
    free, _ = run(language_model, ids, [NONE], Sampling(12))
    penalised, logits = run(language_model, ids, [NONE], Sampling(12, freq_penalty=2.0))
    assert len(set(penalised[0].ids)) > len(set(free[0].ids))
    for step, chosen in enumerate(penalised[0].ids):
        adjusted = logits[step, 0].clone()
        for earlier in penalised[0].ids[:step]:
            adjusted[earlier] -= 2.0
        assert int(adjusted.argmax()) == chosen
    rewarded, _ = run(language_model, ids, [NONE], Sampling(12, freq_penalty=-2.0))
    assert len(set(rewarded[0].ids)) <= len(set(free[0].ids))


def test_logprobs_are_the_models(language_model: LanguageModel, prompt: list[int]) -> None:
    outputs, logits = run(language_model, prompt, [NONE], Sampling(4, temperature=1.0, seed=2, n_logprobs=3))
    expected = torch.log_softmax(logits[:, 0], dim=-1)
    for step, (index, one) in enumerate(zip(outputs[0].ids, outputs[0].logprobs, strict=True)):
        assert one.logprob == pytest.approx(float(expected[step, index]))
        assert one.token == language_model.tokenizer.label(index)
        assert [value for _, value in one.top] == pytest.approx(expected[step].topk(3).values.tolist())
    assert run(language_model, prompt, [NONE], Sampling(4))[0][0].logprobs == []


def test_a_row_stops_at_the_end_token_and_the_others_go_on(language_model: LanguageModel, sae: LoadedSae) -> None:
    question = "<|im_start|>user\nWhat is 1+1?<|im_end|>\n<|im_start|>assistant\n"
    ids = language_model.tokenizer.tokenize(question).ids
    outputs, _ = run(language_model, ids, [NONE, steering([(sae.hook_name, sae.direction(100), 60.0)])], Sampling(48))
    assert outputs[0].finish_reason == "stop"
    assert 2 not in outputs[0].ids
    assert "<|im_end|>" not in outputs[0].text
    assert outputs[1].finish_reason is not None
    alone, _ = run(language_model, ids, [NONE], Sampling(48))
    assert alone[0] == outputs[0]


def test_length_is_what_was_asked_for(language_model: LanguageModel, prompt: list[int]) -> None:
    outputs, logits = run(language_model, prompt, [NONE], Sampling(5))
    assert (len(outputs[0].ids), len(logits), outputs[0].finish_reason) == (5, 5, "length")


def test_logits_that_are_no_numbers_are_an_error(
    language_model: LanguageModel, prompt: list[int], sae: LoadedSae
) -> None:
    broken = Steering((Addition(sae.hook_name, torch.full((576,), float("inf"))),))
    with pytest.raises(Diverged) as caught:
        run(language_model, prompt, [NONE, broken], Sampling(4))
    assert caught.value.field == "features"


def test_leaving_early_leaves_nothing_behind(
    language_model: LanguageModel, prompt: list[int], strong: Steering
) -> None:
    steps = generate(language_model, prompt, [strong], Sampling(50))
    next(steps)
    assert not language_model.plain.model.layers[15]._forward_hooks, "between two steps nothing is hooked"
    steps.close()


def test_two_generations_take_turns_without_seeing_each_other(
    language_model: LanguageModel, prompt: list[int], strong: Steering
) -> None:
    alone = [run(language_model, prompt, [row], Sampling(6))[0][0].text for row in (NONE, strong)]
    turns = [generate(language_model, prompt, [row], Sampling(6)) for row in (NONE, strong)]
    latest = [next(turn) for turn in turns]
    for _ in range(5):
        latest = [next(turn) for turn in turns]
    assert [outputs[0].text for outputs in latest] == alone


def test_a_model_without_packed_weights_generates_the_same(
    small_folder: object,  # noqa: F811
    tmp_path: object,
) -> None:
    packed, unpacked = (
        load_model(str(small_folder), models_dir=tmp_path, packed=choice)  # type: ignore[arg-type]
        for choice in (True, False)
    )
    assert packed.is_packed is not unpacked.is_packed
    steered = steering([("blocks.0.hook_resid_post", torch.ones(16), 3.0)])
    texts = [run(model, [1, 2, 3], [NONE, steered], Sampling(10))[0] for model in (packed, unpacked)]
    assert texts[0] == texts[1]


def test_the_context_is_the_limit(small_folder: object, tmp_path: object) -> None:  # noqa: F811
    model = load_model(str(small_folder), models_dir=tmp_path)  # type: ignore[arg-type]
    outputs, _ = run(model, [1] * 30, [NONE], Sampling(10))
    assert (len(outputs[0].ids), outputs[0].finish_reason) == (2, "length")
    with pytest.raises(BadInput) as caught:
        run(model, [1] * 32, [NONE], Sampling(10))
    assert caught.value.field == "prompt"
