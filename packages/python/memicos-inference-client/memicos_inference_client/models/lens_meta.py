from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.lens_meta_types_item import LensMetaTypesItem, check_lens_meta_types_item
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.lens_meta_layers_by_type import LensMetaLayersByType


T = TypeVar("T", bound="LensMeta")


@_attrs_define
class LensMeta:
    """First: what is coming.

    Attributes:
        model (str):
        types (list[LensMetaTypesItem]):
        layers_by_type (LensMetaLayersByType):
        top_n (int):
        prompt_len (int):
        prepend_bos (bool): Whether BOS was added.
        kind (Literal['meta'] | Unset):  Default: 'meta'.
        num_completion_tokens (int | Unset):  Default: 0.
        temperature (float | Unset):  Default: 1.0.
        reuse_len (int | Unset): Tokens at the beginning that are not listed, since they were read before. Default: 0.
    """

    model: str
    types: list[LensMetaTypesItem]
    layers_by_type: LensMetaLayersByType
    top_n: int
    prompt_len: int
    prepend_bos: bool
    kind: Literal["meta"] | Unset = "meta"
    num_completion_tokens: int | Unset = 0
    temperature: float | Unset = 1.0
    reuse_len: int | Unset = 0
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        types = []
        for types_item_data in self.types:
            types_item: str = types_item_data
            types.append(types_item)

        layers_by_type = self.layers_by_type.to_dict()

        top_n = self.top_n

        prompt_len = self.prompt_len

        prepend_bos = self.prepend_bos

        kind = self.kind

        num_completion_tokens = self.num_completion_tokens

        temperature = self.temperature

        reuse_len = self.reuse_len

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "model": model,
                "types": types,
                "layers_by_type": layers_by_type,
                "top_n": top_n,
                "prompt_len": prompt_len,
                "prepend_bos": prepend_bos,
            }
        )
        if kind is not UNSET:
            field_dict["kind"] = kind
        if num_completion_tokens is not UNSET:
            field_dict["num_completion_tokens"] = num_completion_tokens
        if temperature is not UNSET:
            field_dict["temperature"] = temperature
        if reuse_len is not UNSET:
            field_dict["reuse_len"] = reuse_len

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.lens_meta_layers_by_type import LensMetaLayersByType

        d = dict(src_dict)
        model = d.pop("model")

        types = []
        _types = d.pop("types")
        for types_item_data in _types:
            types_item = check_lens_meta_types_item(types_item_data)

            types.append(types_item)

        layers_by_type = LensMetaLayersByType.from_dict(d.pop("layers_by_type"))

        top_n = d.pop("top_n")

        prompt_len = d.pop("prompt_len")

        prepend_bos = d.pop("prepend_bos")

        kind = cast("Literal['meta'] | Unset", d.pop("kind", UNSET))
        if kind != "meta" and not isinstance(kind, Unset):
            raise ValueError(f"kind must match const 'meta', got '{kind}'")

        num_completion_tokens = d.pop("num_completion_tokens", UNSET)

        temperature = d.pop("temperature", UNSET)

        reuse_len = d.pop("reuse_len", UNSET)

        lens_meta = cls(
            model=model,
            types=types,
            layers_by_type=layers_by_type,
            top_n=top_n,
            prompt_len=prompt_len,
            prepend_bos=prepend_bos,
            kind=kind,
            num_completion_tokens=num_completion_tokens,
            temperature=temperature,
            reuse_len=reuse_len,
        )

        lens_meta.additional_properties = d
        return lens_meta

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
