from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.top_feature import TopFeature


T = TypeVar("T", bound="TokenTopFeatures")


@_attrs_define
class TokenTopFeatures:
    """The strongest features at one token; fewer where fewer are active.

    Attributes:
        token_position (int): Place among the text's tokens, BOS counted.
        token (str):
        is_special (bool): True where the position does not count.
        top_features (list[TopFeature]):
    """

    token_position: int
    token: str
    is_special: bool
    top_features: list[TopFeature]

    def to_dict(self) -> dict[str, Any]:
        token_position = self.token_position

        token = self.token

        is_special = self.is_special

        top_features = []
        for top_features_item_data in self.top_features:
            top_features_item = top_features_item_data.to_dict()
            top_features.append(top_features_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "tokenPosition": token_position,
                "token": token,
                "isSpecial": is_special,
                "topFeatures": top_features,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.top_feature import TopFeature

        d = dict(src_dict)
        token_position = d.pop("tokenPosition")

        token = d.pop("token")

        is_special = d.pop("isSpecial")

        top_features = []
        _top_features = d.pop("topFeatures")
        for top_features_item_data in _top_features:
            top_features_item = TopFeature.from_dict(top_features_item_data)

            top_features.append(top_features_item)

        token_top_features = cls(
            token_position=token_position,
            token=token,
            is_special=is_special,
            top_features=top_features,
        )

        return token_top_features
