from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="OnText")


@_attrs_define
class OnText:
    """A feature on one text.

    Attributes:
        value (float): The request's `measure`.
        active (list[list[float | int]]): Positions where it is active, with its activations.
    """

    value: float
    active: list[list[float | int]]

    def to_dict(self) -> dict[str, Any]:
        value = self.value

        active = []
        for active_item_data in self.active:
            active_item = []
            for active_item_item_data in active_item_data:
                active_item_item: float | int
                active_item_item = active_item_item_data
                active_item.append(active_item_item)

            active.append(active_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "value": value,
                "active": active,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        value = d.pop("value")

        active = []
        _active = d.pop("active")
        for active_item_data in _active:
            active_item = []
            _active_item = active_item_data
            for active_item_item_data in _active_item:

                def _parse_active_item_item(data: object) -> float | int:
                    return cast("float | int", data)

                active_item_item = _parse_active_item_item(active_item_item_data)

                active_item.append(active_item_item)

            active.append(active_item)

        on_text = cls(
            value=value,
            active=active,
        )

        return on_text
