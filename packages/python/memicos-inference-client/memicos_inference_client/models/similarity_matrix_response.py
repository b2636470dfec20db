from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="SimilarityMatrixResponse")


@_attrs_define
class SimilarityMatrixResponse:
    """How alike the tokens are in what the SAE predicts from their context: cosine, `[token, token]`, without BOS.

    Attributes:
        similarity_matrix (list[list[float]]):
        tokens (list[str]):
    """

    similarity_matrix: list[list[float]]
    tokens: list[str]

    def to_dict(self) -> dict[str, Any]:
        similarity_matrix = []
        for similarity_matrix_item_data in self.similarity_matrix:
            similarity_matrix_item = similarity_matrix_item_data

            similarity_matrix.append(similarity_matrix_item)

        tokens = self.tokens

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "similarityMatrix": similarity_matrix,
                "tokens": tokens,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        similarity_matrix = []
        _similarity_matrix = d.pop("similarityMatrix")
        for similarity_matrix_item_data in _similarity_matrix:
            similarity_matrix_item = cast("list[float]", similarity_matrix_item_data)

            similarity_matrix.append(similarity_matrix_item)

        tokens = cast("list[str]", d.pop("tokens"))

        similarity_matrix_response = cls(
            similarity_matrix=similarity_matrix,
            tokens=tokens,
        )

        return similarity_matrix_response
