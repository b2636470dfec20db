"""Texts read in parts, alone and in the company of others: the same numbers, and those of one whole pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from inference_worker.engine import reading
from inference_worker.engine.errors import BadInput, Unusable
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.reading import PART, Held, read, reads_in_parts
from inference_worker.engine.together import Shared, Together, result_of, results
from tests.inference_worker.test_batch import SMALL, corpus, small

HOOKS = ["blocks.0.hook_resid_pre", "blocks.1.hook_resid_post"]


def together(works: Sequence[Shared[Any]]) -> tuple[list[Any], int]:
    """The results of several, each step shared by all; and how many steps there were."""
    found: dict[int, Any] = {}
    asked: dict[int, Together] = {number: next(work) for number, work in enumerate(works)}
    steps = 0
    while asked:
        steps += 1
        waiting, asked = asked, {}
        function = next(iter(waiting.values())).function
        assert all(one.function == function for one in waiting.values())
        for number, result in zip(waiting, results(function, [one.item for one in waiting.values()]), strict=True):
            try:
                asked[number] = works[number].send(result)
            except StopIteration as end:
                found[number] = end.value
    return [found[number] for number in range(len(works))], steps


@pytest.mark.parametrize("name", SMALL)
def test_parts_of_any_length_equal_whole_passes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small(SMALL[name])
    assert reads_in_parts(model, HOOKS)
    monkeypatch.setattr(reading, "PART", 8)
    texts = [[(3 * place + offset) % 40 for place in range(length)] for offset, length in enumerate((1, 29, 8, 17))]
    for text, held in zip(texts, result_of(read(model, texts, HOOKS)), strict=True):
        for hook, whole in model.capture(torch.tensor([text]), HOOKS).items():
            torch.testing.assert_close(held[hook], whole[0], atol=1e-5, rtol=1e-5)


def test_a_corpus_alone_and_together(language_model: LanguageModel) -> None:
    """Within 1e-4, and here, packed on a CPU, bit for bit; also a text of several parts, and one of one token."""
    hooks = ["blocks.3.hook_resid_post", "blocks.8.hook_resid_pre"]
    texts = [*corpus(6), [index for text in corpus(9) for index in text][: 2 * PART + 7], [20]]
    alone = [result_of(read(language_model, [text], hooks))[0] for text in texts]
    beside, steps = together([read(language_model, [text], hooks) for text in texts])
    assert steps == 3
    tolerance = 0 if language_model.is_packed else 1e-4
    for one, (other,) in zip(alone, beside, strict=True):
        for hook in hooks:
            assert (one[hook] - other[hook]).abs().max() <= tolerance


def test_several_texts_of_one_request(language_model: LanguageModel) -> None:
    hook = "blocks.2.hook_resid_post"
    texts = corpus(4)
    for text, held in zip(texts, result_of(read(language_model, texts, [hook])), strict=True):
        alone = result_of(read(language_model, [text], [hook]))[0]
        torch.testing.assert_close(held[hook], alone[hook], atol=1e-4, rtol=1e-4)


def test_a_pass_reads_no_more_than_a_part_of_one_request(language_model: LanguageModel) -> None:
    texts = [[20] * 40, [21] * 40, [22] * 20, [23] * (PART + 1)]
    work = read(language_model, texts, ["blocks.0.hook_resid_post"])
    sizes = []
    asked = next(work)
    while True:
        sizes.append(round(asked.size * PART))
        (result,) = asked.function([asked.item])
        try:
            asked = work.send(result)
        except StopIteration:
            break
    assert sizes == [60, 40, PART, 1]


@pytest.mark.parametrize("hook", ["blocks.1.hook_mlp_out", "blocks.1.attn.hook_pattern"])
def test_hook_points_of_the_bridge_are_read_whole(language_model: LanguageModel, hook: str) -> None:
    texts = corpus(2)
    assert not reads_in_parts(language_model, [hook])
    found: list[Held] = result_of(read(language_model, texts, [hook]))
    for text, held in zip(texts, found, strict=True):
        whole = language_model.capture(torch.tensor([text]), [hook])[hook][0]
        torch.testing.assert_close(held[hook], whole, atol=1e-4, rtol=1e-4)


def test_what_cannot_be_read_is_refused(language_model: LanguageModel) -> None:
    for texts, hook, error in (
        ([[]], "blocks.0.hook_resid_post", BadInput),
        ([[-1]], "blocks.0.hook_resid_post", BadInput),
        ([[1]], "blocks.99.hook_resid_post", Unusable),
    ):
        with pytest.raises(error):
            result_of(read(language_model, texts, [hook]))
