from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="FoundFeature")


@_attrs_define
class FoundFeature:
    """A feature that is active on the text; `values` has one entry a token.

    Attributes:
        source (str):
        index (int):
        values (list[float]):
        sum_values (float): Over `sort_by_token_indexes`; 0 where none were given.
        max_value (float):
        max_value_index (int):
        dfa_values (list[float] | None | Unset):
        dfa_target_index (int | None | Unset):
        dfa_max_value (float | None | Unset):
    """

    source: str
    index: int
    values: list[float]
    sum_values: float
    max_value: float
    max_value_index: int
    dfa_values: list[float] | Unset | None = UNSET
    dfa_target_index: int | Unset | None = UNSET
    dfa_max_value: float | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        index = self.index

        values = self.values

        sum_values = self.sum_values

        max_value = self.max_value

        max_value_index = self.max_value_index

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
                "source": source,
                "index": index,
                "values": values,
                "sumValues": sum_values,
                "maxValue": max_value,
                "maxValueIndex": max_value_index,
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
        source = d.pop("source")

        index = d.pop("index")

        values = cast("list[float]", d.pop("values"))

        sum_values = d.pop("sumValues")

        max_value = d.pop("maxValue")

        max_value_index = d.pop("maxValueIndex")

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

        found_feature = cls(
            source=source,
            index=index,
            values=values,
            sum_values=sum_values,
            max_value=max_value,
            max_value_index=max_value_index,
            dfa_values=dfa_values,
            dfa_target_index=dfa_target_index,
            dfa_max_value=dfa_max_value,
        )

        return found_feature
