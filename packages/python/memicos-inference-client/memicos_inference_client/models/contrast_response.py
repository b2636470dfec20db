from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.contrast_feature import ContrastFeature
    from ..models.contrast_response_typical import ContrastResponseTypical
    from ..models.contrast_text import ContrastText


T = TypeVar("T", bound="ContrastResponse")


@_attrs_define
class ContrastResponse:
    """Features of each side, those that tell it most from the other first.

    Attributes:
        first (list[ContrastFeature]):
        second (list[ContrastFeature]):
        first_texts (list[ContrastText]):
        second_texts (list[ContrastText]):
        sources (list[str]): The sources that were looked through.
        typical (ContrastResponseTypical): By source the mean of what is above 0, over all its features and all texts:
            the unit of its separations.
        dtype (str):
    """

    first: list[ContrastFeature]
    second: list[ContrastFeature]
    first_texts: list[ContrastText]
    second_texts: list[ContrastText]
    sources: list[str]
    typical: ContrastResponseTypical
    dtype: str

    def to_dict(self) -> dict[str, Any]:
        first = []
        for first_item_data in self.first:
            first_item = first_item_data.to_dict()
            first.append(first_item)

        second = []
        for second_item_data in self.second:
            second_item = second_item_data.to_dict()
            second.append(second_item)

        first_texts = []
        for first_texts_item_data in self.first_texts:
            first_texts_item = first_texts_item_data.to_dict()
            first_texts.append(first_texts_item)

        second_texts = []
        for second_texts_item_data in self.second_texts:
            second_texts_item = second_texts_item_data.to_dict()
            second_texts.append(second_texts_item)

        sources = self.sources

        typical = self.typical.to_dict()

        dtype = self.dtype

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "first": first,
                "second": second,
                "firstTexts": first_texts,
                "secondTexts": second_texts,
                "sources": sources,
                "typical": typical,
                "dtype": dtype,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.contrast_feature import ContrastFeature
        from ..models.contrast_response_typical import ContrastResponseTypical
        from ..models.contrast_text import ContrastText

        d = dict(src_dict)
        first = []
        _first = d.pop("first")
        for first_item_data in _first:
            first_item = ContrastFeature.from_dict(first_item_data)

            first.append(first_item)

        second = []
        _second = d.pop("second")
        for second_item_data in _second:
            second_item = ContrastFeature.from_dict(second_item_data)

            second.append(second_item)

        first_texts = []
        _first_texts = d.pop("firstTexts")
        for first_texts_item_data in _first_texts:
            first_texts_item = ContrastText.from_dict(first_texts_item_data)

            first_texts.append(first_texts_item)

        second_texts = []
        _second_texts = d.pop("secondTexts")
        for second_texts_item_data in _second_texts:
            second_texts_item = ContrastText.from_dict(second_texts_item_data)

            second_texts.append(second_texts_item)

        sources = cast("list[str]", d.pop("sources"))

        typical = ContrastResponseTypical.from_dict(d.pop("typical"))

        dtype = d.pop("dtype")

        contrast_response = cls(
            first=first,
            second=second,
            first_texts=first_texts,
            second_texts=second_texts,
            sources=sources,
            typical=typical,
            dtype=dtype,
        )

        return contrast_response
