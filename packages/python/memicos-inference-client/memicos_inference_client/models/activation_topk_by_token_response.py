from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.token_top_features import TokenTopFeatures


T = TypeVar("T", bound="ActivationTopkByTokenResponse")


@_attrs_define
class ActivationTopkByTokenResponse:
    """
    Attributes:
        results (list[TokenTopFeatures]):
        tokens (list[str]):
        prepend_bos (bool):
    """

    results: list[TokenTopFeatures]
    tokens: list[str]
    prepend_bos: bool

    def to_dict(self) -> dict[str, Any]:
        results = []
        for results_item_data in self.results:
            results_item = results_item_data.to_dict()
            results.append(results_item)

        tokens = self.tokens

        prepend_bos = self.prepend_bos

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "results": results,
                "tokens": tokens,
                "prependBos": prepend_bos,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.token_top_features import TokenTopFeatures

        d = dict(src_dict)
        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = TokenTopFeatures.from_dict(results_item_data)

            results.append(results_item)

        tokens = cast("list[str]", d.pop("tokens"))

        prepend_bos = d.pop("prependBos")

        activation_topk_by_token_response = cls(
            results=results,
            tokens=tokens,
            prepend_bos=prepend_bos,
        )

        return activation_topk_by_token_response
