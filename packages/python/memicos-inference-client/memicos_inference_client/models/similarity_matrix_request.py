from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="SimilarityMatrixRequest")


@_attrs_define
class SimilarityMatrixRequest:
    """
    Attributes:
        model_id (str):
        source_id (str):
        text (str):
        index (int | None | Unset): Checked, and not used otherwise: the matrix is of the whole source.
    """

    model_id: str
    source_id: str
    text: str
    index: int | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        model_id = self.model_id

        source_id = self.source_id

        text = self.text

        index: int | Unset | None
        if isinstance(self.index, Unset):
            index = UNSET
        else:
            index = self.index

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "modelId": model_id,
                "sourceId": source_id,
                "text": text,
            }
        )
        if index is not UNSET:
            field_dict["index"] = index

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model_id = d.pop("modelId")

        source_id = d.pop("sourceId")

        text = d.pop("text")

        def _parse_index(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("int | None | Unset", data)

        index = _parse_index(d.pop("index", UNSET))

        similarity_matrix_request = cls(
            model_id=model_id,
            source_id=source_id,
            text=text,
            index=index,
        )

        return similarity_matrix_request
