from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="LensDone")


@_attrs_define
class LensDone:
    """Last of a good answer.

    Attributes:
        seq_len (int):
        prompt_len (int):
        vocab_size (int):
        kind (Literal['done'] | Unset):  Default: 'done'.
        completion (str | Unset): What the model went on with. Default: ''.
    """

    seq_len: int
    prompt_len: int
    vocab_size: int
    kind: Literal["done"] | Unset = "done"
    completion: str | Unset = ""
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        seq_len = self.seq_len

        prompt_len = self.prompt_len

        vocab_size = self.vocab_size

        kind = self.kind

        completion = self.completion

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "seq_len": seq_len,
                "prompt_len": prompt_len,
                "vocab_size": vocab_size,
            }
        )
        if kind is not UNSET:
            field_dict["kind"] = kind
        if completion is not UNSET:
            field_dict["completion"] = completion

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        seq_len = d.pop("seq_len")

        prompt_len = d.pop("prompt_len")

        vocab_size = d.pop("vocab_size")

        kind = cast("Literal['done'] | Unset", d.pop("kind", UNSET))
        if kind != "done" and not isinstance(kind, Unset):
            raise ValueError(f"kind must match const 'done', got '{kind}'")

        completion = d.pop("completion", UNSET)

        lens_done = cls(
            seq_len=seq_len,
            prompt_len=prompt_len,
            vocab_size=vocab_size,
            kind=kind,
            completion=completion,
        )

        lens_done.additional_properties = d
        return lens_done

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
