from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Activation")


@_attrs_define
class Activation:
    """Activations of one feature, one value a token of the answer's `tokens`.

    Attributes:
        values (list[float]):
        max_value (float):
        max_value_index (int):
        min_value (float):
        dfa_values (list[float] | None | Unset): For SAEs of attention heads' outputs: what each token gave to the
            activation at `dfa_target_index`.
        dfa_target_index (int | None | Unset):
        dfa_max_value (float | None | Unset):
    """

    values: list[float]
    max_value: float
    max_value_index: int
    min_value: float
    dfa_values: list[float] | Unset | None = UNSET
    dfa_target_index: int | Unset | None = UNSET
    dfa_max_value: float | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        values = self.values

        max_value = self.max_value

        max_value_index = self.max_value_index

        min_value = self.min_value

        dfa_values: list[float] | Unset | None
        if isinstance(self.dfa_values, Unset):
            dfa_values = UNSET
        elif isinstance(self.dfa_values, list):
            dfa_values = self.dfa_values

        else:
            dfa_values = self.dfa_values

        dfa_target_index: int | Unset | None
        if isinstance(self.dfa_target_index, Unset):
            dfa_target_index = UNSET
        else:
            dfa_target_index = self.dfa_target_index

        dfa_max_value: float | Unset | None
        if isinstance(self.dfa_max_value, Unset):
            dfa_max_value = UNSET
        else:
            dfa_max_value = self.dfa_max_value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "values": values,
                "maxValue": max_value,
                "maxValueIndex": max_value_index,
                "minValue": min_value,
            }
        )
        if dfa_values is not UNSET:
            field_dict["dfaValues"] = dfa_values
        if dfa_target_index is not UNSET:
            field_dict["dfaTargetIndex"] = dfa_target_index
        if dfa_max_value is not UNSET:
            field_dict["dfaMaxValue"] = dfa_max_value

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        values = cast("list[float]", d.pop("values"))

        max_value = d.pop("maxValue")

        max_value_index = d.pop("maxValueIndex")

        min_value = d.pop("minValue")

        def _parse_dfa_values(data: object) -> list[float] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                dfa_values_type_0 = cast("list[float]", data)

                return dfa_values_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("list[float] | None | Unset", data)

        dfa_values = _parse_dfa_values(d.pop("dfaValues", UNSET))

        def _parse_dfa_target_index(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("int | None | Unset", data)

        dfa_target_index = _parse_dfa_target_index(d.pop("dfaTargetIndex", UNSET))

        def _parse_dfa_max_value(data: object) -> float | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("float | None | Unset", data)

        dfa_max_value = _parse_dfa_max_value(d.pop("dfaMaxValue", UNSET))

        activation = cls(
            values=values,
            max_value=max_value,
            max_value_index=max_value_index,
            min_value=min_value,
            dfa_values=dfa_values,
            dfa_target_index=dfa_target_index,
            dfa_max_value=dfa_max_value,
        )

        return activation
