from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ActivationTopkByTokenBatchRequest")


@_attrs_define
class ActivationTopkByTokenBatchRequest:
    """
    Attributes:
        model (str):
        source (str):
        prompts (list[str]):
        top_k (int | None | Unset): Features a token; 5 where it is left open.
        ignore_bos (bool | Unset): Leave a BOS that was put before the text out of the results; it never counts.
            Default: True.
        exclude (list[int] | Unset): Features that are left out before the ranking is cut, for example dense ones.
        prepend_bos (bool | None | Unset):
    """

    model: str
    source: str
    prompts: list[str]
    top_k: int | Unset | None = UNSET
    ignore_bos: bool | Unset = True
    exclude: list[int] | Unset = UNSET
    prepend_bos: bool | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        source = self.source

        prompts = self.prompts

        top_k: int | Unset | None
        if isinstance(self.top_k, Unset):
            top_k = UNSET
        else:
            top_k = self.top_k

        ignore_bos = self.ignore_bos

        exclude: list[int] | Unset = UNSET
        if not isinstance(self.exclude, Unset):
            exclude = self.exclude

        prepend_bos: bool | Unset | None
        if isinstance(self.prepend_bos, Unset):
            prepend_bos = UNSET
        else:
            prepend_bos = self.prepend_bos

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "source": source,
                "prompts": prompts,
            }
        )
        if top_k is not UNSET:
            field_dict["topK"] = top_k
        if ignore_bos is not UNSET:
            field_dict["ignoreBos"] = ignore_bos
        if exclude is not UNSET:
            field_dict["exclude"] = exclude
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        source = d.pop("source")

        prompts = cast("list[str]", d.pop("prompts"))

        def _parse_top_k(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("int | None | Unset", data)

        top_k = _parse_top_k(d.pop("topK", UNSET))

        ignore_bos = d.pop("ignoreBos", UNSET)

        exclude = cast("list[int]", d.pop("exclude", UNSET))

        def _parse_prepend_bos(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("bool | None | Unset", data)

        prepend_bos = _parse_prepend_bos(d.pop("prependBos", UNSET))

        activation_topk_by_token_batch_request = cls(
            model=model,
            source=source,
            prompts=prompts,
            top_k=top_k,
            ignore_bos=ignore_bos,
            exclude=exclude,
            prepend_bos=prepend_bos,
        )

        return activation_topk_by_token_batch_request
