"""A second model with SAEs of every kind: GPT-2's shape with random weights, another tokenizer, and BOS of id 0.

Small enough to be made anew for a run; plain Hugging Face and SAELens read the same folders for parity.
"""

from __future__ import annotations

import functools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import torch

from inference_worker.engine.loading import load_model
from inference_worker.engine.shelf import SaeShelf
from inference_worker.requests.engine import Engine
from inference_worker.server import create_app
from inference_worker.wire.base import SECRET_HEADER
from tests.inference_worker import serving

MODEL, BOS = "tiny-gpt2", "<|endoftext|>"
D_MODEL, HEADS, LAYERS, TOKEN_LIMIT = 32, 4, 3, 48
RESIDUAL = "blocks.{}.hook_resid_post"
SAES: dict[str, dict[str, Any]] = {
    "0-res": {"architecture": "standard", "d_sae": 40, "hook": RESIDUAL.format(0)},
    "1-res": {"architecture": "jumprelu", "d_sae": 48, "hook": RESIDUAL.format(1), "sink_norm": 6.5},
    "2-res": {"architecture": "topk", "d_sae": 56, "k": 6, "hook": RESIDUAL.format(2)},
    "1-att": {
        "architecture": "standard",
        "d_sae": 40,
        "hook": "blocks.1.attn.hook_z",
        "reshape_activations": "hook_z",
    },
    "1-mlp": {"architecture": "gated", "d_sae": 40, "hook": "blocks.1.hook_mlp_out"},
    "1-tmp": {
        "architecture": "temporal",
        "d_sae": 64,
        "n_heads": 4,
        "bottleneck_factor": 4,
        "kval_topk": 8,
        "hook": RESIDUAL.format(1),
    },
}


@functools.cache
@torch.inference_mode(False)
def folder() -> Path:
    """Holds `model/` and `saes/tiny-gpt2/{source}/`."""
    where = Path(tempfile.mkdtemp(prefix="memicos-tiny-"))
    _save_model(where / MODEL)
    for source, options in SAES.items():
        _save_sae(where / "saes" / MODEL / source, **options)
    return where


@functools.cache
@torch.inference_mode(False)
def engine() -> Engine:
    """The model with its SAEs, as the worker serves them."""
    model = load_model(str(folder() / MODEL), models_dir=Path())
    return Engine(model, SaeShelf([folder() / "saes"], model.name, model.d_model), TOKEN_LIMIT, 16)


@contextmanager
def worker() -> Iterator[str]:
    """The model served over HTTP; the worker's address."""
    app = create_app(serving.settings(), lambda _: engine())
    with serving.served(app) as url:
        assert app.state.worker.loaded.wait(60)
        yield url


def client(url: str) -> httpx.AsyncClient:
    """A client with the secret."""
    headers = {SECRET_HEADER: serving.SECRET}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False)


@functools.cache
@torch.inference_mode(False)
def hugging_face() -> Any:
    """The model as Hugging Face loads it."""
    from transformers import AutoModelForCausalLM

    return (
        AutoModelForCausalLM.from_pretrained(folder() / MODEL, dtype=torch.float32, attn_implementation="eager")
        .eval()
        .requires_grad_(False)
    )


@functools.cache
@torch.inference_mode(False)
def saelens(source: str) -> Any:
    """An SAE as SAELens loads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sae_lens import SAE

        return SAE.load_from_disk(folder() / "saes" / MODEL / source, dtype="float32").requires_grad_(False)


def ids(text: str) -> list[int]:
    """Tokens with BOS, a byte each."""
    from transformers import AutoTokenizer

    found: list[int] = AutoTokenizer.from_pretrained(folder() / MODEL)(text, add_special_tokens=False)["input_ids"]
    return [0, *found]


@torch.inference_mode()
def residual(token_ids: list[int], layer: int) -> torch.Tensor:
    """The residual stream after a layer, `[pos, d_model]`, before the final norm."""
    seen = []
    handle = hugging_face().transformer.h[layer].register_forward_hook(lambda _, __, out: seen.append(out))
    hugging_face()(torch.tensor([token_ids]))
    handle.remove()
    return torch.as_tensor(seen[0][0] if isinstance(seen[0], tuple) else seen[0]).reshape(-1, D_MODEL)


def _save_model(where: Path) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE({BOS: 0} | {letter: i + 1 for i, letter in enumerate(letters)}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=backend, bos_token=BOS, eos_token=BOS).save_pretrained(where)
    torch.manual_seed(0)
    shape = GPT2Config(
        vocab_size=257,
        n_positions=64,
        n_embd=D_MODEL,
        n_layer=LAYERS,
        n_head=HEADS,
        bos_token_id=0,
        eos_token_id=0,
        initializer_range=0.2,
    )
    GPT2LMHeadModel(shape).save_pretrained(where)


def _save_sae(where: Path, *, hook: str, sink_norm: float | None = None, **options: Any) -> None:
    torch.manual_seed(int(where.name[0]) + options["d_sae"])
    metadata = {"hook_name": hook, "sink_norm": sink_norm}
    config = {"d_in": D_MODEL, "device": "cpu", "dtype": "float32", "metadata": metadata}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sae_lens import SAE

        sae = SAE.from_dict({**config, **options})
    for name, weights in sae.named_parameters():
        if "attn_layers" not in name:
            weights.data = torch.randn_like(weights) * (0.1 if weights.ndim == 1 else 0.3)
        if name == "threshold":
            weights.data = weights.data.abs()
    sae.save_model(where)
