from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.on_text import OnText


T = TypeVar("T", bound="ContrastFeature")


@_attrs_define
class ContrastFeature:
    """A feature that tells the sides apart.

    Attributes:
        source (str):
        index (int):
        separation (float): Difference of the sides' means, by the spread within them and the source's typical value;
            positive where the
            first side's is larger.
        first_mean (float):
        second_mean (float):
        spread (float): Pooled standard deviation within the sides; 0 where each is a single text.
        on_first (list[OnText]):
        on_second (list[OnText]):
    """

    source: str
    index: int
    separation: float
    first_mean: float
    second_mean: float
    spread: float
    on_first: list[OnText]
    on_second: list[OnText]

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        index = self.index

        separation = self.separation

        first_mean = self.first_mean

        second_mean = self.second_mean

        spread = self.spread

        on_first = []
        for on_first_item_data in self.on_first:
            on_first_item = on_first_item_data.to_dict()
            on_first.append(on_first_item)

        on_second = []
        for on_second_item_data in self.on_second:
            on_second_item = on_second_item_data.to_dict()
            on_second.append(on_second_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "source": source,
                "index": index,
                "separation": separation,
                "firstMean": first_mean,
                "secondMean": second_mean,
                "spread": spread,
                "onFirst": on_first,
                "onSecond": on_second,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.on_text import OnText

        d = dict(src_dict)
        source = d.pop("source")

        index = d.pop("index")

        separation = d.pop("separation")

        first_mean = d.pop("firstMean")

        second_mean = d.pop("secondMean")

        spread = d.pop("spread")

        on_first = []
        _on_first = d.pop("onFirst")
        for on_first_item_data in _on_first:
            on_first_item = OnText.from_dict(on_first_item_data)

            on_first.append(on_first_item)

        on_second = []
        _on_second = d.pop("onSecond")
        for on_second_item_data in _on_second:
            on_second_item = OnText.from_dict(on_second_item_data)

            on_second.append(on_second_item)

        contrast_feature = cls(
            source=source,
            index=index,
            separation=separation,
            first_mean=first_mean,
            second_mean=second_mean,
            spread=spread,
            on_first=on_first,
            on_second=on_second,
        )

        return contrast_feature
