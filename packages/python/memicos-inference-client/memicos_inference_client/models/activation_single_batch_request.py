from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ActivationSingleBatchRequest")


@_attrs_define
class ActivationSingleBatchRequest:
    """
    Attributes:
        model (str):
        prompts (list[str]):
        source (None | str | Unset):
        index (int | None | str | Unset): An integer, or its text, as published clients send it.
        vector (list[float] | None | Unset): A direction at `hook`; a position's value is the dot product of what is
            there with it.
        hook (None | str | Unset): TransformerLens name of a hook point, for example `blocks.15.hook_resid_post`.
        prepend_bos (bool | None | Unset):
    """

    model: str
    prompts: list[str]
    source: str | Unset | None = UNSET
    index: int | str | Unset | None = UNSET
    vector: list[float] | Unset | None = UNSET
    hook: str | Unset | None = UNSET
    prepend_bos: bool | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        prompts = self.prompts

        source: str | Unset | None
        if isinstance(self.source, Unset):
            source = UNSET
        else:
            source = self.source

        index: int | str | Unset | None
        if isinstance(self.index, Unset):
            index = UNSET
        else:
            index = self.index

        vector: list[float] | Unset | None
        if isinstance(self.vector, Unset):
            vector = UNSET
        elif isinstance(self.vector, list):
            vector = self.vector

        else:
            vector = self.vector

        hook: str | Unset | None
        if isinstance(self.hook, Unset):
            hook = UNSET
        else:
            hook = self.hook

        prepend_bos: bool | Unset | None
        if isinstance(self.prepend_bos, Unset):
            prepend_bos = UNSET
        else:
            prepend_bos = self.prepend_bos

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "prompts": prompts,
            }
        )
        if source is not UNSET:
            field_dict["source"] = source
        if index is not UNSET:
            field_dict["index"] = index
        if vector is not UNSET:
            field_dict["vector"] = vector
        if hook is not UNSET:
            field_dict["hook"] = hook
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        prompts = cast("list[str]", d.pop("prompts"))

        def _parse_source(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("None | str | Unset", data)

        source = _parse_source(d.pop("source", UNSET))

        def _parse_index(data: object) -> int | str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("int | None | str | Unset", data)

        index = _parse_index(d.pop("index", UNSET))

        def _parse_vector(data: object) -> list[float] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                vector_type_0 = cast("list[float]", data)

                return vector_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("list[float] | None | Unset", data)

        vector = _parse_vector(d.pop("vector", UNSET))

        def _parse_hook(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("None | str | Unset", data)

        hook = _parse_hook(d.pop("hook", UNSET))

        def _parse_prepend_bos(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("bool | None | Unset", data)

        prepend_bos = _parse_prepend_bos(d.pop("prependBos", UNSET))

        activation_single_batch_request = cls(
            model=model,
            prompts=prompts,
            source=source,
            index=index,
            vector=vector,
            hook=hook,
            prepend_bos=prepend_bos,
        )

        return activation_single_batch_request
