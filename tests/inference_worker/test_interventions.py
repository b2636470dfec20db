"""Steered logits against plain Hugging Face hooks on two models, and what depends on positions and conditions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from inference_worker.engine.errors import BadInput, EngineError
from inference_worker.engine.generate import generate
from inference_worker.engine.hook_points import comes_before
from inference_worker.engine.loading import load_model
from inference_worker.engine.shelf import SaeShelf
from inference_worker.engine.steer import SteeredRows
from inference_worker.requests.engine import Engine
from inference_worker.requests.steering import Completion, prepare
from inference_worker.wire.steering import SteerCompletionRequest
from tests.inference_worker import plain, serving, tiny
from tests.inference_worker.test_model import small_folder  # noqa: F401

TEXT = "steer a small model"
Change = Callable[[torch.Tensor], torch.Tensor]


def asked(engine: Engine, **changes: Any) -> Completion:
    body = {"prompt": TEXT, "n_completion_tokens": 5, "temperature": 0, "types": ["STEERED"], **changes}
    return prepare(engine, SteerCompletionRequest(model=engine.model.name, **body))


def ours(completion: Completion, engine: Engine) -> tuple[list[list[int]], torch.Tensor]:
    """Ids of every row, and the logits `[step, row, d_vocab]`."""
    logits: list[torch.Tensor] = []
    *_, outputs = generate(
        engine.model, completion.tokens.ids, completion.rows, completion.sampling, on_logits=logits.append
    )
    return [output.ids for output in outputs], torch.stack(logits)


@torch.inference_mode()
def theirs(model: Any, block: Any, ids: list[int], steps: int, change: Change) -> torch.Tensor:
    """Logits `[step, d_vocab]` of greedy steps without a cache; `change` gets the block's output `[pos, d]`."""

    def hook(_: Any, __: Any, output: Any) -> Any:
        h = output[0] if isinstance(output, tuple) else output
        changed = change(h.reshape(-1, h.shape[-1])).reshape(h.shape)
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    ids, seen = list(ids), []
    handle = block.register_forward_hook(hook)
    try:
        for _ in range(steps):
            seen.append(model(torch.tensor([ids])).logits[0, -1])
            ids.append(int(seen[-1].argmax()))
    finally:
        handle.remove()
    return torch.stack(seen)


def but_first(change: Change) -> Change:
    """The change everywhere but at position 0, which is BOS."""
    return lambda h: torch.cat([h[:1], change(h)[1:]])


def along(method: str, v: torch.Tensor, c: float) -> Change:
    """The formulas, written out again."""
    unit = v / v.norm()
    if method == "SIMPLE_ADDITIVE":
        return but_first(lambda h: h + c * v)
    if method == "ORTHOGONAL_DECOMP":
        return but_first(lambda h: h - torch.outer(h @ unit, unit) + c * torch.outer(h @ unit, unit))
    return but_first(lambda h: h - torch.outer(torch.relu(h @ unit - c), unit))


METHODS = [
    ("SIMPLE_ADDITIVE", 3.0),
    ("ORTHOGONAL_DECOMP", -2.0),
    ("ORTHOGONAL_DECOMP", 0.0),
    ("PROJECTION_CAP", -0.5),
]


@pytest.mark.parametrize(("method", "c"), METHODS)
def test_a_small_gpt2_is_steered_as_plain_hooks_do_it(method: str, c: float) -> None:
    engine = tiny.engine()
    feature = {"model": tiny.MODEL, "source": "1-res", "index": 7, "strength": c}
    _, logits = ours(asked(engine, features=[feature], steer_method=method), engine)
    v = tiny.saelens("1-res").W_dec[7]
    expected = theirs(
        tiny.hugging_face(), tiny.hugging_face().transformer.h[1], tiny.ids(TEXT), 5, along(method, v, c)
    )
    torch.testing.assert_close(logits[:, 0], expected, atol=1e-3, rtol=1e-3)
    unsteered = theirs(tiny.hugging_face(), tiny.hugging_face().transformer.h[1], tiny.ids(TEXT), 5, lambda h: h)
    assert float((expected - unsteered).abs().max()) > 0.01


@pytest.mark.parametrize(
    ("method", "c"), [("SIMPLE_ADDITIVE", 60.0), ("ORTHOGONAL_DECOMP", -3.0), ("PROJECTION_CAP", -5.0)]
)
def test_the_demo_model_is_steered_as_plain_hooks_do_it(method: str, c: float) -> None:
    engine = serving.engine()
    feature = {"model": serving.MODEL, "source": serving.SOURCE, "index": 100, "strength": c}
    completion = asked(engine, features=[feature], steer_method=method, n_completion_tokens=4)
    _, logits = ours(completion, engine)
    block, v = plain.hugging_face().model.layers[15], plain.saelens().W_dec[100].detach()
    expected = theirs(plain.hugging_face(), block, completion.tokens.ids, 4, along(method, v, c))
    torch.testing.assert_close(logits[:, 0], expected, atol=5e-3, rtol=1e-3)


@pytest.mark.parametrize("source", ["0-res", "1-res", "2-res"])
@pytest.mark.parametrize("keep_error", [True, False])
def test_ablation_is_what_plain_saelens_gives(source: str, keep_error: bool) -> None:
    engine, sae = tiny.engine(), tiny.saelens(source)
    layer, sink = int(source[0]), tiny.SAES[source].get("sink_norm")
    found = sae.encode(tiny.residual(tiny.ids(TEXT), layer))[1:]
    index = int(found.amax(0).argmax())

    def change(h: torch.Tensor) -> torch.Tensor:
        acts = sae.encode(h)
        without = acts.clone()
        without[:, index] = 0
        changed = sae.decode(without) if not keep_error else h + sae.decode(without) - sae.decode(acts)
        long = h.norm(dim=-1, keepdim=True) > sink if sink else torch.zeros(len(h), 1, dtype=torch.bool)
        return torch.where(long, h, changed)

    feature = {"model": tiny.MODEL, "source": source, "index": index, "strength": 1}
    completion = asked(engine, features=[feature], steer_method="ABLATION", keep_error=keep_error)
    _, logits = ours(completion, engine)
    block = tiny.hugging_face().transformer.h[layer]
    expected = theirs(tiny.hugging_face(), block, tiny.ids(TEXT), 5, but_first(change))
    torch.testing.assert_close(logits[:, 0], expected, atol=2e-3, rtol=1e-3)


FEATURE = {"model": tiny.MODEL, "source": "1-res", "index": 7, "strength": 4.0}
VECTOR = {"steering_vector": [0.5] * tiny.D_MODEL, "strength": 2.0, "hook": "blocks.2.hook_resid_post"}


def test_a_condition_is_what_plain_code_decides() -> None:
    engine, sae = tiny.engine(), tiny.saelens("0-res")
    read = tiny.residual(tiny.ids(TEXT), 0)
    acts = sae.encode(read)[1:]
    index = int((acts > 0.3).float().mean(0).sub(0.5).abs().argmin())
    ordered = acts[:, index].sort().values
    threshold = float(ordered[len(ordered) // 2 - 1 : len(ordered) // 2 + 1].mean())  # no activation is just there
    condition = {"source": "0-res", "index": index, "threshold": threshold}
    completion = asked(engine, features=[FEATURE], condition=condition)
    _, logits = ours(completion, engine)
    fired: list[torch.Tensor] = []
    earlier = (
        tiny.hugging_face()
        .transformer.h[0]
        .register_forward_hook(
            lambda _, __, out: fired.append(
                sae.encode(out[0] if isinstance(out, tuple) else out).reshape(-1, sae.cfg.d_sae)
            )
        )
    )

    def change(h: torch.Tensor) -> torch.Tensor:
        where = fired[-1][:, [index]] > threshold
        assert 0 < int(where[1:].sum()) < len(h) - 1, "steered in some places, not in all"
        return torch.where(where, h + 4.0 * tiny.saelens("1-res").W_dec[7], h)

    block = tiny.hugging_face().transformer.h[1]
    try:
        expected = theirs(tiny.hugging_face(), block, tiny.ids(TEXT), 5, but_first(change))
    finally:
        earlier.remove()
    torch.testing.assert_close(logits[:, 0], expected, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("method", ["SIMPLE_ADDITIVE", "ORTHOGONAL_DECOMP", "PROJECTION_CAP", "ABLATION"])
def test_a_condition_that_is_always_or_never_met(method: str) -> None:
    engine = tiny.engine()

    def of(**changes: Any) -> torch.Tensor:
        completion = asked(engine, features=[{**FEATURE, "strength": -4.0}], steer_method=method, **changes)
        return ours(completion, engine)[1]

    condition = {"source": "0-res", "index": 3}
    assert torch.equal(of(condition={**condition, "threshold": -1e9}), of())
    assert torch.equal(of(condition={**condition, "threshold": 1e9}), of(types=["DEFAULT"]))


def test_at_its_own_hook_a_condition_reads_what_comes_before_the_change() -> None:
    engine = tiny.engine()
    condition = {"source": "1-res", "index": 7, "threshold": 1e9}
    huge = asked(engine, features=[{**FEATURE, "strength": 1e4}], condition=condition)
    assert torch.equal(ours(huge, engine)[1], ours(asked(engine, types=["DEFAULT"]), engine)[1])


@pytest.mark.parametrize("hook", ["blocks.0.hook_resid_pre", "blocks.1.hook_resid_mid", "blocks.0.hook_resid_post"])
def test_a_condition_that_is_read_after_the_steered_hook_is_refused(hook: str) -> None:
    with pytest.raises(BadInput, match="reaches first") as caught:
        asked(tiny.engine(), vectors=[{**VECTOR, "hook": hook}], condition={"source": "1-res", "index": 3})
    assert caught.value.field == "condition.source"


def test_rows_with_different_methods_share_a_forward_and_are_what_they_are_alone() -> None:
    """On a packed CPU model bit for bit, as for unsteered rows."""
    engine = tiny.engine()
    variants: list[dict[str, Any]] = [
        {"features": [FEATURE]},
        {"features": [FEATURE], "steer_method": "ORTHOGONAL_DECOMP"},
        {"features": [FEATURE], "steer_method": "PROJECTION_CAP", "strength_multiplier": -0.2},
        {"features": [FEATURE, {**FEATURE, "index": 9}], "steer_method": "ABLATION"},
        {"features": [FEATURE], "steer_method": "ABLATION", "keep_error": False, "strength_multiplier": 0.25},
        {"features": [FEATURE], "vectors": [VECTOR, {**VECTOR, "hook": "blocks.0.hook_resid_pre"}]},
        {"features": [FEATURE], "condition": {"source": "0-res", "index": 3, "threshold": 0.2}},
        {"types": ["DEFAULT"]},
    ]
    completions = [asked(engine, **variant) for variant in variants]
    together: list[torch.Tensor] = []
    rows = [row for completion in completions for row in completion.rows]
    *_, outputs = generate(
        engine.model, completions[0].tokens.ids, rows, completions[0].sampling, on_logits=together.append
    )
    for number, completion in enumerate(completions):
        ids, logits = ours(completion, engine)
        assert outputs[number].ids == ids[0]
        assert torch.equal(torch.stack(together)[:, number], logits[:, 0])


def test_interventions_follow_in_the_order_given() -> None:
    """A cap after an addition holds; before it, it does not."""
    engine = tiny.engine()
    one = {**VECTOR, "hook": "blocks.1.hook_resid_post"}
    other = {**one, "steering_vector": [1.0] + [0.0] * (tiny.D_MODEL - 1), "strength": -3.0}
    found = [
        ours(asked(engine, vectors=order, steer_method="ORTHOGONAL_DECOMP"), engine)[1]
        for order in ([one, other], [other, one])
    ]
    assert not torch.equal(*found)


@pytest.mark.parametrize(
    "hook", [f"blocks.1.hook_{name}" for name in ("resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out")]
    + ["blocks.0.hook_resid_pre", "blocks.1.attn.hook_z"],
)  # fmt: skip
def test_a_vector_of_ones_own_acts_at_every_residual_hook(hook: str) -> None:
    engine = tiny.engine()
    before = engine.model.capture(torch.tensor([tiny.ids(TEXT)]), [hook])[hook]
    completion = asked(engine, vectors=[{**VECTOR, "hook": hook}], n_completion_tokens=1)
    ids = torch.tensor([completion.tokens.ids])
    hooks = SteeredRows(completion.rows, before).hooks(ids, torch.tensor([0]), torch.tensor([ids.shape[1]]))
    after = hooks[hook](before)
    assert after is not None
    torch.testing.assert_close((after - before).flatten(2)[0, 1:], torch.ones(ids.shape[1] - 1, tiny.D_MODEL))
    assert torch.equal(after[0, 0], before[0, 0])
    assert not torch.equal(ours(completion, engine)[1], ours(asked(engine, types=["DEFAULT"]), engine)[1][:1])


@torch.inference_mode()
def test_a_vector_at_heads_outputs_has_the_heads_side_by_side() -> None:
    """What is added is what plain Hugging Face has before its output matrix, whatever shape the hook point has."""
    engine = tiny.engine()
    vector = [0.1 * place for place in range(tiny.D_MODEL)]
    asked_for = {"hook": "blocks.1.attn.hook_z", "steering_vector": vector, "strength": 2.0}
    completion = asked(engine, vectors=[asked_for], types=["STEERED"], n_completion_tokens=1)
    _, logits = ours(completion, engine)
    model = tiny.hugging_face()

    def add(_: torch.nn.Module, args: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        heads = args[0].clone()
        heads[:, 1:] += 2 * torch.tensor(vector)
        return (heads,)

    handle = model.transformer.h[1].attn.c_proj.register_forward_pre_hook(add)
    try:
        expected = model(torch.tensor([completion.tokens.ids])).logits[0, -1]
    finally:
        handle.remove()
    torch.testing.assert_close(logits[0, 0], expected, atol=2e-4, rtol=1e-3)


def test_positions_choose_prompt_and_generated_tokens() -> None:
    engine = tiny.engine()
    block, v = tiny.hugging_face().transformer.h[1], tiny.saelens("1-res").W_dec[7]
    length = len(tiny.ids(TEXT))
    where: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "all": lambda place: place > 0,
        "prompt": lambda place: (place > 0) & (place < length),
        "generated": lambda place: place >= length,
    }
    for positions, chosen in where.items():
        _, logits = ours(asked(engine, features=[FEATURE], positions=positions), engine)

        def change(h: torch.Tensor, chosen: Any = chosen) -> torch.Tensor:
            return torch.where(chosen(torch.arange(len(h)))[:, None], h + 4.0 * v, h)

        expected = theirs(tiny.hugging_face(), block, tiny.ids(TEXT), 5, change)
        torch.testing.assert_close(logits[:, 0], expected, atol=1e-3, rtol=1e-3)


def test_special_tokens_are_steered_on_request() -> None:
    engine = tiny.engine()
    block, v = tiny.hugging_face().transformer.h[1], tiny.saelens("1-res").W_dec[7]
    _, logits = ours(asked(engine, features=[FEATURE], steer_special_tokens=True), engine)
    expected = theirs(tiny.hugging_face(), block, tiny.ids(TEXT), 5, lambda h: h + 4.0 * v)
    torch.testing.assert_close(logits[:, 0], expected, atol=1e-3, rtol=1e-3)
    assert not torch.equal(logits, ours(asked(engine, features=[FEATURE]), engine)[1])


@pytest.mark.parametrize(
    "neutral",
    [
        {"steer_method": "SIMPLE_ADDITIVE", "strength_multiplier": 0},
        {"steer_method": "ABLATION", "strength_multiplier": 0},
        {"steer_method": "ABLATION", "strength_multiplier": 0, "keep_error": False},
        {"steer_method": "ORTHOGONAL_DECOMP", "strength_multiplier": 0.25},
        {"steer_method": "PROJECTION_CAP", "strength_multiplier": 100},
    ],
)
def test_what_the_formula_leaves_alone_is_the_unsteered_text_bit_for_bit(neutral: dict[str, Any]) -> None:
    """Strength 0 for what is added or taken out, factor 1 for the parallel part, a cap above every projection."""
    engine = tiny.engine()
    completion = asked(engine, types=["DEFAULT", "STEERED"], features=[FEATURE], **neutral)
    ids, logits = ours(completion, engine)
    assert ids[0] == ids[1]
    assert torch.equal(logits[:, 0], logits[:, 1])


WRONG = [
    ({"vectors": [{**VECTOR, "steering_vector": [0.5]}]}, "vectors.0.steering_vector"),
    ({"vectors": [VECTOR, {**VECTOR, "steering_vector": []}]}, "vectors.1.steering_vector"),
    ({"vectors": [{**VECTOR, "steering_vector": [0.0] * tiny.D_MODEL}]}, "vectors.0.steering_vector"),
    ({"vectors": [{**VECTOR, "steering_vector": [1e39] * tiny.D_MODEL}]}, "vectors.0.steering_vector"),
    ({"vectors": [{**VECTOR, "hook": "blocks.3.hook_resid_post"}]}, "vectors.0.hook"),
    ({"vectors": [{**VECTOR, "hook": "blocks.1.attn.hook_pattern"}]}, "vectors.0.hook"),
    ({"vectors": [{**VECTOR, "hook": "hook_embed"}]}, "vectors.0.hook"),
    ({"vectors": [{**VECTOR, "hook": ""}]}, "vectors.0.hook"),
    ({"vectors": [VECTOR], "steer_method": "ABLATION"}, "vectors"),
    ({"features": [{**FEATURE, "source": "1-tmp"}], "steer_method": "ABLATION"}, "features.0.source"),
    ({"features": [FEATURE], "condition": {"source": "1-tmp", "index": 0}}, "condition.source"),
    ({"features": [FEATURE], "condition": {"source": "9-res", "index": 0}}, "condition.source"),
    ({"features": [FEATURE], "condition": {"source": "0-res", "index": 40}}, "condition.index"),
    ({"features": [FEATURE], "condition": {"source": "0-res", "index": -1}}, "condition.index"),
]


@pytest.mark.parametrize(("changes", "field"), WRONG)
def test_what_cannot_be_done_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(EngineError) as caught:
        asked(tiny.engine(), **changes)
    assert caught.value.field == field


def test_hook_points_are_ordered_as_a_forward_pass_reaches_them() -> None:
    order = [
        "blocks.1.hook_resid_pre", "blocks.1.ln1.hook_normalized", "blocks.1.attn.hook_q", "blocks.1.attn.hook_z",
        "blocks.1.hook_attn_out", "blocks.1.hook_resid_mid", "blocks.1.ln2.hook_normalized", "blocks.1.mlp.hook_post",
        "blocks.1.hook_mlp_out", "blocks.1.hook_resid_post", "blocks.2.hook_resid_pre", "blocks.10.hook_resid_pre",
    ]  # fmt: skip
    for place, name in enumerate(order):
        assert [comes_before(name, other) for other in order] == [place <= number for number in range(len(order))]
    assert not comes_before("hook_embed", order[0])


def test_a_tokenizer_without_bos_is_steered_from_its_second_token_on(
    small_folder: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    model = load_model(str(small_folder), models_dir=tmp_path)
    engine = Engine(model, SaeShelf([tmp_path], model.name, model.d_model), 32, 16)
    vector = {"steering_vector": [1.0] * 16, "strength": 5.0, "hook": "blocks.0.hook_resid_post"}
    completion = asked(engine, prompt="a", vectors=[vector], types=["DEFAULT", "STEERED"], n_completion_tokens=3)
    assert (completion.tokens.ids, completion.tokens.prepend_bos) == ([0], False)
    _, logits = ours(completion, engine)
    assert torch.equal(logits[0, 0], logits[0, 1]), "the prompt is one token, and the first is left alone"
    assert not torch.equal(logits[1, 0], logits[1, 1])
    with pytest.raises(BadInput) as caught:
        asked(engine, prompt="a", vectors=[vector], prepend_bos=True)
    assert caught.value.field == "prepend_bos"
