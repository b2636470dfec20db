"""Text to tokens and back, exactly: BOS is explicit, and the strings of the tokens join to what the model reads.

A character whose bytes are spread over several tokens belongs to the token that completes it; the
tokens before it have an empty string. A character that the vocabulary has no bytes for is missing from
the tokens, from their strings, and from what the model reads. Text that spells a special token, such as
`<|im_end|>`, is that special token, wherever it comes from.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

from inference_worker.engine.errors import BadInput


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids with a string each; `"".join(strings)` is the text, with BOS in front where it was added."""

    ids: list[int]
    strings: list[str]
    prepend_bos: bool
    """Whether BOS was added; False too where the text already began with it."""


class Tokenizer:
    """A Hugging Face tokenizer whose special tokens and BOS are spelled out.

    Args:
        tokenizer: as loaded with `AutoTokenizer`.
        prepends_bos: what the model expects; only asked for when a request does not say.
    """

    def __init__(self, tokenizer: Any, *, prepends_bos: bool) -> None:
        self.hf = tokenizer
        self.bos_id: int | None = tokenizer.bos_token_id
        self.prepends_bos = prepends_bos and self.bos_id is not None
        marked = (index for index, token in tokenizer.added_tokens_decoder.items() if token.special)
        self.special_ids: frozenset[int] = frozenset(tokenizer.all_special_ids) | frozenset(marked)

    def tokenize(self, text: str, prepend_bos: bool | None = None) -> Tokens:
        """Tokens of a text; `None` adds BOS if the model expects it. Text that begins with BOS gets no second one.

        Raises:
            BadInput: BOS was asked for and the tokenizer has none.
        """
        if prepend_bos and self.bos_id is None:
            raise BadInput("This model's tokenizer has no BOS token.", field="prepend_bos")
        ids: list[int] = self.hf(text, add_special_tokens=False, verbose=False)["input_ids"]
        wanted = self.prepends_bos if prepend_bos is None else prepend_bos
        adds = wanted and self.bos_id is not None and ids[:1] != [self.bos_id]
        if adds and self.bos_id is not None:
            ids = [self.bos_id, *ids]
        return Tokens(ids, self.strings(ids), adds)

    def begins(self, text: str) -> list[int]:
        """Where in the text each of its tokens begins; characters that the tokens lack are counted."""
        if self.hf.is_fast:
            found = self.hf(text, add_special_tokens=False, verbose=False, return_offsets_mapping=True)
            return [begin for begin, _ in found["offset_mapping"]]
        lengths = (len(string) for string in self.tokenize(text, prepend_bos=False).strings)
        return list(accumulate(lengths, initial=0))[:-1]

    def strings(self, ids: list[int]) -> list[str]:
        """One string a token that join to the text; bytes that never become a character end as U+FFFD."""
        decoder = Detokenizer(self)
        strings = [decoder.push(index) for index in ids]
        if strings:
            strings[-1] += decoder.finish()
        return strings

    def label(self, index: int) -> str:
        """A token on its own, for lists of candidates: bytes that are no character are shown as `\\xNN`."""
        return self.content(index).decode("utf-8", errors="backslashreplace")

    def content(self, index: int) -> bytes:
        """The bytes that a token stands for."""
        if index in self.special_ids or self._bytes_of_letter is None:
            return str(self.hf.decode([index], skip_special_tokens=False)).encode()
        piece = self.hf.convert_ids_to_tokens(index)
        if piece is None:
            return b""
        letters = [self._bytes_of_letter.get(letter) for letter in piece]
        # A token that was added as text is not spelled in the byte alphabet.
        return piece.encode() if None in letters else bytes(letter for letter in letters if letter is not None)

    @cached_property
    def _bytes_of_letter(self) -> dict[str, int] | None:
        """The alphabet of byte-level BPE, or None for tokenizers of other kinds."""
        backend = getattr(self.hf, "backend_tokenizer", None)
        decoder = json.loads(backend.to_str()).get("decoder") if backend is not None else None
        kinds = [decoder, *(decoder or {}).get("decoders", [])]
        return _byte_letters() if any(kind and kind["type"] == "ByteLevel" for kind in kinds) else None


class Detokenizer:
    """Text of a growing sequence, a token at a time; a character appears when its last byte has come."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._utf8 = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._window: list[int] = []
        self._shown = 0

    def push(self, index: int) -> str:
        """The text that this token adds."""
        if self._tokenizer._bytes_of_letter is None:
            return self._push_decoded(index)
        if index in self._tokenizer.special_ids:
            return self.finish() + self._tokenizer.content(index).decode()
        return self._utf8.decode(self._tokenizer.content(index))

    def finish(self) -> str:
        """What is left: U+FFFD for bytes that never became a character."""
        if self._tokenizer._bytes_of_letter is None:
            text = self._decode(self._window)[self._shown :]
            self._window, self._shown = [], 0
            return text
        text = self._utf8.decode(b"", final=True)
        self._utf8.reset()
        return text

    def _push_decoded(self, index: int) -> str:
        # Such tokenizers decide on spaces by the neighbours, so a few tokens before are decoded along.
        self._window.append(index)
        text = self._decode(self._window)
        if text.endswith("\ufffd"):
            return ""
        added = text[self._shown :]
        self._window = self._window[-4:]
        self._shown = len(self._decode(self._window))
        return added

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.hf.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))


def _byte_letters() -> dict[str, int]:
    """Letter to byte in byte-level BPE (Radford et al. 2019): printable Latin-1 is itself, the rest shifted."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    shifted = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(shifted)}
