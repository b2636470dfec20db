from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.lens_readout import LensReadout


T = TypeVar("T", bound="LensToken")


@_attrs_define
class LensToken:
    """Then one for each position.

    Attributes:
        position (int):
        token (str):
        id (int):
        results (list[LensReadout]):
        kind (Literal['token'] | Unset):  Default: 'token'.
        is_generated (bool | Unset):  Default: False.
    """

    position: int
    token: str
    id: int
    results: list[LensReadout]
    kind: Literal["token"] | Unset = "token"
    is_generated: bool | Unset = False
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        position = self.position

        token = self.token

        id = self.id

        results = []
        for results_item_data in self.results:
            results_item = results_item_data.to_dict()
            results.append(results_item)

        kind = self.kind

        is_generated = self.is_generated

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "position": position,
                "token": token,
                "id": id,
                "results": results,
            }
        )
        if kind is not UNSET:
            field_dict["kind"] = kind
        if is_generated is not UNSET:
            field_dict["is_generated"] = is_generated

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.lens_readout import LensReadout

        d = dict(src_dict)
        position = d.pop("position")

        token = d.pop("token")

        id = d.pop("id")

        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = LensReadout.from_dict(results_item_data)

            results.append(results_item)

        kind = cast("Literal['token'] | Unset", d.pop("kind", UNSET))
        if kind != "token" and not isinstance(kind, Unset):
            raise ValueError(f"kind must match const 'token', got '{kind}'")

        is_generated = d.pop("is_generated", UNSET)

        lens_token = cls(
            position=position,
            token=token,
            id=id,
            results=results,
            kind=kind,
            is_generated=is_generated,
        )

        lens_token.additional_properties = d
        return lens_token

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
