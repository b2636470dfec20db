from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.activation_single_response import ActivationSingleResponse


T = TypeVar("T", bound="ActivationSingleBatchResponse")


@_attrs_define
class ActivationSingleBatchResponse:
    """One result a prompt, in the order of the prompts.

    Attributes:
        results (list[ActivationSingleResponse]):
    """

    results: list[ActivationSingleResponse]

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
        from ..models.activation_single_response import ActivationSingleResponse

        d = dict(src_dict)
        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = ActivationSingleResponse.from_dict(results_item_data)

            results.append(results_item)

        activation_single_batch_response = cls(
            results=results,
        )

        return activation_single_batch_response
