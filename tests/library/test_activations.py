"""Testing a feature from the library: the worker's numbers, with errors that name the library's fields."""

from __future__ import annotations

import pytest

from memicos_app import worker
from memicos_app.library import activations
from memicos_app.library.errors import BadInputError, NotFoundError, UnavailableError
from memicos_app.settings import get_settings
from tests.inference_worker.serving import MODEL, SOURCE

TEXT = "According to the treaty of 1648"


pytestmark = pytest.mark.usefixtures("inference")


async def test_one_value_a_token() -> None:
    found = await activations.test(MODEL, SOURCE, 5, TEXT)
    assert "".join(found.tokens) == TEXT
    assert len(found.values) == len(found.tokens) == len(found.token_ids) == len(found.tokens_is_special)
    assert found.max_value == max(found.values)
    assert found.min_value == min(found.values)
    assert found.values[found.max_value_token_index] == found.max_value
    assert (found.model_id, found.source_id, found.index) == (MODEL, SOURCE, 5)
    assert (found.hook_name, found.dtype) == ("blocks.15.hook_resid_post", "float32")


async def test_bos_is_listed_unless_it_is_ignored() -> None:
    ignored = await activations.test(MODEL, SOURCE, 5, TEXT)
    listed = await activations.test(MODEL, SOURCE, 5, TEXT, ignore_bos=False)
    assert ignored.prepend_bos is listed.prepend_bos is True
    assert listed.tokens == ["<|im_start|>", *ignored.tokens]
    assert listed.values == [0.0, *ignored.values]
    assert listed.tokens_is_special[0] is True
    assert listed.max_value == ignored.max_value
    if listed.max_value:
        assert listed.max_value_token_index == ignored.max_value_token_index + 1


async def test_a_bos_that_the_text_brings_stays() -> None:
    found = await activations.test(MODEL, SOURCE, 5, "<|im_start|>" + TEXT)
    assert found.prepend_bos is False
    assert found.tokens[0] == "<|im_start|>"


async def test_without_bos() -> None:
    found = await activations.test(MODEL, SOURCE, 5, TEXT, prepend_bos=False)
    assert found.prepend_bos is False
    assert "".join(found.tokens) == TEXT


async def test_each_of_several_texts_is_tested_alone() -> None:
    texts = [TEXT, "naïve 👍🏽", TEXT]
    found = await activations.test_each(MODEL, SOURCE, 5, texts)
    assert ["".join(each.tokens) for each in found] == texts
    assert found[0] == found[2] == await activations.test(MODEL, SOURCE, 5, TEXT)


@pytest.mark.parametrize(
    ("change", "kind", "field"),
    [
        ({"model_id": "gpt2"}, NotFoundError, "model_id"),
        ({"source_id": "0-nothing"}, NotFoundError, "source_id"),
        ({"index": 4096}, NotFoundError, "index"),
        ({"text": ""}, BadInputError, "text"),
        ({"text": "word " * 1100}, BadInputError, "text"),
        ({"text": "x" * 50_001}, BadInputError, "text"),
        ({"text": "half \ud83d"}, BadInputError, "text"),
    ],
)
async def test_what_cannot_be_right_is_named(
    change: dict[str, object], kind: type[BadInputError], field: str
) -> None:
    asked = {"model_id": MODEL, "source_id": SOURCE, "index": 5, "text": TEXT, **change}
    with pytest.raises(kind) as caught:
        await activations.test(**asked)  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize("texts", [[], [TEXT] * 17])
async def test_too_few_and_too_many_texts(texts: list[str]) -> None:
    with pytest.raises(BadInputError) as caught:
        await activations.test_each(MODEL, SOURCE, 5, texts)
    assert caught.value.field == "text"


async def test_a_worker_that_is_down_is_unavailable_with_a_time_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERENCE_URLS", "http://127.0.0.1:9")
    get_settings.cache_clear()
    try:
        with pytest.raises(UnavailableError) as caught:
            await activations.test(MODEL, SOURCE, 5, TEXT)
        assert not (await worker.status()).ready
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    assert caught.value.retry_after is not None
