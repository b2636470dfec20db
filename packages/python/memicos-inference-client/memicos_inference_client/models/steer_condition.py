from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="SteerCondition")


@_attrs_define
class SteerCondition:
    """Steer only at tokens where this feature is more active than `threshold`.

    Attributes:
        source (str):
        index (int):
        threshold (float | Unset):  Default: 0.0.
    """

    source: str
    index: int
    threshold: float | Unset = 0.0

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        index = self.index

        threshold = self.threshold

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "source": source,
                "index": index,
            }
        )
        if threshold is not UNSET:
            field_dict["threshold"] = threshold

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        source = d.pop("source")

        index = d.pop("index")

        threshold = d.pop("threshold", UNSET)

        steer_condition = cls(
            source=source,
            index=index,
            threshold=threshold,
        )

        return steer_condition
