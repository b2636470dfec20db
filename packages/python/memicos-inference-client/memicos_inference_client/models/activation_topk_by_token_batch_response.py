from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.activation_topk_by_token_response import ActivationTopkByTokenResponse


T = TypeVar("T", bound="ActivationTopkByTokenBatchResponse")


@_attrs_define
class ActivationTopkByTokenBatchResponse:
    """
    Attributes:
        results (list[ActivationTopkByTokenResponse]):
    """

    results: list[ActivationTopkByTokenResponse]

    def to_dict(self) -> dict[str, Any]:
        results = []
        for results_item_data in self.results:
            results_item = results_item_data.to_dict()
            results.append(results_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "results": results,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.activation_topk_by_token_response import ActivationTopkByTokenResponse

        d = dict(src_dict)
        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = ActivationTopkByTokenResponse.from_dict(results_item_data)

            results.append(results_item)

        activation_topk_by_token_batch_response = cls(
            results=results,
        )

        return activation_topk_by_token_batch_response
