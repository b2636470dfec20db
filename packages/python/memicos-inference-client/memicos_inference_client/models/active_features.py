from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.active_features_activefeatures import ActiveFeaturesActivefeatures


T = TypeVar("T", bound="ActiveFeatures")


@_attrs_define
class ActiveFeatures:
    """Every feature of a source that is active on one text.

    Attributes:
        tokens (list[str]):
        active_features (ActiveFeaturesActivefeatures): Index of the feature to the positions where it is active, with
            its values.
        tokens_is_special (list[bool]):
        prepend_bos (bool):
    """

    tokens: list[str]
    active_features: ActiveFeaturesActivefeatures
    tokens_is_special: list[bool]
    prepend_bos: bool

    def to_dict(self) -> dict[str, Any]:
        tokens = self.tokens

        active_features = self.active_features.to_dict()

        tokens_is_special = self.tokens_is_special

        prepend_bos = self.prepend_bos

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "tokens": tokens,
                "activeFeatures": active_features,
                "tokensIsSpecial": tokens_is_special,
                "prependBos": prepend_bos,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.active_features_activefeatures import ActiveFeaturesActivefeatures

        d = dict(src_dict)
        tokens = cast("list[str]", d.pop("tokens"))

        active_features = ActiveFeaturesActivefeatures.from_dict(d.pop("activeFeatures"))

        tokens_is_special = cast("list[bool]", d.pop("tokensIsSpecial"))

        prepend_bos = d.pop("prependBos")

        active_features = cls(
            tokens=tokens,
            active_features=active_features,
            tokens_is_special=tokens_is_special,
            prepend_bos=prepend_bos,
        )

        return active_features
