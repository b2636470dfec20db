from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.contrast_request_measure import ContrastRequestMeasure, check_contrast_request_measure
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.contrast_request_exclude import ContrastRequestExclude


T = TypeVar("T", bound="ContrastRequest")


@_attrs_define
class ContrastRequest:
    """
    Attributes:
        model (str):
        source_set (str):
        first (list[str]):
        second (list[str]):
        selected_sources (list[str] | Unset): Sources of the set; empty: all that are served.
        num_results (int | Unset): Of each side. Default: 25.
        exclude (ContrastRequestExclude | Unset): Features by source that are left out before the ranking is cut, for
            example dense ones.
        prepend_bos (bool | None | Unset):
        measure (ContrastRequestMeasure | Unset):  Default: 'peak'.
    """

    model: str
    source_set: str
    first: list[str]
    second: list[str]
    selected_sources: list[str] | Unset = UNSET
    num_results: int | Unset = 25
    exclude: ContrastRequestExclude | Unset = UNSET
    prepend_bos: bool | Unset | None = UNSET
    measure: ContrastRequestMeasure | Unset = "peak"

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        source_set = self.source_set

        first = self.first

        second = self.second

        selected_sources: list[str] | Unset = UNSET
        if not isinstance(self.selected_sources, Unset):
            selected_sources = self.selected_sources

        num_results = self.num_results

        exclude: dict[str, Any] | Unset = UNSET
        if not isinstance(self.exclude, Unset):
            exclude = self.exclude.to_dict()

        prepend_bos: bool | Unset | None
        if isinstance(self.prepend_bos, Unset):
            prepend_bos = UNSET
        else:
            prepend_bos = self.prepend_bos

        measure: str | Unset = UNSET
        if not isinstance(self.measure, Unset):
            measure = self.measure

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "sourceSet": source_set,
                "first": first,
                "second": second,
            }
        )
        if selected_sources is not UNSET:
            field_dict["selectedSources"] = selected_sources
        if num_results is not UNSET:
            field_dict["numResults"] = num_results
        if exclude is not UNSET:
            field_dict["exclude"] = exclude
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos
        if measure is not UNSET:
            field_dict["measure"] = measure

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.contrast_request_exclude import ContrastRequestExclude

        d = dict(src_dict)
        model = d.pop("model")

        source_set = d.pop("sourceSet")

        first = cast("list[str]", d.pop("first"))

        second = cast("list[str]", d.pop("second"))

        selected_sources = cast("list[str]", d.pop("selectedSources", UNSET))

        num_results = d.pop("numResults", UNSET)

        _exclude = d.pop("exclude", UNSET)
        exclude: ContrastRequestExclude | Unset
        if isinstance(_exclude, Unset):
            exclude = UNSET
        else:
            exclude = ContrastRequestExclude.from_dict(_exclude)

        def _parse_prepend_bos(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("bool | None | Unset", data)

        prepend_bos = _parse_prepend_bos(d.pop("prependBos", UNSET))

        _measure = d.pop("measure", UNSET)
        measure: ContrastRequestMeasure | Unset
        if isinstance(_measure, Unset):
            measure = UNSET
        else:
            measure = check_contrast_request_measure(_measure)

        contrast_request = cls(
            model=model,
            source_set=source_set,
            first=first,
            second=second,
            selected_sources=selected_sources,
            num_results=num_results,
            exclude=exclude,
            prepend_bos=prepend_bos,
            measure=measure,
        )

        return contrast_request
