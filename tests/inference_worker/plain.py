"""The reference for parity: Hugging Face and SAELens in plain code, nothing of ours but the paths.

What is kept for a run is loaded outside inference mode, whatever the mode of the test that asks for it first:
a tensor that was made within it is of no use to the others.
"""

from __future__ import annotations

import functools
import warnings
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests import packaged
from tests.inference_worker.serving import MODEL, SOURCE, sae_folder


@functools.cache
@torch.inference_mode(False)
def hugging_face() -> Any:
    """The demo model as Hugging Face loads it."""
    return AutoModelForCausalLM.from_pretrained(packaged.model(), dtype=torch.float32).eval().requires_grad_(False)


@functools.cache
def tokenizer() -> Any:
    """Its tokenizer."""
    return AutoTokenizer.from_pretrained(packaged.model())


@functools.cache
@torch.inference_mode(False)
def saelens() -> Any:
    """The middle layer's SAE as SAELens loads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sae_lens import SAE

        return SAE.load_from_disk(sae_folder() / MODEL / SOURCE, dtype="float32").requires_grad_(False)


@torch.inference_mode()
def residual(ids: list[int], layer: int = 15) -> torch.Tensor:
    """The residual stream after a layer, `[pos, d_model]`."""
    states = hugging_face().model(torch.tensor([ids]), output_hidden_states=True).hidden_states
    return torch.as_tensor(states[layer + 1][0])


@torch.inference_mode()
def generated(ids: list[int], n_tokens: int) -> list[int]:
    """Greedy continuation, prompt left out."""
    prompt = torch.tensor([ids])
    output = hugging_face().generate(
        prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=n_tokens, do_sample=False, pad_token_id=2
    )
    return output[0, len(ids) :].tolist()
