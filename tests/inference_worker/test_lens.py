"""The logit lens: plain Hugging Face's numbers on two models, the model's own word after the last layer."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import torch

from inference_worker.client import WorkerClient
from inference_worker.engine.lens import logit_lens
from inference_worker.engine.model import LanguageModel
from inference_worker.server import create_app
from inference_worker.wire.lens import LensPromptRequest
from tests.inference_worker import plain, serving, tiny
from tests.inference_worker.tiny import MODEL

TEXT = "Hello wörld, twice!"
LENS: dict[str, Any] = {"model": MODEL, "type": ["LOGIT_LENS"], "prompt": TEXT, "topN": 4, "stream": False}


@pytest.fixture
async def http(tiny_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with tiny.client(tiny_url) as made:
        yield made


async def post(http: httpx.AsyncClient, **change: Any) -> dict[str, Any]:
    answer = await http.post("/v1/lens/prompt", json=LENS | change)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@torch.inference_mode()
def test_the_last_layer_says_what_the_model_says(language_model: LanguageModel) -> None:
    """On the demo model, at every position: argmax and probabilities."""
    ids = [1, *plain.tokenizer()("The capital of France is", add_special_tokens=False)["input_ids"]]
    said = plain.hugging_face()(torch.tensor([ids])).logits[0]
    name = f"blocks.{language_model.n_layers - 1}.hook_resid_post"
    residual = language_model.capture(torch.tensor([ids]), [name])[name][0]
    read = logit_lens(language_model).logits(residual)
    assert torch.equal(read.argmax(-1), said.argmax(-1))
    torch.testing.assert_close(read.softmax(-1), said.softmax(-1), atol=1e-3, rtol=1e-2)


async def test_every_layer_is_hugging_faces(http: httpx.AsyncClient) -> None:
    answer = await post(http, filterNonWordTokens=False)
    ids = tiny.ids(TEXT)
    model = tiny.hugging_face()
    with torch.inference_mode():
        last = model(torch.tensor([ids])).logits[0].argmax(-1)
        said = [model.lm_head(model.transformer.ln_f(tiny.residual(ids, layer))) for layer in range(tiny.LAYERS)]
    for layer, logits in enumerate(said):
        expected = logits.softmax(-1).topk(4, dim=-1)
        for position, token in enumerate(answer["tokens"]):
            probabilities = token["results"][0]["top_probs"][layer]
            assert probabilities == pytest.approx(expected.values[position].tolist(), abs=1e-4)
    label = tiny.engine().model.tokenizer.label
    assert [token["results"][0]["top_tokens"][-1][0] for token in answer["tokens"]] == [label(int(i)) for i in last]


async def test_the_shape_of_an_answer(http: httpx.AsyncClient) -> None:
    answer = await post(http, layers=[0, 0])
    ids = tiny.ids(TEXT)
    assert answer["meta"]["layers_by_type"] == {"LOGIT_LENS": [0, 2]}, "the last layer is always read"
    assert (answer["meta"]["prompt_len"], answer["meta"]["prepend_bos"]) == (len(ids), True)
    assert [token["id"] for token in answer["prompt"]["tokens"]] == ids
    assert "".join(token["token"] for token in answer["tokens"]) == tiny.BOS + TEXT
    assert answer["done"] == {
        "kind": "done",
        "seq_len": len(ids),
        "prompt_len": len(ids),
        "vocab_size": 257,
        "completion": "",
    }
    for token in answer["tokens"]:
        readout = token["results"][0]
        assert [len(row) for row in readout["top_tokens"]] == [len(row) for row in readout["top_probs"]] == [4, 4]


async def test_words_only_but_for_the_models_first_choice(http: httpx.AsyncClient) -> None:
    everything, words = await post(http, filterNonWordTokens=False), await post(http)
    is_word = [any(sign.isalnum() for sign in token) for token in _all(words)]
    assert not all(any(sign.isalnum() for sign in token) for token in _all(everything))
    firsts = [token["results"][0]["top_tokens"][-1][0] for token in everything["tokens"]]
    assert [token["results"][0]["top_tokens"][-1][0] for token in words["tokens"]] == firsts
    odd = sum(not any(sign.isalnum() for sign in first) for first in firsts)
    assert is_word.count(False) == odd


def _all(answer: dict[str, Any]) -> list[str]:
    return [t for token in answer["tokens"] for row in token["results"][0]["top_tokens"] for t in row]


async def test_a_stream_is_the_whole_answer_a_line_a_part(http: httpx.AsyncClient) -> None:
    whole = await post(http)
    async with http.stream("POST", "/v1/lens/prompt", json=LENS | {"stream": True}) as response:
        assert response.headers["content-type"] == "application/x-ndjson"
        frames = [json.loads(line) async for line in response.aiter_lines()]
    assert [frame["kind"] for frame in frames] == ["meta", "prompt", *["token"] * len(whole["tokens"]), "done"]
    assert frames[0] == whole["meta"]
    assert frames[2:-1] == whole["tokens"]


async def test_the_text_goes_on_and_what_was_written_is_read(worker_url: str) -> None:
    """The same tokens as the steer route writes, and each read as if it had been in the text from the beginning."""
    body = {"model": serving.MODEL, "prompt": "The capital of France is", "layers": [7], "topN": 2, "stream": False}
    sampled = {"temperature": 0.8, "seed": 3}
    async with tiny.client(worker_url) as http:
        read = (await http.post("/v1/lens/prompt", json=body | sampled | {"numCompletionTokens": 6})).json()
        steer = {"model": serving.MODEL, "prompt": body["prompt"], "types": ["DEFAULT"], "nCompletionTokens": 6}
        written = (await http.post("/v1/steer/completion", json=steer | sampled)).json()["outputs"][0]["output"]
        ids = [token["id"] for token in read["tokens"]]
        again = {**body, "prompt": None, "inputTokenIds": ids, "cachedTokenIds": ids[:-2]}
        whole = (await http.post("/v1/lens/prompt", json=again)).json()
    prompt_len = read["meta"]["prompt_len"]
    assert read["done"]["completion"] == written
    assert (read["done"]["seq_len"], read["done"]["prompt_len"]) == (prompt_len + 6, prompt_len)
    assert [token["is_generated"] for token in read["tokens"]] == [False] * prompt_len + [True] * 6
    assert "".join(token["token"] for token in read["tokens"][prompt_len:]) == written
    assert whole["meta"]["reuse_len"] == len(ids) - 2
    assert [token["position"] for token in whole["tokens"]] == [len(ids) - 2, len(ids) - 1]
    for token, other in zip(read["tokens"][-2:], whole["tokens"], strict=True):
        assert token["results"][0]["top_tokens"] == other["results"][0]["top_tokens"]
        for row, expected in zip(token["results"][0]["top_probs"], other["results"][0]["top_probs"], strict=True):
            assert row == pytest.approx(expected, abs=1e-4)


async def test_going_on_ends_with_the_room_that_was_given(http: httpx.AsyncClient) -> None:
    longest = len(tiny.ids(TEXT)) + 2
    answer = await post(http, numCompletionTokens=16, temperature=0, maxSeqLen=longest)
    assert answer["done"]["seq_len"] == len(answer["tokens"]) <= longest


async def test_who_does_not_want_to_wait_is_refused() -> None:
    app = create_app(serving.settings(), lambda _: tiny.engine())
    free, busy = threading.Event(), threading.Event()

    def hold() -> None:
        busy.set()
        assert free.wait(30)

    with serving.served(app) as url:
        assert await asyncio.to_thread(app.state.worker.loaded.wait, 60)
        async with tiny.client(url) as http:
            assert (await http.post("/v1/lens/prompt", json=LENS | {"failIfBusy": True})).status_code == 200
            holding = asyncio.ensure_future(app.state.worker.scheduler.run(hold))
            await asyncio.to_thread(busy.wait)
            answer = await http.post("/v1/lens/prompt", json=LENS | {"failIfBusy": True})
            free.set()
            await holding
    assert (answer.status_code, answer.json()["error"]) == (503, "busy")


async def test_token_ids_and_the_client(http: httpx.AsyncClient, tiny_url: str) -> None:
    whole = await post(http)
    by_ids = await post(http, prompt=None, inputTokenIds=tiny.ids(TEXT))
    assert by_ids["tokens"] == whole["tokens"]
    client = WorkerClient(tiny_url, serving.SECRET)
    assert (await client.lens(LensPromptRequest.model_validate(LENS))).model_dump()["tokens"] == whole["tokens"]
    await client.close()


async def test_a_chat_by_the_models_template(worker_url: str) -> None:
    chat = [{"role": "user", "content": "Name a colour."}]
    body = {"model": serving.MODEL, "chat": chat, "layers": [29], "topN": 1, "stream": False}
    async with tiny.client(worker_url) as http:
        open_turn = (await http.post("/v1/lens/prompt", json=body)).json()
        begun = {**body, "chat": [*chat, {"role": "assistant", "content": "The colour"}]}
        continued = (await http.post("/v1/lens/prompt", json=begun)).json()
    texts = ["".join(token["token"] for token in one["tokens"]) for one in (open_turn, continued)]
    assert texts[0].endswith("<|im_start|>assistant\n")
    assert texts[1].endswith("<|im_start|>assistant\nThe colour")
    assert texts[0].count("<|im_start|>") == texts[1].count("<|im_start|>")


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"model": "x"}, 404, "model"),
        ({"type": ["JACOBIAN_LENS"]}, 400, "type"),
        ({"type": ["LOGIT_LENS", "JACOBIAN_LENS"]}, 400, "type"),
        ({"type": []}, 400, "type"),
        ({"prompt": None}, 400, "prompt"),
        ({"prompt": ""}, 400, "prompt"),
        ({"prompt": "x" * 48}, 400, "prompt"),
        ({"inputTokenIds": [1]}, 400, "prompt"),
        ({"prompt": None, "inputTokenIds": []}, 400, "input_token_ids"),
        ({"prompt": None, "inputTokenIds": [257]}, 400, "input_token_ids"),
        ({"prompt": None, "inputTokenIds": [1], "prependBos": True}, 400, "prepend_bos"),
        ({"prompt": None, "chat": [{"role": "user", "content": "x"}]}, 400, "chat"),
        ({"layers": [3]}, 400, "layers.0"),
        ({"layers": [0, -1]}, 400, "layers.1"),
        ({"layers": [10**18]}, 400, "layers.0"),
        ({"topN": 0}, 400, "top_n"),
        ({"topN": -1}, 400, "top_n"),
        ({"topN": 101}, 400, "top_n"),
        ({"topN": 10**18}, 400, "top_n"),
        ({"numCompletionTokens": 17}, 400, "num_completion_tokens"),
        ({"numCompletionTokens": -1}, 400, "num_completion_tokens"),
        ({"temperature": -1}, 400, "temperature"),
        ({"maxSeqLen": 3}, 400, "max_seq_len"),
        ({"maxSeqLen": 0}, 400, "max_seq_len"),
        ({"steerTokens": []}, 400, "steer_tokens"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_what_cannot_be_right_is_named(
    http: httpx.AsyncClient, change: dict[str, Any], status: int, field: str, stream: bool
) -> None:
    answer = await http.post("/v1/lens/prompt", json=LENS | change | {"stream": stream})
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
