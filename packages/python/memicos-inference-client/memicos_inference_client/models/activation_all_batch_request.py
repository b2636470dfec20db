from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.activation_all_batch_request_exclude import ActivationAllBatchRequestExclude


T = TypeVar("T", bound="ActivationAllBatchRequest")


@_attrs_define
class ActivationAllBatchRequest:
    """
    Attributes:
        model (str):
        source_set (str):
        prompts (list[str]):
        selected_sources (list[str] | Unset): Sources of the set; empty: all that are served.
        num_results (int | Unset):  Default: 25.
        exclude (ActivationAllBatchRequestExclude | Unset): Features by source that are left out before the ranking is
            cut, for example dense ones.
        prepend_bos (bool | None | Unset):
        sort_by_token_indexes (list[int] | Unset): Rank by the sum over these positions, BOS counted; empty: by the
            largest value on any.
        ignore_bos (bool | Unset): Accepted for published clients, and the same either way: BOS never counts. Default:
            True.
    """

    model: str
    source_set: str
    prompts: list[str]
    selected_sources: list[str] | Unset = UNSET
    num_results: int | Unset = 25
    exclude: ActivationAllBatchRequestExclude | Unset = UNSET
    prepend_bos: bool | Unset | None = UNSET
    sort_by_token_indexes: list[int] | Unset = UNSET
    ignore_bos: bool | Unset = True

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        source_set = self.source_set

        prompts = self.prompts

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

        sort_by_token_indexes: list[int] | Unset = UNSET
        if not isinstance(self.sort_by_token_indexes, Unset):
            sort_by_token_indexes = self.sort_by_token_indexes

        ignore_bos = self.ignore_bos

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "sourceSet": source_set,
                "prompts": prompts,
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
        if sort_by_token_indexes is not UNSET:
            field_dict["sortByTokenIndexes"] = sort_by_token_indexes
        if ignore_bos is not UNSET:
            field_dict["ignoreBos"] = ignore_bos

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.activation_all_batch_request_exclude import ActivationAllBatchRequestExclude

        d = dict(src_dict)
        model = d.pop("model")

        source_set = d.pop("sourceSet")

        prompts = cast("list[str]", d.pop("prompts"))

        selected_sources = cast("list[str]", d.pop("selectedSources", UNSET))

        num_results = d.pop("numResults", UNSET)

        _exclude = d.pop("exclude", UNSET)
        exclude: ActivationAllBatchRequestExclude | Unset
        if isinstance(_exclude, Unset):
            exclude = UNSET
        else:
            exclude = ActivationAllBatchRequestExclude.from_dict(_exclude)

        def _parse_prepend_bos(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("bool | None | Unset", data)

        prepend_bos = _parse_prepend_bos(d.pop("prependBos", UNSET))

        sort_by_token_indexes = cast("list[int]", d.pop("sortByTokenIndexes", UNSET))

        ignore_bos = d.pop("ignoreBos", UNSET)

        activation_all_batch_request = cls(
            model=model,
            source_set=source_set,
            prompts=prompts,
            selected_sources=selected_sources,
            num_results=num_results,
            exclude=exclude,
            prepend_bos=prepend_bos,
            sort_by_token_indexes=sort_by_token_indexes,
            ignore_bos=ignore_bos,
        )

        return activation_all_batch_request
