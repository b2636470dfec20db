from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.lens_prompt_request_type_item import LensPromptRequestTypeItem, check_lens_prompt_request_type_item
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.template_message import TemplateMessage


T = TypeVar("T", bound="LensPromptRequest")


@_attrs_define
class LensPromptRequest:
    """A text, a chat, or token ids; exactly one of them.

    Attributes:
        model (str):
        type_ (list[LensPromptRequestTypeItem] | Unset): The logit lens is served; the Jacobian lens is refused with a
            sentence.
        prompt (None | str | Unset):
        chat (list[TemplateMessage] | None | Unset):
        input_token_ids (list[int] | None | Unset): Taken as they are: put BOS among them if it is wanted.
        top_n (int | Unset):  Default: 10.
        layers (list[int] | Unset): Layers that are read, each after its last operation; empty: all. The last one is
            always read.
        prepend_bos (bool | None | Unset):
        filter_non_word_tokens (bool | Unset): List only tokens with a letter or digit; what the model itself says next
            is listed in any case. Default: True.
        num_completion_tokens (int | Unset): Tokens that the model goes on with; each is read like those of the text.
            Default: 0.
        temperature (float | Unset):  Default: 1.0.
        seed (int | Unset):  Default: 16.
        enable_thinking (bool | Unset): Of a chat: what its template is told, where it knows of thinking. Default:
            False.
        preserve_thinking (bool | Unset): Of a chat: whether earlier turns of the assistant keep their `<think>` parts.
            Default: True.
        cached_token_ids (list[int] | Unset): Tokens that were read before: where the text begins with the same ones,
            they are not listed again.
        max_seq_len (int | None | Unset): A longer text is refused, and none is written beyond it.
        fail_if_busy (bool | Unset): Refuse instead of waiting where others are being served. Default: False.
        stream (bool | Unset): One JSON a line as it is ready, or one answer. Default: True.
    """

    model: str
    type_: list[LensPromptRequestTypeItem] | Unset = UNSET
    prompt: str | Unset | None = UNSET
    chat: list[TemplateMessage] | Unset | None = UNSET
    input_token_ids: list[int] | Unset | None = UNSET
    top_n: int | Unset = 10
    layers: list[int] | Unset = UNSET
    prepend_bos: bool | Unset | None = UNSET
    filter_non_word_tokens: bool | Unset = True
    num_completion_tokens: int | Unset = 0
    temperature: float | Unset = 1.0
    seed: int | Unset = 16
    enable_thinking: bool | Unset = False
    preserve_thinking: bool | Unset = True
    cached_token_ids: list[int] | Unset = UNSET
    max_seq_len: int | Unset | None = UNSET
    fail_if_busy: bool | Unset = False
    stream: bool | Unset = True

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        type_: list[str] | Unset = UNSET
        if not isinstance(self.type_, Unset):
            type_ = []
            for type_item_data in self.type_:
                type_item: str = type_item_data
                type_.append(type_item)

        prompt: str | Unset | None
        if isinstance(self.prompt, Unset):
            prompt = UNSET
        else:
            prompt = self.prompt

        chat: list[dict[str, Any]] | Unset | None
        if isinstance(self.chat, Unset):
            chat = UNSET
        elif isinstance(self.chat, list):
            chat = []
            for chat_type_0_item_data in self.chat:
                chat_type_0_item = chat_type_0_item_data.to_dict()
                chat.append(chat_type_0_item)

        else:
            chat = self.chat

        input_token_ids: list[int] | Unset | None
        if isinstance(self.input_token_ids, Unset):
            input_token_ids = UNSET
        elif isinstance(self.input_token_ids, list):
            input_token_ids = self.input_token_ids

        else:
            input_token_ids = self.input_token_ids

        top_n = self.top_n

        layers: list[int] | Unset = UNSET
        if not isinstance(self.layers, Unset):
            layers = self.layers

        prepend_bos: bool | Unset | None
        if isinstance(self.prepend_bos, Unset):
            prepend_bos = UNSET
        else:
            prepend_bos = self.prepend_bos

        filter_non_word_tokens = self.filter_non_word_tokens

        num_completion_tokens = self.num_completion_tokens

        temperature = self.temperature

        seed = self.seed

        enable_thinking = self.enable_thinking

        preserve_thinking = self.preserve_thinking

        cached_token_ids: list[int] | Unset = UNSET
        if not isinstance(self.cached_token_ids, Unset):
            cached_token_ids = self.cached_token_ids

        max_seq_len: int | Unset | None
        if isinstance(self.max_seq_len, Unset):
            max_seq_len = UNSET
        else:
            max_seq_len = self.max_seq_len

        fail_if_busy = self.fail_if_busy

        stream = self.stream

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
            }
        )
        if type_ is not UNSET:
            field_dict["type"] = type_
        if prompt is not UNSET:
            field_dict["prompt"] = prompt
        if chat is not UNSET:
            field_dict["chat"] = chat
        if input_token_ids is not UNSET:
            field_dict["inputTokenIds"] = input_token_ids
        if top_n is not UNSET:
            field_dict["topN"] = top_n
        if layers is not UNSET:
            field_dict["layers"] = layers
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos
        if filter_non_word_tokens is not UNSET:
            field_dict["filterNonWordTokens"] = filter_non_word_tokens
        if num_completion_tokens is not UNSET:
            field_dict["numCompletionTokens"] = num_completion_tokens
        if temperature is not UNSET:
            field_dict["temperature"] = temperature
        if seed is not UNSET:
            field_dict["seed"] = seed
        if enable_thinking is not UNSET:
            field_dict["enableThinking"] = enable_thinking
        if preserve_thinking is not UNSET:
            field_dict["preserveThinking"] = preserve_thinking
        if cached_token_ids is not UNSET:
            field_dict["cachedTokenIds"] = cached_token_ids
        if max_seq_len is not UNSET:
            field_dict["maxSeqLen"] = max_seq_len
        if fail_if_busy is not UNSET:
            field_dict["failIfBusy"] = fail_if_busy
        if stream is not UNSET:
            field_dict["stream"] = stream

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.template_message import TemplateMessage

        d = dict(src_dict)
        model = d.pop("model")

        _type_ = d.pop("type", UNSET)
        type_: list[LensPromptRequestTypeItem] | Unset = UNSET
        if _type_ is not UNSET:
            type_ = []
            for type_item_data in _type_:
                type_item = check_lens_prompt_request_type_item(type_item_data)

                type_.append(type_item)

        def _parse_prompt(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("None | str | Unset", data)

        prompt = _parse_prompt(d.pop("prompt", UNSET))

        def _parse_chat(data: object) -> list[TemplateMessage] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                chat_type_0 = []
                _chat_type_0 = data
                for chat_type_0_item_data in _chat_type_0:
                    chat_type_0_item = TemplateMessage.from_dict(chat_type_0_item_data)

                    chat_type_0.append(chat_type_0_item)

                return chat_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("list[TemplateMessage] | None | Unset", data)

        chat = _parse_chat(d.pop("chat", UNSET))

        def _parse_input_token_ids(data: object) -> list[int] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                input_token_ids_type_0 = cast("list[int]", data)

                return input_token_ids_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("list[int] | None | Unset", data)

        input_token_ids = _parse_input_token_ids(d.pop("inputTokenIds", UNSET))

        top_n = d.pop("topN", UNSET)

        layers = cast("list[int]", d.pop("layers", UNSET))

        def _parse_prepend_bos(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("bool | None | Unset", data)

        prepend_bos = _parse_prepend_bos(d.pop("prependBos", UNSET))

        filter_non_word_tokens = d.pop("filterNonWordTokens", UNSET)

        num_completion_tokens = d.pop("numCompletionTokens", UNSET)

        temperature = d.pop("temperature", UNSET)

        seed = d.pop("seed", UNSET)

        enable_thinking = d.pop("enableThinking", UNSET)

        preserve_thinking = d.pop("preserveThinking", UNSET)

        cached_token_ids = cast("list[int]", d.pop("cachedTokenIds", UNSET))

        def _parse_max_seq_len(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("int | None | Unset", data)

        max_seq_len = _parse_max_seq_len(d.pop("maxSeqLen", UNSET))

        fail_if_busy = d.pop("failIfBusy", UNSET)

        stream = d.pop("stream", UNSET)

        lens_prompt_request = cls(
            model=model,
            type_=type_,
            prompt=prompt,
            chat=chat,
            input_token_ids=input_token_ids,
            top_n=top_n,
            layers=layers,
            prepend_bos=prepend_bos,
            filter_non_word_tokens=filter_non_word_tokens,
            num_completion_tokens=num_completion_tokens,
            temperature=temperature,
            seed=seed,
            enable_thinking=enable_thinking,
            preserve_thinking=preserve_thinking,
            cached_token_ids=cached_token_ids,
            max_seq_len=max_seq_len,
            fail_if_busy=fail_if_busy,
            stream=stream,
        )

        return lens_prompt_request
