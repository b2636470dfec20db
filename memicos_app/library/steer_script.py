"""A steering run as a script that needs nothing of MemicOS: plain transformers, TransformerLens and SAELens.

The script is the run as data and the same few lines for every run. Its formulas are those of
`inference_worker/engine/formulas.py`; a test executes scripts and compares texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from pprint import pformat
from typing import Any

from memicos_app.library.accounts import rights
from memicos_app.library.query import row
from memicos_app.library.saes import local_saes
from memicos_app.library.side_by_side import Wish
from memicos_app.library.steering import ChatTurn, SteerRequest
from memicos_app.settings import ROOT, get_settings

_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)\s*", re.DOTALL)
_OPTIONS = (
    "strength_multiplier",
    "steer_method",
    "normalize_steering",
    "keep_error",
    "positions",
    "steer_special_tokens",
    "temperature",
    "top_p",
    "freq_penalty",
    "n_tokens",
    "seed",
)
_SCRIPT = '''\
"""A steering run of MemicOS, made again with plain transformers, TransformerLens and SAELens.

    pip install torch transformers transformer-lens sae-lens
"""

import torch
from sae_lens import SAE
from transformer_lens.model_bridge import TransformerBridge
from transformers import AutoModelForCausalLM, AutoTokenizer

RUN = %(run)s

tokenizer = AutoTokenizer.from_pretrained(RUN["model"])
weights = AutoModelForCausalLM.from_pretrained(RUN["model"], dtype=torch.float32).eval()
model = TransformerBridge.boot_transformers(RUN["model"], hf_model=weights, tokenizer=tokenizer)
special = torch.tensor(sorted({i for i, one in tokenizer.added_tokens_decoder.items() if one.special}))
ends = weights.generation_config.eos_token_id
ends = {tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])}
saes = {
    name: SAE.from_pretrained(*place) if isinstance(place, tuple) else SAE.load_from_disk(place)
    for name, place in RUN["saes"].items()
}


def reads(source):
    return saes[source].cfg.metadata.get("hook_name")


def writes(source):
    return saes[source].cfg.metadata.get("hook_name_out") or reads(source)


times = RUN["strength_multiplier"]
parts = [(writes(s), saes[s].W_dec[i], c * times, s, i) for s, i, c in RUN["features"]]
parts += [(hook, torch.tensor(v), c * times, None, None) for hook, v, c in RUN["vectors"]]


def activations(source, h, ids):
    """`[1, pos, features]`, 0 where a position does not count: special tokens and attention sinks."""
    counts = ~torch.isin(ids, special)
    if (sink := saes[source].cfg.metadata.get("sink_norm")) is not None:
        counts = counts & (h.norm(dim=-1) <= sink)
    return torch.where(counts[..., None], saes[source].encode(h), 0.0), counts


def changed(h, v, c, source, index, ids, seen):
    if RUN["steer_method"] == "ABLATION":
        read = seen.get(reads(source), h) if reads(source) != writes(source) else h
        acts, counts = activations(source, read, ids)
        kept = h if RUN["keep_error"] else torch.where(counts[..., None], saes[source](read), h)
        return kept - c * acts[..., index, None] * saes[source].W_dec[index]
    if RUN["steer_method"] == "ORTHOGONAL_DECOMP":
        return h + (c - 1) * (h @ (v / v.norm()))[..., None] * (v / v.norm())
    if RUN["steer_method"] == "PROJECTION_CAP":
        return h + (c - h @ (v / v.norm())).clamp(max=0)[..., None] * (v / v.norm())
    return h + c * (v / v.norm() if RUN["normalize_steering"] else v)


def steered(h, here, ids, length, seen):
    """The residual `[1, pos, d]` at a hook point; `seen` holds what passed the hook points before."""
    seen[here] = h
    place = torch.arange(ids.shape[1])
    text = (place > 0) & ~torch.isin(ids, special)
    in_prompt = (place < length) & (text | RUN["steer_special_tokens"]) & (RUN["positions"] != "generated")
    where = in_prompt | ((place >= length) & (RUN["positions"] != "prompt"))
    if RUN["condition"]:
        source, index, threshold = RUN["condition"]
        if reads(source) in seen:
            seen.setdefault("met", activations(source, seen[reads(source)], ids)[0][..., index] > threshold)
        where = where & seen.get("met", False)
    new = h
    for name, v, c, source, index in parts:
        if name == here:
            new = changed(new, v, c, source, index, ids, seen)
    return torch.where(where[..., None], new, h)


def choose(logits, counts, random):
    for token, count in counts.items():
        logits[token] -= RUN["freq_penalty"] * count
    if RUN["temperature"] == 0 or RUN["top_p"] == 0:
        return int(logits.argmax())
    chances, order = ((logits - logits.max()) / RUN["temperature"]).exp(), torch.arange(len(logits))
    if RUN["top_p"] < 1:
        chances, order = chances.sort(descending=True)
        before = chances.cumsum(0, dtype=torch.float64) - chances
        chances = chances[before < RUN["top_p"] * chances.sum(dtype=torch.float64)]
    sums = chances.cumsum(0, dtype=torch.float64)
    draw = torch.rand((), generator=random, dtype=torch.float64) * sums[-1]
    return int(order[min(int(torch.searchsorted(sums, draw, right=True)), len(sums) - 1)])


@torch.no_grad()
def generate(prompt, steer):
    chat = isinstance(prompt, list)
    text = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True) if chat else prompt
    ids = tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
    if RUN["prepend_bos"]:
        ids = torch.cat([torch.tensor([[tokenizer.bos_token_id]]), ids], dim=1)
    length, written, counts = ids.shape[1], "", {}
    random = torch.Generator().manual_seed(RUN["seed"])
    names = {name for name, *_ in parts} | {reads(s) for s in saes} if steer else set()
    for _ in range(RUN["n_tokens"]):
        seen = {}
        hooks = [(name, lambda h, hook, here=name: steered(h, here, ids, length, seen)) for name in names]
        token = choose(model.run_with_hooks(ids, fwd_hooks=hooks)[0, -1].float(), counts, random)
        if token in ends:
            break
        counts[token] = counts.get(token, 0) + 1
        ids = torch.cat([ids, torch.tensor([[token]])], dim=1)
        written = tokenizer.decode(ids[0, length:], clean_up_tokenization_spaces=False)
        if found := [written.index(stop) for stop in RUN["stop"] if stop in written]:
            return written[: min(found)]
    return written


if __name__ == "__main__":
    print("as it is:", generate(RUN["default_prompt"], steer=False))
    print("steered: ", generate(RUN["steered_prompt"], steer=True))
'''


async def script(wish: Wish, *, prepend_bos: bool) -> str:
    """The script of a run.

    Args:
        wish: what was asked of both sides.
        prepend_bos: whether BOS was added to the prompt, as the answer said.
    """
    request = wish.request
    saes = {source: await _sae_place(request.model_id, source) for source in _sources(request)}
    condition = request.condition
    run = {
        "model": model_place(request.model_id),
        "saes": saes,
        "default_prompt": _prompt(request, wish.default_chat or request.chat),
        "steered_prompt": _prompt(request, request.chat),
        "prepend_bos": prepend_bos,
        "features": [(each.source_id, each.index, each.strength) for each in request.features],
        "vectors": [(each.hook, list(each.vector), each.strength) for each in request.vectors],
        "condition": condition and (condition.source_id, condition.index, condition.threshold),
        "stop": list(request.stop),
        **{name: getattr(request, name) for name in _OPTIONS},
    }
    return _SCRIPT % {"run": pformat(run, sort_dicts=False, width=110, compact=True)}


def model_place(model_id: str) -> str:
    """Where the model is loaded from: its folder on this machine, or its name."""
    folder = get_settings().models_dir / model_id
    return _shown(folder) if folder.is_dir() else get_settings().model_id


async def _sae_place(model_id: str, source_id: str) -> str | tuple[str, str]:
    """A folder on this machine, or release and id in SAELens's registry."""
    for one in local_saes():
        if (one.model_id, one.source_id) == (model_id, source_id):
            return _shown(one.folder)
    found = await row(
        "SELECT saelens_release, saelens_sae_id FROM sources WHERE model_id = :model AND id = :source",
        model=model_id,
        source=source_id,
    )
    if found and found["saelens_release"] and found["saelens_sae_id"]:
        return found["saelens_release"], found["saelens_sae_id"]
    return f"path/to/{source_id}"


def _shown(folder: Path) -> str:
    """A folder as the script names it: from the project's folder, whole only where nobody else sees it."""
    if folder.is_relative_to(ROOT):
        return folder.relative_to(ROOT).as_posix()
    return str(folder) if rights.mode() == "single" else f"path/to/{folder.name}"


def _sources(request: SteerRequest) -> list[str]:
    condition = [request.condition.source_id] if request.condition else []
    return list(dict.fromkeys([*(each.source_id for each in request.features), *condition]))


def _prompt(request: SteerRequest, chat: Sequence[ChatTurn]) -> str | list[dict[str, Any]]:
    """The text, or the messages; what an assistant thought is not shown to it again."""
    if not request.chat:
        return request.prompt
    return [{"role": turn.role, "content": _spoken(turn)} for turn in chat]


def _spoken(turn: ChatTurn) -> str:
    return _THOUGHT.sub("", turn.content) if turn.role == "assistant" else turn.content
