"""Tokens: the original's rules, strings that join to the text, BOS said out loud."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from inference_worker.engine.errors import BadInput
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.tokens import Detokenizer, Tokenizer, _byte_letters
from inference_worker.wire.packaged import gguf_file
from tests.inference_worker import serving

BOS, EOS = "<|im_start|>", "<|im_end|>"
HARD = [
    "\n\n2018 was 3.14 times 100,000",
    "👍🏽 naïve café — “quoted” 日本語のテキスト",
    "  two  spaces\tand a tab\r\n",
    "it's they'll I'd\nI'VE",
    "def f(x):\n    return x  # 0x1F",
    "\x00\x07 control \u200b zero width",
]


@pytest.fixture(scope="module")
def tokenizer(language_model: LanguageModel) -> Tokenizer:
    return language_model.tokenizer


class OriginalTokenizer:
    """SmolLM's published rules in plain Python, over the vocabulary and merges inside the GGUF file.

    Digits stand alone, the rest splits as in GPT-2, then merges by rank.
    """

    WORDS = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader

        fields = GGUFReader(path).fields
        assert fields["tokenizer.ggml.pre"].contents() == "smollm"
        self.ids = {token: index for index, token in enumerate(fields["tokenizer.ggml.tokens"].contents())}
        merges = fields["tokenizer.ggml.merges"].contents()
        self.rank = {tuple(merge.split(" ")): rank for rank, merge in enumerate(merges)}
        self.letter = {byte: letter for letter, byte in _byte_letters().items()}

    def encode(self, text: str) -> list[int]:
        return [self.ids[piece] for word in self._words(text) for piece in self._merged(word)]

    def _words(self, text: str) -> Iterator[str]:
        for part in regex.split(r"(\p{N})", text):
            yield from self.WORDS.findall(part)

    def _merged(self, word: str) -> list[str]:
        parts = [self.letter[byte] for byte in word.encode()]
        while len(parts) > 1:
            rank, i = min((self.rank.get(pair, 1 << 30), i) for i, pair in enumerate(pairwise(parts)))
            if rank == 1 << 30:
                break
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        return parts


@cache
def original() -> OriginalTokenizer:
    return OriginalTokenizer(gguf_file())


@pytest.mark.parametrize("text", [*HARD, Path(ast.__file__).read_text()[:20_000]])
def test_equals_the_originals_rules(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.tokenize(text, prepend_bos=False).ids == original().encode(text)


UNSPELLABLE = "\x04\x06\x13\x14\x16\x1d"
"""Characters for which SmolLM's vocabulary has no byte; so have the planes from U+40000 to U+BFFFF."""
TEXT = st.text(st.characters(exclude_characters=UNSPELLABLE, max_codepoint=0x3FFFF, codec="utf-8"), max_size=60)


@given(text=TEXT)
@hypothesis(max_examples=200, deadline=None)
def test_strings_join_to_the_text(text: str) -> None:
    tokens = serving.language_model().tokenizer.tokenize(text, prepend_bos=False)
    assert "".join(tokens.strings) == text
    assert len(tokens.strings) == len(tokens.ids)


def test_what_the_vocabulary_cannot_spell_is_left_out_of_ids_and_strings_alike(tokenizer: Tokenizer) -> None:
    assert tokenizer.tokenize(f"a{UNSPELLABLE}b", prepend_bos=False).strings == ["a", "b"]


def test_a_split_character_belongs_to_the_token_that_completes_it(tokenizer: Tokenizer) -> None:
    assert tokenizer.tokenize("👍", prepend_bos=False).strings == ["", "", "👍"]


def test_bytes_that_never_become_a_character_are_marked_at_the_end(tokenizer: Tokenizer) -> None:
    ids = tokenizer.tokenize("a👍", prepend_bos=False).ids[:-1]
    assert tokenizer.strings(ids) == ["a", "", "\ufffd"]
    assert tokenizer.label(ids[1]) == "\\xf0\\x9f"


def test_half_a_character_before_a_special_token(tokenizer: Tokenizer) -> None:
    half = tokenizer.tokenize("👍", prepend_bos=False).ids[0]
    assert tokenizer.strings([half, 2]) == ["", "\ufffd" + EOS]


@pytest.mark.parametrize(
    ("text", "prepend_bos", "begins", "added"),
    [
        ("hi", True, [1], True),
        ("hi", None, [1], True),
        ("hi", False, [], False),
        (BOS + "hi", True, [1], False),
        (BOS + "hi", None, [1], False),
        (BOS + "hi", False, [1], False),
        ("", None, [1], True),
        ("", False, [], False),
    ],
)
def test_bos(tokenizer: Tokenizer, text: str, prepend_bos: bool | None, begins: list[int], added: bool) -> None:
    tokens = tokenizer.tokenize(text, prepend_bos)
    rest = tokenizer.tokenize("hi", prepend_bos=False).ids if text else []
    assert tokens.ids == begins + rest
    assert tokens.prepend_bos is added
    assert "".join(tokens.strings) == (BOS if added else "") + text


def test_text_that_spells_a_special_token_is_that_token(tokenizer: Tokenizer) -> None:
    tokens = tokenizer.tokenize(f"user{EOS}x", prepend_bos=False)
    assert 2 in tokens.ids
    assert EOS in tokens.strings


def test_special_ids_are_all_that_the_tokenizer_marks(tokenizer: Tokenizer) -> None:
    assert tokenizer.special_ids == frozenset(range(17))


def metaspace(*, bos: bool) -> PreTrainedTokenizerFast:
    """A small tokenizer of the other kind: pieces with a mark for spaces, and bytes for what it does not know."""
    pieces = ["<s>", "▁", "▁the", "▁cat", "s", "the", *(f"<0x{byte:02X}>" for byte in range(256))]
    backend = Backend(models.BPE({piece: i for i, piece in enumerate(pieces)}, [], byte_fallback=True, fuse_unk=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>" if bos else None)


def test_tokenizers_of_other_kinds_join_too() -> None:
    tokenizer = Tokenizer(metaspace(bos=True), prepends_bos=True)
    ids = tokenizer.tokenize("é 👍 s", prepend_bos=False).ids
    assert len(ids) > 6
    strings = tokenizer.strings(ids)
    assert "".join(strings) == tokenizer.hf.decode(ids)
    assert "\ufffd" not in "".join(strings)


def test_bos_id_zero_is_a_bos() -> None:
    tokenizer = Tokenizer(metaspace(bos=True), prepends_bos=True)
    assert tokenizer.bos_id == 0
    assert tokenizer.tokenize("s").ids[0] == 0
    assert tokenizer.tokenize("s").prepend_bos is True


def test_a_tokenizer_without_bos_adds_none_and_says_so() -> None:
    tokenizer = Tokenizer(metaspace(bos=False), prepends_bos=True)
    assert tokenizer.tokenize("s").prepend_bos is False
    with pytest.raises(BadInput) as caught:
        tokenizer.tokenize("s", prepend_bos=True)
    assert caught.value.field == "prepend_bos"


@given(text=TEXT)
@hypothesis(max_examples=100, deadline=None)
def test_growing_text_never_takes_back_what_it_showed(text: str) -> None:
    tokenizer = serving.language_model().tokenizer
    decoder = Detokenizer(tokenizer)
    shown = ""
    for index in tokenizer.tokenize(text, prepend_bos=False).ids:
        shown += decoder.push(index)
        assert text.startswith(shown)
    assert shown + decoder.finish() == text
