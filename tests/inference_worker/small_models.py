"""A second model for the tests: GPT-2's shape with random weights and a byte tokenizer of its own, in a folder."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

NAME = "tiny-gpt2"
LAYERS, WIDTH, HEADS, CONTEXT = 3, 32, 4, 64
END = "<|endoftext|>"
"""BOS and end in one, and token 0: an id that is not true in Python."""


def write_model(folder: Path) -> Path:
    """`folder/tiny-gpt2`: a Hugging Face folder with model and tokenizer."""
    folder = folder / NAME
    torch.manual_seed(0)
    n_vocab = _write_tokenizer(folder)
    shape = GPT2Config(
        vocab_size=n_vocab,
        n_positions=CONTEXT,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        bos_token_id=0,
        eos_token_id=0,
        initializer_range=0.3,
    )
    GPT2LMHeadModel(shape).save_pretrained(folder)
    return folder


def _write_tokenizer(folder: Path) -> int:
    letters = [END, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    backend = Tokenizer(models.BPE({letter: index for index, letter in enumerate(letters)}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token=END, eos_token=END, unk_token=END, model_max_length=CONTEXT
    )
    made.save_pretrained(folder)
    return len(letters)
