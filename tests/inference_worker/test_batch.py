"""Rows that share forward passes: the same numbers alone, in a batch of eight, shuffled, joining and leaving."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    BloomConfig,
    GemmaConfig,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
)

from inference_worker.engine.batch import MOST_ROWS, Row, Step, read, shares_rows
from inference_worker.engine.cache import RowCache
from inference_worker.engine.generate import generate, generation
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.sampling import Output, Sampling
from inference_worker.engine.steer import Steering, steering
from inference_worker.engine.together import Steps, Together, results
from memicos_app.settings import ROOT

NONE = Steering()
SHAPE = {"vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
SMALL = {
    "llama": LlamaConfig(**SHAPE, num_key_value_heads=2, intermediate_size=48),
    "gemma": GemmaConfig(**SHAPE, num_key_value_heads=1, intermediate_size=48, head_dim=8),
    "mistral": MistralConfig(**SHAPE, num_key_value_heads=2, intermediate_size=48, sliding_window=4),
    "gpt2": GPT2Config(vocab_size=40, n_embd=32, n_layer=2, n_head=4, n_positions=64),
}


def small(config: PreTrainedConfig) -> LanguageModel:
    """A random model of this shape."""
    from tokenizers import Tokenizer, models

    words = Tokenizer(models.WordLevel({chr(65 + index): index for index in range(40)}, unk_token="A"))
    config.bos_token_id = config.eos_token_id = None
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="A")
    return LanguageModel(model, tokenizer, name=type(config).__name__)


def corpus(number: int) -> list[list[int]]:
    """Beginnings of held-out texts, each of another length."""
    rows = np.load(ROOT / "demo" / "heldout_sample.npy")[:number]
    return [row[: 4 + 7 * place % 53].tolist() for place, row in enumerate(rows)]


class Company:
    """Drives generations a turn at a time, what can be shared shared, as the scheduler does."""

    def __init__(self) -> None:
        self.outputs: dict[Steps[list[Output]], list[Output]] = {}
        self._asked: dict[Steps[list[Output]], Together] = {}

    def join(self, steps: Steps[list[Output]]) -> None:
        self._go_on(steps, next(steps))

    def leave(self, steps: Steps[list[Output]]) -> None:
        steps.close()
        del self._asked[steps]

    def turn(self) -> bool:
        """A shared step; whether there was anything to do."""
        asked, self._asked = self._asked, {}
        if asked:
            found = results(next(iter(asked.values())).function, [one.item for one in asked.values()])
            for steps, result in zip(asked, found, strict=True):
                self._go_on(steps, steps.send(result))
        return bool(asked)

    def _go_on(self, steps: Steps[list[Output]], found: list[Output] | Together | None) -> None:
        while found is not None and not isinstance(found, Together):
            self.outputs[steps] = found
            found = next(steps, None)
        if found is not None:
            self._asked[steps] = found


def together(all_steps: Sequence[Steps[list[Output]]]) -> list[list[Output]]:
    """Generate to the end, all in one batch."""
    company = Company()
    for steps in all_steps:
        company.join(steps)
    while company.turn():
        pass
    return [company.outputs[steps] for steps in all_steps]


@pytest.mark.parametrize("name", SMALL)
def test_rows_of_any_length_equal_whole_passes(name: str) -> None:
    model = small(SMALL[name])
    assert shares_rows(model)
    steered = steering([("blocks.0.hook_resid_post", torch.randn(32), 3.0)])
    texts = [[(3 * place + offset) % 40 for place in range(length)] for offset, length in enumerate((2, 9, 5, 17))]
    rows = [Row(steered if place % 2 else NONE, len(text)) for place, text in enumerate(texts)]
    for row, text in zip(rows, texts, strict=True):
        read(model, [row], [text])
    for token in (7, 11):
        for row, text in zip(rows, texts, strict=True):
            text.append(token)
            row.next_id = token
        (logits,) = Step(model)([rows])
    for row, text, found in zip(rows, texts, logits, strict=True):
        expected = read(model, [Row(row.steering, len(text))], [text])[0]
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
        if row.steering is NONE:
            plain = model.plain(input_ids=torch.tensor([text])).logits[0, -1]
            torch.testing.assert_close(found, plain, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "config",
    [
        BloomConfig(vocab_size=40, hidden_size=32, n_layer=2, n_head=4),
        LlamaConfig(**SHAPE, intermediate_size=48, rope_parameters={"rope_type": "dynamic", "factor": 2.0}),
    ],
    ids=["positions that no id says", "rotations that depend on the longest row"],
)
def test_models_that_cannot_share_generate_alone(config: PreTrainedConfig) -> None:
    model = small(config)
    assert not shares_rows(model)
    *_, outputs = generate(model, [1, 2, 3], [NONE, NONE], Sampling(5))
    assert outputs[0].ids == outputs[1].ids
    assert len(outputs[0].ids) == 5


def test_hook_points_of_the_bridge_cannot_share(language_model: LanguageModel) -> None:
    assert shares_rows(language_model, ["blocks.3.hook_resid_pre"])
    assert not shares_rows(language_model, ["blocks.3.hook_resid_pre", "blocks.3.hook_mlp_out"])


def test_a_corpus_alone_in_a_batch_of_eight_and_shuffled(language_model: LanguageModel, sae: LoadedSae) -> None:
    """Texts at temperature 0 are equal; logits within 1e-4, and here, packed on a CPU, bit for bit."""
    texts, strong = corpus(12), steering([(sae.hook_name, sae.direction(100), 60.0)])
    seen: dict[str, list[list[torch.Tensor]]] = {}

    def run(name: str, order: Sequence[int], group: int) -> list[list[Output]]:
        seen[name] = [[] for _ in texts]
        steps = {
            place: generation(
                language_model,
                texts[place],
                [strong if place % 2 else NONE],
                Sampling(6),
                list,
                on_logits=seen[name][place].append,
            )
            for place in order
        }
        found = {}
        for start in range(0, len(order), group):
            part = order[start : start + group]
            found.update(zip(part, together([steps[place] for place in part]), strict=True))
        return [found[place] for place in range(len(texts))]

    inorder = range(len(texts))
    alone = run("alone", inorder, 1)
    assert run("eight", inorder, 8) == alone
    assert run("shuffled", random.Random(4).sample(inorder, len(texts)), 8) == alone
    for name in ("eight", "shuffled"):
        for mine, theirs in zip(seen["alone"], seen[name], strict=True):
            difference = (torch.stack(mine) - torch.stack(theirs)).abs().max()
            assert difference == 0 if language_model.is_packed else difference < 1e-4


def test_a_seed_draws_the_same_whoever_shares_the_batch(language_model: LanguageModel) -> None:
    texts = corpus(5)
    samplings = [Sampling(4 + place, temperature=1.0, seed=place) for place in range(5)]
    start = partial(generation, language_model)
    alone = [together([start(text, [NONE], one, list)])[0] for text, one in zip(texts, samplings, strict=True)]
    beside = together([start(text, [NONE], one, list) for text, one in zip(texts, samplings, strict=True)])
    assert beside == alone


def test_rows_join_and_leave_without_disturbing_others(language_model: LanguageModel) -> None:
    """One text is written throughout; others join it when it is under way, end before it, or are dropped."""
    first, second, third = corpus(3)
    expected = list(generate(language_model, first, [NONE], Sampling(12)))[-1]
    long = generation(language_model, first, [NONE], Sampling(12), list)
    ends = generation(language_model, second, [NONE], Sampling(3), list)
    dropped = generation(language_model, third, [NONE], Sampling(50), list)
    company = Company()
    company.join(long)
    for turn in range(11):
        if turn in (2, 4):
            company.join(ends if turn == 2 else dropped)
        if turn == 7:
            company.leave(dropped)
        assert company.turn()
    assert not company.turn()
    assert company.outputs[long] == expected
    assert len(company.outputs[ends][0].ids) == 3


def test_more_rows_than_one_pass_takes() -> None:
    model = small(SMALL["llama"])
    rows = [Row(NONE, 1, next_id=number % 40) for number in range(MOST_ROWS + 3)]
    (logits,) = Step(model)([rows])
    for number in (0, MOST_ROWS - 1, MOST_ROWS, MOST_ROWS + 2):
        expected = read(model, [Row(NONE, 1)], [[number % 40]])[0]
        torch.testing.assert_close(logits[number], expected, atol=1e-5, rtol=1e-5)


def test_a_row_outgrows_its_first_block() -> None:
    from inference_worker.engine.cache import BLOCK

    model = small(LlamaConfig(**SHAPE, intermediate_size=48, max_position_embeddings=2 * BLOCK))
    text = [place % 40 for place in range(BLOCK + 3)]
    row = Row(NONE, BLOCK - 2)
    read(model, [row], [text[: BLOCK - 2]])
    for token in text[BLOCK - 2 :]:
        row.next_id = token
        (logits,) = Step(model)([[row]])
    expected = model.plain(input_ids=torch.tensor([text])).logits[0, -1]
    torch.testing.assert_close(logits[0], expected, atol=1e-4, rtol=1e-4)


def test_what_fails_for_one_does_not_fail_for_the_others() -> None:
    def halves(items: Sequence[int]) -> list[Any]:
        if 0 in items and len(items) > 1:
            raise MemoryError
        return [ValueError("odd") if item % 2 else 10 // item for item in items]

    found = results(halves, [2, 0, 5, 1])
    assert [type(each) for each in found] == [int, ZeroDivisionError, ValueError, ValueError]
    assert found[0] == 5


def test_the_model_is_as_it_was_after_shared_steps(language_model: LanguageModel, tmp_path: Path) -> None:
    usual = language_model.plain.config._attn_implementation
    row = Row(NONE, 2)
    read(language_model, [row], [[1, 300]])
    assert language_model.plain.config._attn_implementation == usual
    assert row.cache.length == 2


def test_two_threads_leave_the_attention_as_it_was(language_model: LanguageModel) -> None:
    """A thread that still runs rows of their own while another runs a plain pass changes neither's numbers."""
    ids = torch.tensor([[5, 6, 7, 8]])
    plain = language_model.logits(ids)
    wrong: list[int] = []

    def rows(turns: int) -> None:
        for _ in range(turns):
            found = language_model.logits_of_rows(ids, torch.tensor([0]), [RowCache()])
            wrong.append(int(not language_model.agrees(found, plain)))

    def alone(turns: int) -> None:
        wrong.extend(int(not torch.equal(language_model.logits(ids), plain)) for _ in range(turns))

    threads = [threading.Thread(target=work, args=(8,)) for work in (rows, alone, rows)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [0] * 24
